#include "base/failure/fault.h"

#include "support/unit.h"

#include <signal.h>
#include <sys/wait.h>

/* The request is parsed once a process, so every case is a process. Its exit code is a bit per visit that failed. */
static int visits_in_child(const char *request, int rank, const char *point, int n_visits) {
    pid_t child = fork();
    if (child == 0) {
        if (request)
            setenv("SYNVID_FAULT", request, 1);
        else
            unsetenv("SYNVID_FAULT");
        fault_set_rank(rank);
        int hits = 0;
        for (int i = 0; i < n_visits; i++) hits |= fault_hit(point) << i;
        _exit(hits);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void without_a_request_nothing_fails(void **state) {
    (void)state;
    assert_int_equal(visits_in_child(NULL, 0, "shard.write", 5), 0);
    assert_int_equal(visits_in_child("", 0, "shard.write", 5), 0);
}

static void only_the_named_point_fails_and_only_once(void **state) {
    (void)state;
    assert_int_equal(visits_in_child("shard.write", 0, "shard.write", 5), 1);
    assert_int_equal(visits_in_child("shard.write", 0, "shard", 5), 0);
    assert_int_equal(visits_in_child("shard.write", 0, "shard.write.more", 5), 0);
}

static void the_nth_visit_can_be_chosen(void **state) {
    (void)state;
    assert_int_equal(visits_in_child("shard.write:nth=3", 0, "shard.write", 5), 4);
    assert_int_equal(visits_in_child("shard.write:nth=9", 0, "shard.write", 5), 0);
}

static void one_rank_alone_can_fail(void **state) {
    (void)state;
    assert_int_equal(visits_in_child("shard.write:rank=1:nth=2", 1, "shard.write", 5), 2);
    assert_int_equal(visits_in_child("shard.write:rank=1", 0, "shard.write", 5), 0);
}

static void a_point_can_kill(void **state) {
    (void)state;
    assert_int_equal(visits_in_child("shard.write:nth=2:kill", 0, "shard.write", 5), -SIGKILL);
    assert_int_equal(visits_in_child("shard.write:kill", 0, "other", 5), 0);
}

static void the_list_of_points_has_no_twins(void **state) {
    (void)state;
    for (int i = 0; fault_points[i]; i++)
        for (int j = 0; j < i; j++) assert_string_not_equal(fault_points[i], fault_points[j]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_request_nothing_fails),
        cmocka_unit_test(only_the_named_point_fails_and_only_once),
        cmocka_unit_test(the_nth_visit_can_be_chosen),
        cmocka_unit_test(one_rank_alone_can_fail),
        cmocka_unit_test(a_point_can_kill),
        cmocka_unit_test(the_list_of_points_has_no_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
