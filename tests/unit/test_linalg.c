#include "math/linalg.h"
#include "math/rng.h"
#include "math/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void eigenvectors_are_rows_and_rebuild_the_matrix(void **state) {
    (void)state;
    const double matrix[9] = {4, 1, -2, 1, 3, 0.5, -2, 0.5, 5};
    double vectors[9], values[3];
    for (int i = 0; i < 9; i++) vectors[i] = matrix[i];
    assert_int_equal(linalg_eigen(values, vectors, 3), ERR_NONE);
    assert_true(values[0] <= values[1] && values[1] <= values[2]);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double sum = 0;
            for (int k = 0; k < 3; k++) sum += values[k] * vectors[k * 3 + i] * vectors[k * 3 + j];
            assert_float_equal(sum, matrix[i * 3 + j], 1e-12);
        }
}

static void eigenvalues_of_an_infinite_matrix_are_refused(void **state) {
    (void)state;
    double matrix[4] = {1, INFINITY, INFINITY, 1}, values[2];
    assert_int_equal(linalg_eigenvalues(values, matrix, 2), ERR_INPUT);
    assert_non_null(strstr(err_message(), "not finite"));
}

static void small_inverse_times_matrix_is_identity(void **state) {
    (void)state;
    const double matrix[9] = {0, 2, 1, 3, 1, -1, 2, 2, 7}; /* a zero on the diagonal: needs pivoting */
    double inverse[9];
    assert_int_equal(linalg_inverse_small(inverse, matrix, 3), ERR_NONE);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double sum = 0;
            for (int k = 0; k < 3; k++) sum += matrix[i * 3 + k] * inverse[k * 3 + j];
            assert_float_equal(sum, i == j, 1e-14);
        }
}

static void singular_matrix_has_no_inverse(void **state) {
    (void)state;
    const double matrix[4] = {1, 2, 2, 4};
    double inverse[4];
    assert_int_equal(linalg_inverse_small(inverse, matrix, 2), ERR_INPUT);
}

static void effective_rank_counts_equal_directions(void **state) {
    (void)state;
    assert_float_equal(linalg_effective_rank((const double[]){1, 1, 1, 1}, 4), 4, 1e-12);
    assert_float_equal(linalg_effective_rank((const double[]){-1e-18, 0, 0, 3}, 4), 1, 1e-12);
    assert_float_equal(linalg_effective_rank((const double[]){0, 0}, 2), 0, 0);
    assert_float_equal(linalg_logdet((const double[]){-1e-20, 1}, 2, 0.5), log(0.5) + log(1.5), 1e-14);
}

enum { N = 400, D = 12, FEW = 9, WIDE = 40 };

/* Correlated, shifted samples; `stream` tells samples apart. */
static void draw(float *x, int n, int d, int stream, float shift) {
    Rng rng = rng_stream(7, RNG_TEST, (uint64_t)stream, 0);
    for (int i = 0; i < n; i++) {
        float common = rng_normal(&rng);
        for (int j = 0; j < d; j++) x[i * d + j] = shift + rng_normal(&rng) * (1 + 0.2f * (float)j) + 0.5f * common;
    }
}

static Err frechet_of(double *found, const Rows *a, const Rows *b) {
    FrechetPair *pair;
    TRY(frechet_pair_new(&pair, (FrechetSample){a, NULL}, (FrechetSample){b, NULL}));
    Err err = frechet_pair_distance(found, pair, -1);
    frechet_pair_free(&pair);
    return err;
}

static double distance(const float *x, int n, const float *y, int m, int d) {
    double value = NAN;
    Rows a, b;
    assert_int_equal(rows_canonical(&a, x, (size_t)n, d), ERR_NONE);
    assert_int_equal(rows_canonical(&b, y, (size_t)m, d), ERR_NONE);
    assert_int_equal(frechet_of(&value, &a, &b), ERR_NONE);
    rows_free(&a);
    rows_free(&b);
    return value;
}

static void frechet_of_a_set_with_itself_is_zero(void **state) {
    (void)state;
    static float x[N * D], few[FEW * WIDE];
    draw(x, N, D, 1, 0);
    draw(few, FEW, WIDE, 2, 0);
    assert_in_range((uint64_t)(1e9 * distance(x, N, x, N, D)), 0, 1000);
    assert_in_range((uint64_t)(1e9 * distance(few, FEW, few, FEW, WIDE)), 0, 100000);
}

static void frechet_is_symmetric(void **state) {
    (void)state;
    static float x[N * D], y[N * D];
    draw(x, N, D, 1, 0);
    draw(y, N, D, 2, 0.3f);
    assert_float_equal(distance(x, N, y, N, D), distance(y, N, x, N, D), 1e-9);
}

static void frechet_of_a_shift_is_its_squared_length(void **state) {
    (void)state;
    static float x[N * D], y[N * D];
    draw(x, N, D, 1, 0);
    for (int i = 0; i < N * D; i++) y[i] = x[i] + 0.5f;
    assert_float_equal(distance(x, N, y, N, D), 0.25 * D, 1e-4);
}

static void frechet_scales_with_the_square_of_the_features(void **state) {
    (void)state;
    static float x[N * D], y[N * D], x2[N * D], y2[N * D];
    draw(x, N, D, 1, 0);
    draw(y, N, D, 2, 0.3f);
    for (int i = 0; i < N * D; i++) {
        x2[i] = 4 * x[i];
        y2[i] = 4 * y[i];
    }
    assert_float_equal(distance(x2, N, y2, N, D) / distance(x, N, y, N, D), 16, 1e-9);
}

static void frechet_ignores_the_order_of_samples(void **state) {
    (void)state;
    static float x[N * D], y[N * D], reversed[N * D];
    draw(x, N, D, 1, 0);
    draw(y, N, D, 2, 0.3f);
    for (int i = 0; i < N; i++) memcpy(reversed + i * D, x + (N - 1 - i) * D, D * sizeof *x);
    assert_true(distance(x, N, y, N, D) == distance(reversed, N, y, N, D)); /* to the last bit */
}

static void frechet_of_diagonal_gaussians_is_the_sum_over_axes(void **state) {
    (void)state;
    const double a[9] = {4, 0, 0, 0, 9, 0, 0, 0, 0}, b[9] = {1, 0, 0, 0, 16, 0, 0, 0, 25};
    const double mean_a[3] = {0, 1, 2}, mean_b[3] = {1, 1, 0};
    double value;
    assert_int_equal(frechet_gaussians(&value, mean_a, a, mean_b, b, 3), ERR_NONE);
    assert_float_equal(value, (1 + 0 + 4) + (1 + 1 + 25), 1e-12);
}

static void both_forms_agree_where_samples_are_few(void **state) {
    (void)state;
    /* 9 samples in 40 dimensions through the samples form; 12 samples padded past the dimension use the matrix form:
     * repeating every sample k times changes the unbiased covariance by a known factor only. */
    static float x[FEW * WIDE], y[FEW * WIDE];
    double mean[2][WIDE], covariance[2][WIDE * WIDE], expected;
    draw(x, FEW, WIDE, 3, 0);
    draw(y, FEW, WIDE, 4, 0.4f);
    for (int set = 0; set < 2; set++) {
        const float *rows = set ? y : x;
        for (int j = 0; j < WIDE; j++) {
            mean[set][j] = 0;
            for (int i = 0; i < FEW; i++) mean[set][j] += (double)rows[i * WIDE + j] / FEW;
        }
        for (int a = 0; a < WIDE; a++)
            for (int b = 0; b < WIDE; b++) {
                double sum = 0;
                for (int i = 0; i < FEW; i++)
                    sum += ((double)rows[i * WIDE + a] - mean[set][a]) * ((double)rows[i * WIDE + b] - mean[set][b]);
                covariance[set][a * WIDE + b] = sum / (FEW - 1);
            }
    }
    assert_int_equal(frechet_gaussians(&expected, mean[0], covariance[0], mean[1], covariance[1], WIDE), ERR_NONE);
    /* The root of an eigenvalue that is zero up to rounding is 1e-8, not 1e-16: the matrix form has that noise. */
    assert_float_equal(distance(x, FEW, y, FEW, WIDE) / expected, 1, 1e-6);
}

static void frechet_of_infinite_moments_is_refused(void **state) {
    (void)state;
    const double good[4] = {1, 0, 0, 1}, bad[4] = {1, NAN, NAN, 1}, mean[2] = {0, 0};
    double value;
    assert_int_equal(frechet_gaussians(&value, mean, bad, mean, good, 2), ERR_INPUT);
    assert_int_equal(frechet_gaussians(&value, mean, good, mean, bad, 2), ERR_INPUT);
    assert_non_null(strstr(err_message(), "not finite"));
}

/* Distances with a group left out, however they share work, are those of the samples without it. */
static void leaving_out_a_group_is_leaving_out_its_samples(int n, int d) {
    enum { GROUPS = 3, MOST = N * D };
    static float samples[2][MOST], rest[2][MOST];
    int groups[2][N], left[2] = {0, 0};
    Rows rows[2];
    const float *at[2][N];
    FrechetPair *pair;
    double whole, without;
    assert_true(n * d <= MOST);
    for (int side = 0; side < 2; side++) {
        draw(samples[side], n, d, 6 + side, 0.3f * (float)side);
        for (int i = 0; i < n; i++) {
            at[side][i] = samples[side] + i * d;
            groups[side][i] = (i + side) % GROUPS;
            if (groups[side][i] != 1) memcpy(rest[side] + left[side]++ * d, at[side][i], (size_t)d * sizeof(float));
        }
        rows[side] = (Rows){at[side], (size_t)n, d};
    }
    assert_int_equal(
        frechet_pair_new(&pair, (FrechetSample){&rows[0], groups[0]}, (FrechetSample){&rows[1], groups[1]}), ERR_NONE);
    assert_int_equal(frechet_pair_distance(&whole, pair, -1), ERR_NONE);
    assert_int_equal(frechet_pair_distance(&without, pair, 1), ERR_NONE);
    assert_float_equal(whole / distance(samples[0], n, samples[1], n, d), 1, 1e-10);
    assert_float_equal(without / distance(rest[0], left[0], rest[1], left[1], d), 1, 1e-10);
    assert_true(fabs(without / whole - 1) > 1e-3);
    frechet_pair_free(&pair);
}

static void frechet_without_a_group_is_that_of_the_rest(void **state) {
    (void)state;
    leaving_out_a_group_is_leaving_out_its_samples(N, D);
    leaving_out_a_group_is_leaving_out_its_samples(2 * FEW, WIDE); /* fewer samples than dimensions */
}

/* Fewer rows than dimensions go through inner products; copies of them, with the spectrum rescaled, do not. */
static void spectra_of_few_and_many_rows_agree(void **state) {
    (void)state;
    enum { COPIES = 5 };
    float rows[COPIES * FEW * WIDE];
    double few[WIDE], many[WIDE], scale = (COPIES * FEW - 1.0) / (COPIES * (FEW - 1.0));
    draw(rows, FEW, WIDE, 5, 0.3f);
    for (int copy = 1; copy < COPIES; copy++) memcpy(rows + copy * FEW * WIDE, rows, FEW * WIDE * sizeof *rows);
    Rows all, first;
    assert_int_equal(rows_canonical(&first, rows, FEW, WIDE), ERR_NONE);
    assert_int_equal(rows_canonical(&all, rows, COPIES * FEW, WIDE), ERR_NONE);
    assert_int_equal(linalg_covariance_eigenvalues(few, &first), ERR_NONE);
    assert_int_equal(linalg_covariance_eigenvalues(many, &all), ERR_NONE);
    rows_free(&first);
    rows_free(&all);
    for (int i = 0; i < WIDE; i++) assert_float_equal(few[i], many[i] * scale, 1e-12 * many[WIDE - 1]);
    assert_true(few[WIDE - FEW] < 1e-12 * few[WIDE - 1] && few[WIDE - FEW + 1] > 1e-3 * few[WIDE - 1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvectors_are_rows_and_rebuild_the_matrix),
        cmocka_unit_test(eigenvalues_of_an_infinite_matrix_are_refused),
        cmocka_unit_test(small_inverse_times_matrix_is_identity),
        cmocka_unit_test(singular_matrix_has_no_inverse),
        cmocka_unit_test(effective_rank_counts_equal_directions),
        cmocka_unit_test(frechet_of_a_set_with_itself_is_zero),
        cmocka_unit_test(frechet_is_symmetric),
        cmocka_unit_test(frechet_of_a_shift_is_its_squared_length),
        cmocka_unit_test(frechet_scales_with_the_square_of_the_features),
        cmocka_unit_test(frechet_ignores_the_order_of_samples),
        cmocka_unit_test(frechet_of_diagonal_gaussians_is_the_sum_over_axes),
        cmocka_unit_test(both_forms_agree_where_samples_are_few),
        cmocka_unit_test(frechet_of_infinite_moments_is_refused),
        cmocka_unit_test(frechet_without_a_group_is_that_of_the_rest),
        cmocka_unit_test(spectra_of_few_and_many_rows_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
