#include "train/internal/leafsum.h"

#include "math/rng.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { TOTAL = 257, LEAVES_MAX = 16, PIECES_MAX = 4, SECTIONS = 5 };

/* Values whose float sum depends on the order. */
static float leaf_value(int64_t leaf, size_t i) {
    Rng rng = rng_stream(1, RNG_TEST, (uint64_t)leaf, (uint32_t)i);
    return rng_normal(&rng) * (i % 3 ? 1.0f : 1e6f);
}

/* From the end to the beginning, as a backward pass, and not in steps of whole sections. */
static Err add_leaf(void *state, int team, int64_t leaf, float *grads, double *loss, const GradsWatch *watch) {
    const Teams *teams = state;
    if (team < 0 || team >= teams->count) return RAISE(ERR_INTERNAL, "team %d of %d", team, teams->count);
    for (size_t end = TOTAL, begin; end > 0; end = begin) {
        begin = end > 70 ? end - 70 : 0;
        for (size_t i = begin; i < end; i++) grads[i] += leaf_value(leaf, i);
        grads_final(watch, begin);
    }
    *loss += (double)leaf;
    return ERR_NONE;
}

/* The definition: the tree over the next power of two, missing leaves skipped. */
static float tree_ref(int64_t first, int64_t width, int64_t end, size_t i) {
    if (width == 1) return 0.0f + leaf_value(first, i);
    float low = tree_ref(first, width / 2, end, i);
    if (first + width / 2 >= end) return low;
    return low + tree_ref(first + width / 2, width / 2, end, i);
}

static void check_sums(const Share *pieces, int n_pieces, float *const *outs, Share floats) {
    for (int k = 0; k < n_pieces; k++) {
        int64_t power = 1;
        while (power < pieces[k].end - pieces[k].begin) power *= 2;
        for (int64_t i = floats.begin; i < floats.end; i++)
            assert_true(outs[k][i] == tree_ref(pieces[k].begin, power, pieces[k].end, (size_t)i));
    }
}

/* Who is told of sections, and what should be there by then. */
typedef struct {
    const Share *pieces, *sections;
    float *const *outs;
    int n_pieces, told;
    pthread_t caller;
} Listener;

static void section_is_ready(void *context, int section, Team *team) {
    Listener *l = context;
    (void)team;
    assert_true(pthread_equal(pthread_self(), l->caller));
    assert_true(section <= l->told);
    while (l->told > section) check_sums(l->pieces, l->n_pieces, l->outs, l->sections[--l->told]);
}

/* One piece, or several; the vector whole, or in sections. */
static void check_pieces_in(int n_sections, const Share *pieces, int n_pieces, int threads, int size) {
    float vectors[PIECES_MAX][TOTAL], *outs[PIECES_MAX];
    double losses[LEAVES_MAX];
    LeafSum *sum = NULL;
    Teams teams;
    Share cut[SECTIONS];
    for (int s = 0; s < n_sections; s++) cut[s] = share_block(TOTAL, s, n_sections);
    for (int k = 0; k < n_pieces; k++) outs[k] = vectors[k];
    Listener listener = {
        .pieces = pieces, .sections = cut, .outs = outs, .n_pieces = n_pieces, .caller = pthread_self()};
    const LeafSections sections = {cut, n_sections, section_is_ready, &listener};
    assert_int_equal(teams_new(&teams, threads, size), ERR_NONE);
    assert_int_equal(leafsum_new(&sum, TOTAL, pieces, n_pieces, &teams, outs, &sections), ERR_NONE);
    for (int repeat = 0; repeat < 2; repeat++) {
        listener.told = n_sections;
        assert_int_equal(leafsum_run(sum, add_leaf, &teams, losses), ERR_NONE);
        assert_int_equal(listener.told, n_sections > 1 ? 0 : n_sections);
    }
    check_sums(pieces, n_pieces, outs, (Share){0, TOTAL});
    int64_t first = pieces[0].begin, count = pieces[n_pieces - 1].end - first;
    for (int64_t k = 0; k < count; k++) assert_true(losses[k] == (double)(first + k));
    leafsum_free(&sum);
    assert_null(sum);
    teams_free(&teams);
}

static void check_pieces(const Share *pieces, int n_pieces, int threads, int size) {
    check_pieces_in(1, pieces, n_pieces, threads, size);
    check_pieces_in(SECTIONS, pieces, n_pieces, threads, size);
}

static void check_against_ref(int64_t begin, int64_t count, int threads, int size) {
    const Share piece = {begin, begin + count};
    check_pieces(&piece, 1, threads, size);
}

static void test_the_sum_is_the_tree_for_any_number_of_threads_and_leaves(void **state) {
    (void)state;
    for (int threads = 1; threads <= 5; threads++)
        for (int64_t count = 1; count <= LEAVES_MAX; count++)
            for (int size = 1; size <= threads; size++) check_against_ref(0, count, threads, size);
    check_against_ref(8, 5, 2, 1);
    check_against_ref(4, 1, 3, 2);
}

/* Nodes that would be siblings in one tree are in different pieces here, and must not meet. */
static void test_every_piece_of_a_run_is_summed_by_itself(void **state) {
    (void)state;
    const Share nodes[PIECES_MAX] = {{5, 6}, {6, 8}, {8, 16}, {16, 19}}; /* of a run of the tree over 19 leaves */
    const Share any[PIECES_MAX] = {{0, 3}, {3, 4}, {4, 9}, {9, 14}};     /* cut off before the last, too */
    for (int threads = 1; threads <= 5; threads++)
        for (int size = 1; size <= threads; size++)
            for (int first = 0; first < PIECES_MAX; first++) {
                check_pieces(nodes + first, PIECES_MAX - first, threads, size);
                check_pieces(any + first, PIECES_MAX - first, threads, size);
            }
}

static void test_no_leaves_give_the_neutral_element(void **state) {
    (void)state;
    float out[TOTAL], *outs[1] = {out};
    Teams teams;
    LeafSum *sum = NULL;
    const Share none = {6, 6};
    assert_int_equal(teams_new(&teams, 2, 1), ERR_NONE);
    assert_int_equal(leafsum_new(&sum, TOTAL, &none, 1, &teams, outs, NULL), ERR_NONE);
    assert_int_equal(leafsum_run(sum, add_leaf, &teams, NULL), ERR_NONE);
    const float zeros[2] = {0.0f, -0.0f};
    for (int k = 0; k < 2; k++) {
        float added = zeros[k] + out[k];
        assert_memory_equal(&added, &zeros[k], sizeof(float)); /* the sign of zero survives too */
    }
    leafsum_free(&sum);
    assert_int_equal(leafsum_new(&sum, TOTAL, &none, 0, &teams, outs, NULL), ERR_NONE); /* a rank without pieces */
    assert_int_equal(leafsum_run(sum, add_leaf, &teams, NULL), ERR_NONE);
    leafsum_free(&sum);
    teams_free(&teams);
}

static Err fail_from_leaf_3(void *state, int team, int64_t leaf, float *grads, double *loss, const GradsWatch *watch) {
    if (leaf >= 3) return RAISE(ERR_INPUT, "leaf %d is broken", (int)leaf);
    return add_leaf(state, team, leaf, grads, loss, watch);
}

static void test_a_failure_on_a_worker_thread_arrives_with_its_message(void **state) {
    (void)state;
    float out[TOTAL], *outs[1] = {out};
    double losses[8];
    LeafSum *sum = NULL;
    const Share piece = {0, 4};
    for (int threads = 1; threads <= 2; threads++) {
        Teams teams;
        assert_int_equal(teams_new(&teams, threads, 1), ERR_NONE);
        assert_int_equal(leafsum_new(&sum, TOTAL, &piece, 1, &teams, outs, NULL), ERR_NONE);
        assert_int_equal(leafsum_run(sum, fail_from_leaf_3, &teams, losses), ERR_INPUT);
        assert_string_equal(err_message(), "leaf 3 is broken");
        leafsum_free(&sum);
        teams_free(&teams);
    }
}

static void test_buffers_are_one_a_team_and_the_logarithm_of_the_leaves(void **state) {
    (void)state;
    size_t vector = 1024 * sizeof(float);
    const struct {
        int64_t leaves;
        int teams;
        size_t vectors;
    } cases[] = {{1, 1, 0}, {64, 1, 6}, {64, 2, 7}, {48, 2, 7}, {2, 8, 1}}; /* 1: the caller's vector is enough */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Share piece = {0, cases[i].leaves};
        assert_int_equal(leafsum_bytes(1024, &piece, 1, cases[i].teams), cases[i].vectors * vector);
    }
    const Share pieces[3] = {{1, 2}, {2, 4}, {4, 8}}; /* those of the widest serve all */
    assert_int_equal(leafsum_bytes(1024, pieces, 3, 1), 2 * vector);
    assert_int_equal(leafsum_bytes(1024, pieces, 3, 4), 4 * vector); /* the leaves that are not the first of a piece */
    assert_int_equal(leafsum_bytes(1024, pieces, 0, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_sum_is_the_tree_for_any_number_of_threads_and_leaves),
        cmocka_unit_test(test_every_piece_of_a_run_is_summed_by_itself),
        cmocka_unit_test(test_no_leaves_give_the_neutral_element),
        cmocka_unit_test(test_a_failure_on_a_worker_thread_arrives_with_its_message),
        cmocka_unit_test(test_buffers_are_one_a_team_and_the_logarithm_of_the_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
