#include "train/internal/leafsum.h"

#include "math/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { TOTAL = 257, LEAVES_MAX = 16 };

/* Values whose float sum depends on the order. */
static float leaf_value(int64_t leaf, size_t i) {
    Rng rng = rng_stream(1, RNG_TEST, (uint64_t)leaf, (uint32_t)i);
    return rng_normal(&rng) * (i % 3 ? 1.0f : 1e6f);
}

static Err add_leaf(void *state, int team, int64_t leaf, float *grads, double *loss) {
    const Teams *teams = state;
    if (team < 0 || team >= teams->count) return RAISE(ERR_INTERNAL, "team %d of %d", team, teams->count);
    for (size_t i = 0; i < TOTAL; i++) grads[i] += leaf_value(leaf, i);
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

static void check_against_ref(int64_t begin, int64_t count, int64_t width, int threads, int size) {
    float out[TOTAL];
    double losses[LEAVES_MAX];
    LeafSum *sum = NULL;
    Teams teams;
    assert_int_equal(teams_new(&teams, threads, size), ERR_NONE);
    assert_int_equal(leafsum_new(&sum, TOTAL, width, &teams, out), ERR_NONE);
    Share leaves = {begin, begin + count};
    for (int repeat = 0; repeat < 2; repeat++)
        assert_int_equal(leafsum_run(sum, leaves, add_leaf, &teams, losses), ERR_NONE);
    int64_t power = 1;
    while (power < width) power *= 2;
    for (size_t i = 0; i < TOTAL; i++) assert_true(out[i] == tree_ref(begin, power, begin + count, i));
    for (int64_t k = 0; k < count; k++) assert_true(losses[k] == (double)(begin + k));
    leafsum_free(&sum);
    assert_null(sum);
    teams_free(&teams);
}

static void test_the_sum_is_the_tree_for_any_number_of_threads_and_leaves(void **state) {
    (void)state;
    for (int threads = 1; threads <= 5; threads++)
        for (int64_t count = 1; count <= LEAVES_MAX; count++)
            for (int size = 1; size <= threads; size++) check_against_ref(0, count, count, threads, size);
    check_against_ref(8, 5, 8, 2, 1);
    check_against_ref(4, 1, 4, 3, 2);
}

static void test_no_leaves_give_the_neutral_element(void **state) {
    (void)state;
    float out[TOTAL];
    Teams teams;
    LeafSum *sum = NULL;
    assert_int_equal(teams_new(&teams, 2, 1), ERR_NONE);
    assert_int_equal(leafsum_new(&sum, TOTAL, 4, &teams, out), ERR_NONE);
    assert_int_equal(leafsum_run(sum, (Share){6, 6}, add_leaf, &teams, NULL), ERR_NONE);
    const float zeros[2] = {0.0f, -0.0f};
    for (int k = 0; k < 2; k++) {
        float added = zeros[k] + out[k];
        assert_memory_equal(&added, &zeros[k], sizeof(float)); /* the sign of zero survives too */
    }
    leafsum_free(&sum);
    teams_free(&teams);
}

static Err fail_from_leaf_3(void *state, int team, int64_t leaf, float *grads, double *loss) {
    if (leaf >= 3) return RAISE(ERR_INPUT, "leaf %d is broken", (int)leaf);
    return add_leaf(state, team, leaf, grads, loss);
}

static void test_a_failure_on_a_worker_thread_arrives_with_its_message(void **state) {
    (void)state;
    float out[TOTAL];
    double losses[8];
    LeafSum *sum = NULL;
    for (int threads = 1; threads <= 2; threads++) {
        Teams teams;
        assert_int_equal(teams_new(&teams, threads, 1), ERR_NONE);
        assert_int_equal(leafsum_new(&sum, TOTAL, 8, &teams, out), ERR_NONE);
        assert_int_equal(leafsum_run(sum, (Share){0, 4}, fail_from_leaf_3, &teams, losses), ERR_INPUT);
        assert_string_equal(err_message(), "leaf 3 is broken");
        leafsum_free(&sum);
        teams_free(&teams);
    }
}

static void test_buffers_are_one_a_team_and_the_logarithm_of_the_leaves(void **state) {
    (void)state;
    size_t vector = 1024 * sizeof(float);
    assert_int_equal(leafsum_bytes(1024, 1, 1), 0); /* the caller's vector is enough */
    assert_int_equal(leafsum_bytes(1024, 64, 1), 6 * vector);
    assert_int_equal(leafsum_bytes(1024, 64, 2), 7 * vector);
    assert_int_equal(leafsum_bytes(1024, 48, 2), 7 * vector);
    assert_int_equal(leafsum_bytes(1024, 2, 8), 1 * vector);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_sum_is_the_tree_for_any_number_of_threads_and_leaves),
        cmocka_unit_test(test_no_leaves_give_the_neutral_element),
        cmocka_unit_test(test_a_failure_on_a_worker_thread_arrives_with_its_message),
        cmocka_unit_test(test_buffers_are_one_a_team_and_the_logarithm_of_the_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
