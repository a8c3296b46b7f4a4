/* Sums that do not depend on the order of their terms. */
#include "math/rng.h"
#include "math/stats.h"

#include "support/unit.h"

#include <math.h>

enum { N = 1000 };

/* Signs and magnitudes from 1e-9 to 1e9: a sum of doubles would depend on the order. */
static void draw_terms(double *terms) {
    Rng rng = rng_stream(4, RNG_TEST, 0, 0);
    for (int i = 0; i < N; i++) terms[i] = (double)rng_normal(&rng) * pow(10, 8 * (2 * rng_unit_double(&rng) - 1));
}

static void any_order_and_any_parts_give_the_same_bits(void **state) {
    (void)state;
    double terms[N], naive[2] = {0, 0};
    ExactSum whole = 0;
    uint32_t order[N];
    draw_terms(terms);
    for (int i = 0; i < N; i++) {
        exactsum_add(&whole, terms[i]);
        naive[0] += terms[i];
    }
    for (int trial = 0; trial < 20; trial++) {
        Rng rng = rng_stream(5, RNG_TEST, (uint64_t)trial, 0);
        ExactSum parts[3] = {0, 0, 0};
        rng_permutation(&rng, order, N);
        naive[1] = 0;
        for (int i = 0; i < N; i++) {
            exactsum_add(&parts[rng_below(&rng, 3)], terms[order[i]]);
            naive[1] += terms[order[i]];
        }
        assert_true(parts[2] + parts[0] + parts[1] == whole);
    }
    assert_true(naive[0] != naive[1]); /* or this test would show nothing */
    assert_float_equal(exactsum_value(whole), naive[0], 1e-6);
}

static void terms_are_kept_whole(void **state) {
    (void)state;
    ExactSum sum = 0;
    exactsum_add(&sum, 0x1p30);
    exactsum_add(&sum, 0x1.0000000000001p-11);
    exactsum_add(&sum, -0x1p30);
    assert_true(exactsum_value(sum) == 0x1.0000000000001p-11);
    exactsum_add(&sum, -0x1p-11);
    assert_true(exactsum_value(sum) == 0x1p-63);
    sum = 0;
    for (int i = 0; i < 10; i++) exactsum_add(&sum, 0.1);
    assert_true(exactsum_value(sum) == 1); /* nearest double to ten times the double 0.1 */
}

static void products_are_not_rounded(void **state) {
    (void)state;
    const double a = 1 + 0x1p-30; /* its square needs 61 bits */
    ExactSum sum = 0;
    exactsum_add_product(&sum, a, a);
    exactsum_add(&sum, -1);
    exactsum_add(&sum, -0x1p-29);
    assert_true(exactsum_value(sum) == 0x1p-60);
}

/* A large mean, over which sums of squares in double would lose every digit of the scatter. */
static void scatter_is_that_about_the_mean(void **state) {
    (void)state;
    ExactSum products = 0, x_sum = 0, y_sum = 0, squares = 0;
    double expected = 0;
    for (int i = 0; i < 11; i++) {
        double x = 1e4 + 1e-4 * i, y = 3e3 - 2e-4 * i;
        exactsum_add_product(&products, x, y);
        exactsum_add_product(&squares, 1e4, 1e4);
        exactsum_add(&x_sum, x);
        exactsum_add(&y_sum, y);
        expected += -2e-8 * (i - 5) * (i - 5);
    }
    assert_float_equal(exactsum_scatter(products, x_sum, y_sum, 11), expected, 1e-5 * fabs(expected));
    ExactSum equal = 0;
    for (int i = 0; i < 11; i++) exactsum_add(&equal, 1e4);
    assert_float_equal(exactsum_scatter(squares, equal, equal, 11), 0, 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_and_any_parts_give_the_same_bits),
        cmocka_unit_test(terms_are_kept_whole),
        cmocka_unit_test(products_are_not_rounded),
        cmocka_unit_test(scatter_is_that_about_the_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
