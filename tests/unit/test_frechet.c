/* Frechet and kernel distances against SciPy and NumPy. */
#include "analysis/kernel.h"
#include "golden_file.h"
#include "math/frechet.h"
#include "math/rng.h"

#include "support/unit.h"

#include <math.h>

static const GoldenTensor *part(const Golden *golden, const char *kind, const char *name) {
    char full[64];
    snprintf(full, sizeof full, "%s.%s", kind, name);
    return golden_get(golden, full);
}

static Rows rows_of(const GoldenTensor *tensor) {
    Rows rows;
    assert_ok(rows_canonical(&rows, tensor->data, (size_t)tensor->dims[0], tensor->dims[1]));
    return rows;
}

static void check_against_golden(const char *kind) {
    Golden golden = golden_read("frechet.gold");
    const GoldenTensor *x = part(&golden, kind, "x"), *y = part(&golden, kind, "y");
    double frechet = *(const double *)part(&golden, kind, "frechet")->data,
           kid = *(const double *)part(&golden, kind, "kid")->data, distance, mmd;
    Interval interval;
    Rows a = rows_of(x), b = rows_of(y);
    assert_ok(frechet_samples(&distance, &a, &b));
    assert_float_equal(distance, frechet, 1e-6 * frechet);
    assert_ok(kernel_mmd(&mmd, &interval, &a, &b, 1));
    assert_float_equal(mmd, kid, 1e-5 * fabs(kid));
    assert_true(interval.low < mmd && mmd < interval.high);
    rows_free(&a);
    rows_free(&b);
    golden_free(&golden);
}

static void distances_match_scipy(void **state) {
    (void)state;
    check_against_golden("full");
    check_against_golden("wide");
}

enum { N = 200, D = 8 };

static void draw(float *rows, int stream, float shift) {
    Rng rng = rng_stream(3, RNG_TEST, (uint64_t)stream, 0);
    for (int i = 0; i < N * D; i++) rows[i] = rng_normal(&rng) + shift;
}

static Err kernel_of(double *mmd, Interval *interval, const float *x, size_t n_x, const float *y, uint64_t seed) {
    Rows a, b;
    assert_ok(rows_canonical(&a, x, n_x, D));
    assert_ok(rows_canonical(&b, y, N, D));
    Err err = kernel_mmd(mmd, interval, &a, &b, seed);
    rows_free(&a);
    rows_free(&b);
    return err;
}

/* The unbiased estimate of no difference scatters about zero, and its interval holds zero. */
static void equal_distributions_are_at_kernel_distance_zero(void **state) {
    (void)state;
    static float x[N * D], y[N * D];
    double sum = 0, mmd;
    int held = 0;
    Interval interval;
    for (int trial = 0; trial < 20; trial++) {
        draw(x, 2 * trial, 0);
        draw(y, 2 * trial + 1, 0);
        assert_ok(kernel_of(&mmd, &interval, x, N, y, 5));
        held += interval.low <= 0 && 0 <= interval.high;
        sum += mmd;
    }
    assert_true(fabs(sum / 20) < 0.05);
    assert_true(held >= 16);
    draw(y, 99, 1);
    assert_ok(kernel_of(&mmd, &interval, x, N, y, 5));
    assert_true(interval.low > 0.5);
}

static void kernel_distance_is_symmetric_and_ignores_order(void **state) {
    (void)state;
    static float x[N * D], y[N * D], turned[N * D];
    double forward, backward, reversed;
    Interval interval;
    draw(x, 1, 0);
    draw(y, 2, 0.5f);
    for (int i = 0; i < N; i++) memcpy(turned + i * D, x + (N - 1 - i) * D, D * sizeof(float));
    assert_ok(kernel_of(&forward, &interval, x, N, y, 1));
    assert_ok(kernel_of(&backward, &interval, y, N, x, 1));
    assert_ok(kernel_of(&reversed, &interval, turned, N, y, 1));
    assert_float_equal(forward, backward, 1e-9);
    assert_true(forward == reversed); /* to the last bit */
    assert_fails(kernel_of(&forward, &interval, x, 1, y, 1), ERR_INPUT, "at least 2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_match_scipy),
        cmocka_unit_test(equal_distributions_are_at_kernel_distance_zero),
        cmocka_unit_test(kernel_distance_is_symmetric_and_ignores_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
