#include "math/rng.h"
#include "math/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void moments_match_hand_computed_values(void **state) {
    (void)state;
    Moments moments = {0};
    const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    for (int i = 0; i < 8; i++) moments_add(&moments, values[i]);
    assert_float_equal(moments.mean, 5, 1e-12);
    assert_float_equal(moments_variance(&moments), 32.0 / 7, 1e-12);
    assert_float_equal(moments.min, 2, 0);
    assert_float_equal(moments.max, 9, 0);
}

static void moments_of_one_value_have_no_variance(void **state) {
    (void)state;
    Moments moments = {0};
    moments_add(&moments, 3);
    assert_true(isnan(moments_variance(&moments)));
}

enum { DIMS = 5, ROWS = 700 };

static void fill_rows(float *rows) {
    Rng rng = rng_stream(2, RNG_TEST, 1, 0);
    for (int i = 0; i < ROWS; i++) {
        float common = rng_normal(&rng);
        for (int j = 0; j < DIMS; j++) rows[i * DIMS + j] = 100.0f + (float)j + common * (float)j + rng_normal(&rng);
    }
}

/* The definition: two passes in long double. */
static void covariance_ref(double *out, const float *rows, int n) {
    long double mean[DIMS] = {0};
    for (int i = 0; i < n; i++)
        for (int j = 0; j < DIMS; j++) mean[j] += (long double)rows[i * DIMS + j] / n;
    for (int a = 0; a < DIMS; a++)
        for (int b = 0; b < DIMS; b++) {
            long double sum = 0;
            for (int i = 0; i < n; i++) sum += (rows[i * DIMS + a] - mean[a]) * (rows[i * DIMS + b] - mean[b]);
            out[a * DIMS + b] = (double)(sum / (n - 1));
        }
}

static void covariance_matches_the_two_pass_definition(void **state) {
    (void)state;
    static float rows[ROWS * DIMS];
    double block[1 + DIMS + DIMS * DIMS] = {0}, matrix[DIMS * DIMS], expected[DIMS * DIMS];
    fill_rows(rows);
    Covariance covariance = covariance_view(block, DIMS);
    assert_int_equal(covariance_add_rows(&covariance, rows, ROWS), ERR_NONE);
    covariance_matrix(matrix, &covariance);
    covariance_ref(expected, rows, ROWS);
    for (int i = 0; i < DIMS * DIMS; i++) assert_float_equal(matrix[i], expected[i], 1e-10);
}

static void merging_parts_gives_the_covariance_of_the_whole(void **state) {
    (void)state;
    static float rows[ROWS * DIMS];
    double blocks[4][1 + DIMS + DIMS * DIMS] = {{0}}, matrix[DIMS * DIMS], expected[DIMS * DIMS];
    const int cuts[] = {0, 1, 300, ROWS};
    fill_rows(rows);
    Covariance merged = covariance_view(blocks[3], DIMS);
    for (int i = 0; i < 3; i++) {
        Covariance part = covariance_view(blocks[i], DIMS);
        assert_int_equal(covariance_add_rows(&part, rows + cuts[i] * DIMS, (size_t)(cuts[i + 1] - cuts[i])), ERR_NONE);
        covariance_merge(&merged, &part);
    }
    covariance_matrix(matrix, &merged);
    covariance_ref(expected, rows, ROWS);
    assert_float_equal(*merged.count, ROWS, 0);
    for (int i = 0; i < DIMS * DIMS; i++) assert_float_equal(matrix[i], expected[i], 1e-10);
}

static void taking_out_a_part_gives_the_covariance_of_the_rest(void **state) {
    (void)state;
    static float rows[ROWS * DIMS];
    double blocks[2][1 + DIMS + DIMS * DIMS] = {{0}}, matrix[DIMS * DIMS], expected[DIMS * DIMS];
    const int cut = 300;
    fill_rows(rows);
    Covariance all = covariance_view(blocks[0], DIMS), part = covariance_view(blocks[1], DIMS);
    assert_int_equal(covariance_add_rows(&all, rows, ROWS), ERR_NONE);
    assert_int_equal(covariance_add_rows(&part, rows, (size_t)cut), ERR_NONE);
    covariance_remove(&all, &part);
    covariance_matrix(matrix, &all);
    covariance_ref(expected, rows + cut * DIMS, ROWS - cut);
    assert_float_equal(*all.count, ROWS - cut, 0);
    for (int i = 0; i < DIMS * DIMS; i++) assert_float_equal(matrix[i], expected[i], 1e-10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_match_hand_computed_values),
        cmocka_unit_test(moments_of_one_value_have_no_variance),
        cmocka_unit_test(covariance_matches_the_two_pass_definition),
        cmocka_unit_test(merging_parts_gives_the_covariance_of_the_whole),
        cmocka_unit_test(taking_out_a_part_gives_the_covariance_of_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
