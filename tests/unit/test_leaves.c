#include "par/leaves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t rounds(Share run, int teams) {
    return (run.end - run.begin + teams - 1) / teams;
}

/* Whether leaves [begin, end) are a node of the tree: an aligned power of two, cut off by the last leaf. */
static bool is_node(Share piece, int64_t n_leaves) {
    int64_t width = 1;
    while (width < piece.end - piece.begin) width *= 2;
    return piece.begin % width == 0 && (piece.end - piece.begin == width || piece.end == n_leaves);
}

static void check_pieces(Share run, int64_t n_leaves) {
    Share pieces[LEAF_PIECES_MAX];
    int n = leaves_pieces(pieces, run, n_leaves);
    int64_t next = run.begin;
    for (int k = 0; k < n; k++) {
        assert_int_equal(pieces[k].begin, next);
        assert_true(is_node(pieces[k], n_leaves));
        next = pieces[k].end;
        if (k == 0) continue;
        Share both = {pieces[k - 1].begin, pieces[k].end};
        assert_false(is_node(both, n_leaves)); /* maximal */
    }
    assert_int_equal(next, run.end);
}

static void test_leaves_are_dealt_once_in_order_and_evenly(void **state) {
    (void)state;
    for (int teams = 1; teams <= 16; teams *= 2)
        for (int ranks = 1; ranks <= 40; ranks++)
            for (int64_t leaves = 1; leaves <= 70; leaves++) {
                LeafSpread spread = leaves_spread(leaves, ranks, teams), even = leaves_spread_evenly(leaves, ranks);
                int64_t next = 0, most = 0, most_even = 0;
                for (int r = 0; r < ranks; r++) {
                    Share run = leaves_of(&spread, r), equal = leaves_of(&even, r);
                    assert_int_equal(run.begin, next);
                    next = run.end;
                    check_pieces(run, leaves);
                    if (ranks <= leaves) assert_true(run.end > run.begin);
                    if (rounds(run, teams) > most) most = rounds(run, teams);
                    if (rounds(equal, teams) > most_even) most_even = rounds(equal, teams);
                    assert_in_range(equal.end - equal.begin, leaves / ranks, (leaves + ranks - 1) / ranks);
                }
                assert_int_equal(next, leaves);
                assert_true(most <= most_even);
                assert_true(leaves_count_pieces(&spread) <= leaves_count_pieces(&even));
            }
}

/* Fragments of 256 leaves over ranks, counted by hand for equal runs: [0, 85) is 64 + 16 + 4 + 1, and so on. */
static void test_boundaries_are_moved_for_fewer_pieces(void **state) {
    (void)state;
    LeafSpread even = leaves_spread_evenly(256, 3), three = leaves_spread(256, 3, 16), six = leaves_spread(256, 6, 16),
               seven = leaves_spread(256, 7, 16);
    assert_int_equal(leaves_count_pieces(&even), 15);
    assert_int_equal(leaves_count_pieces(&three), 5);
    assert_int_equal(leaves_count_pieces(&six), 10);
    assert_int_equal(leaves_count_pieces(&seven), 11);
}

static void test_powers_of_two_have_a_node_each(void **state) {
    (void)state;
    for (int ranks = 1; ranks <= 256; ranks *= 2) {
        LeafSpread spread = leaves_spread(256, ranks, 1);
        assert_true(leaves_are_one_level(&spread));
        assert_int_equal(leaves_count_pieces(&spread), ranks);
    }
    LeafSpread three = leaves_spread(256, 3, 1), many = leaves_spread(4, 8, 1);
    assert_false(leaves_are_one_level(&three));
    assert_false(leaves_are_one_level(&many));
    assert_int_equal(leaves_count_pieces(&many), 4); /* and four ranks without leaves */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves_are_dealt_once_in_order_and_evenly),
        cmocka_unit_test(test_boundaries_are_moved_for_fewer_pieces),
        cmocka_unit_test(test_powers_of_two_have_a_node_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
