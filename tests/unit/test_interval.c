#include "math/interval.h"
#include "math/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void wilson_matches_published_values(void **state) {
    (void)state;
    /* Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3. */
    Interval a = interval_wilson(81, 263), b = interval_wilson(15, 148), c = interval_wilson(0, 20),
             d = interval_wilson(1, 29);
    assert_float_equal(a.low, 0.2553, 5e-5);
    assert_float_equal(a.high, 0.3662, 5e-5);
    assert_float_equal(b.low, 0.0624, 5e-5);
    assert_float_equal(b.high, 0.1605, 5e-5);
    assert_float_equal(c.low, 0, 1e-12);
    assert_float_equal(c.high, 0.1611, 5e-5);
    assert_float_equal(d.low, 0.0061, 5e-5);
    assert_float_equal(d.high, 0.1718, 5e-5);
}

static void difference_of_proportions_matches_published_values(void **state) {
    (void)state;
    /* Newcombe 1998, "Interval estimation for the difference between independent proportions", table II, method 10:
     * 56/70 - 48/80 and 9/10 - 3/10. */
    Interval a = interval_difference(56.0 / 70, interval_wilson(56, 70), 48.0 / 80, interval_wilson(48, 80), 0);
    Interval b = interval_difference(0.9, interval_wilson(9, 10), 0.3, interval_wilson(3, 10), 0);
    assert_float_equal(a.low, 0.0524, 5e-5);
    assert_float_equal(a.high, 0.3339, 5e-5);
    assert_float_equal(b.low, 0.1705, 5e-5);
    assert_float_equal(b.high, 0.8090, 5e-5);
}

static void incomplete_beta_meets_closed_forms(void **state) {
    (void)state;
    assert_float_equal(incomplete_beta(1, 1, 0.3), 0.3, 1e-14);
    assert_float_equal(incomplete_beta(2, 3, 0.4), 0.5248, 1e-13); /* 6x^2 - 8x^3 + 3x^4 */
    assert_float_equal(incomplete_beta(0.5, 0.5, 0.2), 2 / M_PI * asin(sqrt(0.2)), 1e-13);
    for (double x = 0.05; x < 1; x += 0.1)
        assert_float_equal(incomplete_beta(3.5, 12, x) + incomplete_beta(12, 3.5, 1 - x), 1, 1e-13);
}

static void student_tail_meets_closed_forms_and_tables(void **state) {
    (void)state;
    assert_float_equal(student_two_sided(1, 1), 0.5, 1e-13);                   /* Cauchy */
    assert_float_equal(student_two_sided(2, 2), 1 - 2 / sqrt(2 + 4.0), 1e-13); /* 1 - t/sqrt(2+t^2) */
    assert_float_equal(student_two_sided(0, 7), 1, 1e-14);
    assert_float_equal(student_two_sided(-2.228138852, 10), 0.05, 1e-9);
    assert_float_equal(student_quantile_two_sided(0.05, 5), 2.570581836, 1e-8);
    assert_float_equal(student_quantile_two_sided(0.05, 1), 12.70620474, 1e-7);
    assert_float_equal(student_quantile_two_sided(0.05, 1e7), INTERVAL_Z, 1e-6);
}

static void fisher_interval_matches_a_hand_computation(void **state) {
    (void)state;
    Interval interval = interval_fisher(0.5, 28); /* atanh .5 = .549306, half width 1.959964/5 = .391993 */
    assert_float_equal(interval.low, tanh(0.549306144 - 0.391992797), 1e-8);
    assert_float_equal(interval.high, tanh(0.549306144 + 0.391992797), 1e-8);
    assert_true(isnan(interval_fisher(0.5, 3).low));
    assert_float_equal(interval_fisher(1, 10).high, 1, 0);
}

static void mean_interval_uses_students_t(void **state) {
    (void)state;
    Interval interval = interval_mean(10, 2, 6);
    assert_float_equal(interval.high - 10, 2.570581836 * 2 / sqrt(6), 1e-8);
    assert_true(isnan(interval_mean(1, 0, 1).low));
}

static double mean_of_picks(const void *context, const uint32_t *picks, uint32_t n) {
    const double *values = context;
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += values[picks[i]] / n;
    return sum;
}

static double never(const void *context, const uint32_t *picks, uint32_t n) {
    (void)context;
    (void)picks;
    (void)n;
    return NAN;
}

static void bootstrap_of_a_mean_comes_near_the_normal_interval(void **state) {
    (void)state;
    double values[200];
    for (int i = 0; i < 200; i++) values[i] = i % 2;
    Interval interval, again;
    int defined;
    assert_int_equal(interval_bootstrap(&interval, &defined, mean_of_picks, values, 200, 4000, 5), ERR_NONE);
    assert_int_equal(defined, 4000);
    assert_float_equal(interval.low, 0.5 - INTERVAL_Z * 0.5 / sqrt(200), 0.006);
    assert_float_equal(interval.high, 0.5 + INTERVAL_Z * 0.5 / sqrt(200), 0.006);
    assert_int_equal(interval_bootstrap(&again, NULL, mean_of_picks, values, 200, 4000, 5), ERR_NONE);
    assert_float_equal(again.low, interval.low, 0);
}

static void bootstrap_of_an_undefined_statistic_is_undefined(void **state) {
    (void)state;
    Interval interval;
    int defined;
    assert_int_equal(interval_bootstrap(&interval, &defined, never, NULL, 4, 20, 1), ERR_NONE);
    assert_int_equal(defined, 0);
    assert_true(isnan(interval.low) && isnan(interval.high));
}

static void the_median_is_the_middle_one_and_leaves_order(void **state) {
    (void)state;
    double odd[] = {5, -1, 3}, even[] = {4, 1, 3, 2}, one[] = {7};
    assert_true(order_median(odd, 3) == 3 && odd[0] == -1 && odd[2] == 5);
    assert_true(order_median(even, 4) == 3);
    assert_true(order_median(one, 1) == 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_matches_published_values),
        cmocka_unit_test(the_median_is_the_middle_one_and_leaves_order),
        cmocka_unit_test(difference_of_proportions_matches_published_values),
        cmocka_unit_test(incomplete_beta_meets_closed_forms),
        cmocka_unit_test(student_tail_meets_closed_forms_and_tables),
        cmocka_unit_test(fisher_interval_matches_a_hand_computation),
        cmocka_unit_test(mean_interval_uses_students_t),
        cmocka_unit_test(bootstrap_of_a_mean_comes_near_the_normal_interval),
        cmocka_unit_test(bootstrap_of_an_undefined_statistic_is_undefined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
