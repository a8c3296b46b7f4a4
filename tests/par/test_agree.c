#include "base/system/stop.h"
#include "par_check.h"

#include <string.h>
#include <unistd.h>

static bool message_has(const char *part) {
    return strstr(err_message(), part) != NULL;
}

static void test_no_failure_is_agreed_as_none(const Par *par) {
    CHECK_OK(err_agree_all(ERR_NONE, par, "nothing"));
}

static void test_one_failing_rank_is_heard_by_all(const Par *par) {
    int failing = par->n_ranks - 1;
    Err mine = par->rank == failing ? RAISE(ERR_IO, "shard 12: disk on fire") : ERR_NONE;
    CHECK_ERR(ERR_IO, err_agree_all(mine, par, "a shard"));
    CHECK(message_has("shard 12: disk on fire"));
    char prefix[32];
    snprintf(prefix, sizeof prefix, "rank %d: shard", failing);
    CHECK(message_has(prefix) == (par->n_ranks > 1));
}

static void test_the_lowest_failing_rank_wins(const Par *par) {
    Err mine = par->rank == 0 ? RAISE(ERR_INPUT, "from the lowest") : RAISE(ERR_MEMORY, "from another");
    CHECK_ERR(ERR_INPUT, err_agree_all(mine, par, "all fail"));
    CHECK(message_has("from the lowest"));
}

static void test_an_agreed_failure_keeps_its_rank_when_agreed_again(const Par *par) {
    Err err = err_agree_all(par->rank == par->n_ranks - 1 ? RAISE(ERR_IO, "inner") : ERR_NONE, par, "inner");
    err = err_agree_all(err_within(err, "outer: "), par, "outer");
    CHECK(err == ERR_IO);
    CHECK(message_has("inner") && message_has("outer: "));
    CHECK(!message_has("rank 0: outer: rank"));
}

/* The waiting ranks must sleep through this rather than time out or spin into each other. */
static void test_a_late_rank_is_waited_for(const Par *par) {
    if (par->rank == par->n_ranks - 1) usleep(50000);
    CHECK_OK(err_agree_all(ERR_NONE, par, "a late rank"));
}

/* Words of a path say nothing about who failed. */
static void test_a_message_that_speaks_of_ranks_is_no_agreed_one(const Par *par) {
    Err err = par->rank == par->n_ranks - 1 ? RAISE(ERR_INPUT, "data/rank 7: cut/a.h5: no such file") : ERR_NONE;
    char expected[96];
    (void)snprintf(expected, sizeof expected, "rank %d: data/rank 7: cut/a.h5: no such file", par->n_ranks - 1);
    CHECK_ERR(ERR_INPUT, err_agree_all(err, par, "a path"));
    CHECK(par->n_ranks == 1 || strcmp(err_message(), expected) == 0);
    CHECK(par->n_ranks == 1 || err_is_agreed());
    /* A failure of one's own after an agreed one is none that was agreed on. */
    err = par->rank == 0 ? RAISE(ERR_IO, "another") : ERR_NONE;
    CHECK_ERR(ERR_IO, err_agree_all(err, par, "after it"));
    CHECK(strcmp(err_message(), par->n_ranks == 1 ? "another" : "rank 0: another") == 0);
}

static void test_values_are_agreed(const Par *par) {
    CHECK(agree_rank0_all(par->rank == 0 ? -7 : 3, par, "value") == -7);
    CHECK(agree_max_all(par->rank, par, "maximum") == par->n_ranks - 1);
    CHECK(agree_sum_all(INT64_C(1) << 40, par, "sum") == (INT64_C(1) << 40) * par->n_ranks);
}

static void test_a_stop_request_on_one_rank_stops_all(const Par *par) {
    CHECK(!agree_stop_all(par));
    if (par->rank == par->n_ranks - 1) stop_request("a test");
    CHECK(agree_stop_all(par));
    CHECK(strcmp(stop_reason(), "a test") == 0);
    stop_clear();
    CHECK(!agree_stop_all(par));
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    test_no_failure_is_agreed_as_none(&par);
    test_one_failing_rank_is_heard_by_all(&par);
    test_the_lowest_failing_rank_wins(&par);
    test_an_agreed_failure_keeps_its_rank_when_agreed_again(&par);
    test_a_late_rank_is_waited_for(&par);
    test_a_message_that_speaks_of_ranks_is_no_agreed_one(&par);
    test_values_are_agreed(&par);
    test_a_stop_request_on_one_rank_stops_all(&par);
    return par_check_finish_all(&par);
}
