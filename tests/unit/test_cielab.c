#include "analysis/measure/internal/formulas.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void conversion_matches_known_colors(void **state) {
    (void)state;
    static const uint8_t pixels[][3] = {{0, 0, 0},   {255, 255, 255}, {255, 0, 0},   {0, 255, 0},
                                        {0, 0, 255}, {128, 128, 128}, {128, 64, 32}, {10, 200, 120}};
    static const double expected[][3] = {{0, 0, 0},
                                         {100, -0.002, 0.005},
                                         {53.241, 80.092, 67.203},
                                         {87.735, -86.183, 83.180},
                                         {32.296, 79.186, -107.857},
                                         {53.585, -0.001, 0.003},
                                         {34.725, 25.000, 31.373},
                                         {71.369, -59.829, 28.598}};
    float lab[8 * 3];
    cielab_of_pixels(lab, pixels[0], 8);
    for (int i = 0; i < 24; i++) assert_float_equal((double)lab[i], expected[i / 3][i % 3], 2e-3);
}

static const double mean_p[3] = {50, 3, -4}, mean_q[3] = {42, -1, 6};
static const double cov_p[9] = {400, 30, 10, 30, 90, 5, 10, 5, 60}, cov_q[9] = {250, -20, 4, -20, 40, 0, 4, 0, 80};

static double kl(const double *mp, const double *sp, const double *mq, const double *sq) {
    double value;
    assert_int_equal(cielab_symmetric_kl(&value, mp, sp, mq, sq), ERR_NONE);
    return value;
}

static void divergence_of_a_set_from_itself_is_zero(void **state) {
    (void)state;
    assert_float_equal(kl(mean_p, cov_p, mean_p, cov_p), 0, 1e-9);
}

static void divergence_is_symmetric(void **state) {
    (void)state;
    assert_float_equal(kl(mean_p, cov_p, mean_q, cov_q), kl(mean_q, cov_q, mean_p, cov_p), 1e-9);
}

static void equal_covariances_leave_the_mahalanobis_distance(void **state) {
    (void)state;
    const double diagonal[9] = {4, 0, 0, 0, 25, 0, 0, 0, 100};
    assert_float_equal(kl(mean_p, diagonal, mean_q, diagonal), 64.0 / 4 + 16.0 / 25 + 100.0 / 100, 1e-4);
}

static void diagonal_gaussians_add_up_over_axes(void **state) {
    (void)state;
    const double zero[3] = {0}, a[9] = {4, 0, 0, 0, 1, 0, 0, 0, 9}, b[9] = {1, 0, 0, 0, 1, 0, 0, 0, 3};
    assert_float_equal(kl(zero, a, zero, b), 0.5 * (4 + 0.25 - 2) + 0.5 * (3 + 1.0 / 3 - 2), 1e-5);
}

static void a_common_affine_map_changes_nothing(void **state) {
    (void)state;
    const double map[9] = {2, 0.5, 0, 0, 1, -1, 0.3, 0, 3};
    double means[2][3] = {{0}}, covariances[2][9] = {{0}};
    for (int set = 0; set < 2; set++)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) {
                means[set][i] += map[3 * i + j] * (set ? mean_q : mean_p)[j];
                for (int k = 0; k < 3; k++)
                    for (int l = 0; l < 3; l++)
                        covariances[set][3 * i + j] += map[3 * i + k] * (set ? cov_q : cov_p)[3 * k + l] *
                                                       map[3 * j + l];
            }
    assert_float_equal(kl(means[0], covariances[0], means[1], covariances[1]) / kl(mean_p, cov_p, mean_q, cov_q), 1,
                       1e-5);
}

static void black_only_sets_stay_finite(void **state) {
    (void)state;
    const double zero[9] = {0};
    assert_true(isfinite(kl(zero, zero, mean_q, cov_q)));
    assert_float_equal(kl(zero, zero, zero, zero), 0, 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversion_matches_known_colors),
        cmocka_unit_test(divergence_of_a_set_from_itself_is_zero),
        cmocka_unit_test(divergence_is_symmetric),
        cmocka_unit_test(equal_covariances_leave_the_mahalanobis_distance),
        cmocka_unit_test(diagonal_gaussians_add_up_over_axes),
        cmocka_unit_test(a_common_affine_map_changes_nothing),
        cmocka_unit_test(black_only_sets_stay_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
