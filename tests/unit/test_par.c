#include "par/agree.h"
#include "par/par.h"
#include "par/progress.h"
#include "par/share.h"
#include "par/spread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_blocks_tile_the_items_and_differ_by_at_most_one(void **state) {
    (void)state;
    const int64_t counts[] = {0, 1, 7, 8, 1000, INT64_MAX};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (int n_ranks = 1; n_ranks <= 9; n_ranks++) {
            int64_t at = 0, least = counts[c] / n_ranks;
            for (int rank = 0; rank < n_ranks; rank++) {
                Share share = share_block(counts[c], rank, n_ranks);
                assert_true(share.begin == at);
                assert_true(share.end - share.begin == least || share.end - share.begin == least + 1);
                at = share.end;
            }
            assert_true(at == counts[c]);
        }
}

static void test_round_robin_gives_every_item_one_owner(void **state) {
    (void)state;
    for (int64_t item = 0; item < 20; item++) {
        int owners = 0;
        for (int rank = 0; rank < 3; rank++) owners += share_owns(item, rank, 3);
        assert_int_equal(owners, 1);
    }
}

static void test_without_a_launcher_a_run_is_one_rank_and_mpi_stays_off(void **state) {
    (void)state;
    Par par;
    assert_int_equal(par_start_all(&par, 0), ERR_NONE);
    int initialized = 1;
    MPI_Initialized(&initialized);
    assert_false(initialized);
    assert_int_equal(par.n_ranks, 1);
    assert_true(par.comm == MPI_COMM_NULL);
    assert_true(par.threads >= 1);
    par_finish_all(&par);
}

static void test_collectives_of_one_rank_return_at_once(void **state) {
    (void)state;
    Par par = par_serial(2);
    assert_int_equal(par.threads, 2);
    assert_int_equal(err_agree_all(RAISE(ERR_IO, "mine"), &par, "x"), ERR_IO);
    assert_string_equal(err_message(), "mine");
    assert_int_equal(agree_sum_all(5, &par, "x"), 5);
    void *gathered;
    size_t total;
    assert_int_equal(gather_bytes_all(&gathered, &total, "abc", 3, &par), ERR_NONE);
    assert_int_equal(total, 3);
    assert_memory_equal(gathered, "abc", 3);
    free(gathered);
    par_barrier_all(&par);
}

static void test_progress_of_one_rank_needs_no_mpi(void **state) {
    (void)state;
    Par par = par_serial(1);
    Progress *progress;
    assert_int_equal(progress_begin_all(&progress, &par, PROGRESS_BAR, "videos", 3, "frames", 150), ERR_NONE);
    for (int i = 0; i < 3; i++) progress_add(progress, 1);
    progress_note(progress, "loss %.3f", 0.25);
    progress_end_all(&progress);
    assert_null(progress);
    progress_end_all(&progress);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_tile_the_items_and_differ_by_at_most_one),
        cmocka_unit_test(test_round_robin_gives_every_item_one_owner),
        cmocka_unit_test(test_without_a_launcher_a_run_is_one_rank_and_mpi_stays_off),
        cmocka_unit_test(test_collectives_of_one_rank_return_at_once),
        cmocka_unit_test(test_progress_of_one_rank_needs_no_mpi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
