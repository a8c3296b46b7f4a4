#include "par/progress.h"
#include "par/share.h"
#include "par_check.h"

#include <string.h>

static void test_text_of_rank_0_reaches_everybody(const Par *par) {
    char *text = par->rank == 0 ? strdup("{\"seed\": 1}\n") : NULL;
    CHECK_OK(spread_text_all(&text, par));
    CHECK(text && strcmp(text, "{\"seed\": 1}\n") == 0);
    free(text);
}

static void test_no_text_is_spread_as_no_text(const Par *par) {
    char *text = NULL;
    CHECK_OK(spread_text_all(&text, par));
    CHECK(text == NULL);
}

/* More than one message: 5 MiB and a remainder. */
static void test_large_data_is_spread_whole(const Par *par) {
    size_t bytes = ((size_t)5 << 20) + 13;
    unsigned char *data = malloc(bytes);
    for (size_t i = 0; i < bytes; i++) data[i] = par->rank == 0 ? (unsigned char)(i * 31 + 7) : 0;
    CHECK_OK(spread_bytes_all(data, bytes, par));
    size_t wrong = 0;
    for (size_t i = 0; i < bytes; i++) wrong += data[i] != (unsigned char)(i * 31 + 7);
    CHECK(wrong == 0);
    free(data);
}

/* Rank r sends r records, so rank 0 sends none. */
static void test_records_of_different_sizes_are_gathered_in_rank_order(const Par *par) {
    int32_t mine[8];
    for (int i = 0; i < par->rank; i++) mine[i] = par->rank * 100 + i;
    void *gathered = NULL;
    size_t total = 0;
    CHECK_OK(gather_bytes_all(&gathered, &total, mine, sizeof(int32_t) * (size_t)par->rank, par));
    const int32_t *records = gathered;
    size_t at = 0;
    for (int rank = 0; rank < par->n_ranks; rank++)
        for (int i = 0; i < rank; i++) CHECK(records[at++] == rank * 100 + i);
    CHECK(total == at * sizeof(int32_t));
    free(gathered);
}

/* 1e16 + 1 + 1 - 1e16 depends on the order in doubles, so equality shows that the order is that of the ranks. */
static void test_sums_are_in_rank_order(const Par *par) {
    enum { COUNT = 40001 };
    double *values = malloc(COUNT * sizeof *values);
    for (size_t i = 0; i < COUNT; i++) values[i] = par->rank == 0 ? 1e16 : 1.0 + (double)i * 1e-3;
    CHECK_OK(sum_doubles_all(values, COUNT, par));
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT; i++) {
        double expected = 1e16;
        for (int rank = 1; rank < par->n_ranks; rank++) expected += 1.0 + (double)i * 1e-3;
        wrong += values[i] != expected;
    }
    CHECK(wrong == 0);
    free(values);
}

static void test_few_sums_and_no_sums(const Par *par) {
    double value = par->rank + 1;
    CHECK_OK(sum_doubles_all(&value, 1, par));
    CHECK(value == par->n_ranks * (par->n_ranks + 1) / 2);
    CHECK_OK(sum_doubles_all(&value, 0, par));
}

static void test_node_ranks_cover_this_machine(const Par *par) {
    CHECK(par->n_nodes >= 1 && par->n_nodes <= par->n_ranks);
    CHECK(par->node_rank >= 0 && par->node_rank < par->node_ranks);
    CHECK(par->threads == 1);
}

/* Every rank adds its own share; a progress that lost a message or waited for one too many would hang here. */
static void test_progress_ends_on_every_rank(const Par *par) {
    for (int repeat = 0; repeat < 3; repeat++) {
        Progress *progress = NULL;
        CHECK_OK(progress_begin_all(&progress, par, repeat == 2 ? PROGRESS_NONE : PROGRESS_LINES, "items", 1000,
                                    "frames", 16));
        Share share = share_block(1000, par->rank, par->n_ranks);
        for (int64_t i = share.begin; i < share.end; i++) progress_add(progress, 1);
        progress_note(progress, "loss %.3f", 0.5);
        progress_end_all(&progress);
        CHECK(progress == NULL);
    }
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    test_text_of_rank_0_reaches_everybody(&par);
    test_no_text_is_spread_as_no_text(&par);
    test_large_data_is_spread_whole(&par);
    test_records_of_different_sizes_are_gathered_in_rank_order(&par);
    test_sums_are_in_rank_order(&par);
    test_few_sums_and_no_sums(&par);
    test_node_ranks_cover_this_machine(&par);
    test_progress_ends_on_every_rank(&par);
    par_barrier_all(&par);
    return par_check_finish_all(&par);
}
