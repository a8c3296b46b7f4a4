#include "analysis/compare/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* x = 1..5, y = 2 1 4 3 5: sxx = syy = 10, sxy = 8, so r = 0.8 = rho; t = 0.8 sqrt(3/0.36) = 2.3094, p = 0.10409. */
static void a_small_case_matches_hand_computation(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 4, 5}, y[] = {2, 1, 4, 3, 5};
    Correlation c;
    assert_int_equal(correlate(&c, x, y, 5, 1), ERR_NONE);
    assert_true(c.defined);
    assert_float_equal(c.r, 0.8, 1e-12);
    assert_float_equal(c.rho, 0.8, 1e-12);
    assert_float_equal(c.r_p, 0.1040880, 1e-6);
    assert_float_equal(c.slope, 0.8, 1e-12);
    assert_float_equal(c.intercept, 0.6, 1e-12);
    assert_float_equal(c.fisher.low, tanh(atanh(0.8) - INTERVAL_Z / sqrt(2)), 1e-12);
    assert_true(c.bootstrap.low <= 0.8 && c.bootstrap.high >= 0.8);
}

static void tied_values_share_their_average_rank(void **state) {
    (void)state;
    const double values[] = {3, 1, 3, 2, 3};
    double ranks[5];
    assert_int_equal(correlate_ranks(ranks, values, 5), ERR_NONE);
    const double expected[] = {4, 1, 4, 2, 4};
    for (int i = 0; i < 5; i++) assert_float_equal(ranks[i], expected[i], 0);
}

static void a_monotone_curve_has_rho_one_and_r_below(void **state) {
    (void)state;
    double x[10], y[10];
    for (int i = 0; i < 10; i++) {
        x[i] = i;
        y[i] = -exp(i);
    }
    Correlation c;
    assert_int_equal(correlate(&c, x, y, 10, 1), ERR_NONE);
    assert_float_equal(c.rho, -1, 1e-12);
    assert_float_equal(c.rho_p, 0, 1e-12);
    assert_true(c.r > -0.9 && c.r < -0.5);
}

/* Without errors it is the plain bootstrap; errors only widen; nobody's errors are left out unless they are unknown. */
static void uncertain_y_widens_the_interval(void **state) {
    (void)state;
    double x[12], y[12], none[12], some[12], unknown[12];
    for (int i = 0; i < 12; i++) {
        x[i] = i;
        y[i] = 3 * i + (i % 3);
        none[i] = 0;
        some[i] = 6;
        unknown[i] = NAN;
    }
    Interval exact_r, exact_rho, r, rho;
    Correlation plain;
    assert_int_equal(correlate(&plain, x, y, 12, 7), ERR_NONE);
    assert_int_equal(correlate_uncertain(&exact_r, &exact_rho, x, y, none, 12, 7), ERR_NONE);
    assert_float_equal(exact_r.low, plain.bootstrap.low, 1e-12);
    assert_float_equal(exact_r.high, plain.bootstrap.high, 1e-12);
    assert_int_equal(correlate_uncertain(&r, &rho, x, y, some, 12, 7), ERR_NONE);
    assert_true(r.low < exact_r.low - 0.02 && r.high >= exact_r.high);
    assert_true(rho.low < exact_rho.low - 0.02 && rho.high >= exact_rho.high);
    assert_int_equal(correlate_uncertain(&r, &rho, x, y, unknown, 12, 7), ERR_NONE);
    assert_float_equal(rho.low, exact_rho.low, 0);
    assert_int_equal(correlate_uncertain(&r, &rho, x, y, some, 2, 7), ERR_INPUT);
}

static void fewer_than_three_points_are_refused(void **state) {
    (void)state;
    const double x[] = {1, 2}, y[] = {2, 1};
    Correlation c;
    assert_int_equal(correlate(&c, x, y, 2, 1), ERR_INPUT);
    assert_non_null(strstr(err_message(), "at least 3"));
}

static void constant_input_is_undefined(void **state) {
    (void)state;
    const double x[] = {0.1, 0.1, 0.1, 0.1}, y[] = {2, 1, 4, 3};
    Correlation c;
    assert_int_equal(correlate(&c, x, y, 4, 1), ERR_NONE);
    assert_false(c.defined);
    assert_true(isnan(c.r) && isnan(c.rho) && isnan(c.slope));
    assert_int_equal(correlate(&c, y, x, 4, 1), ERR_NONE);
    assert_false(c.defined);
}

static void a_missing_value_is_refused(void **state) {
    (void)state;
    const double x[] = {1, NAN, 3}, y[] = {2, 1, 4};
    Correlation c;
    assert_int_equal(correlate(&c, x, y, 3, 1), ERR_INPUT);
}

/* x = y but for one point far out: without it r is 1. */
static void leaving_out_the_odd_point_is_decisive(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6}, y[] = {1, 2, 3, 4, 5, -9};
    Correlation c;
    assert_int_equal(correlate(&c, x, y, 6, 1), ERR_NONE);
    assert_int_equal(c.decisive, 5);
    assert_float_equal(c.without_one.high, 1, 1e-12);
    assert_true(c.without_one.low < c.r && c.r < 0);
    assert_int_equal(correlate(&c, x, y, 3, 1), ERR_NONE); /* two points left would always be on a line */
    assert_int_equal(c.decisive, -1);
    assert_true(isnan(c.without_one.low));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_case_matches_hand_computation),
        cmocka_unit_test(tied_values_share_their_average_rank),
        cmocka_unit_test(a_monotone_curve_has_rho_one_and_r_below),
        cmocka_unit_test(uncertain_y_widens_the_interval),
        cmocka_unit_test(fewer_than_three_points_are_refused),
        cmocka_unit_test(constant_input_is_undefined),
        cmocka_unit_test(a_missing_value_is_refused),
        cmocka_unit_test(leaving_out_the_odd_point_is_decisive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
