/* Frechet and kernel distances against SciPy and NumPy. */
#include "analysis/measure/internal/formulas.h"
#include "golden_file.h"
#include "math/rng.h"
#include "math/stats.h"

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

static VideoVectors vectors_of(const GoldenTensor *tensor) {
    return (VideoVectors){tensor->data, (size_t)tensor->dims[0], tensor->dims[1], 1, NULL};
}

static Err kernel_of_vectors(double *mmd, Interval *interval, VideoVectors x, VideoVectors y, uint64_t seed) {
    GroupedRows a, b;
    assert_ok(grouped_rows_new(&a, &x, 0, 1));
    assert_ok(grouped_rows_new(&b, &y, 0, 1));
    Err err = kernel_mmd(mmd, interval, &a, &b, seed);
    grouped_rows_free(&a);
    grouped_rows_free(&b);
    return err;
}

static Err frechet_of(double *found, const Rows *a, const Rows *b) {
    FrechetPair *pair;
    TRY(frechet_pair_new(&pair, (FrechetSample){a, NULL}, (FrechetSample){b, NULL}));
    Err err = frechet_pair_distance(found, pair, -1);
    frechet_pair_free(&pair);
    return err;
}

static void check_against_golden(const char *kind) {
    Golden golden = golden_read("frechet.gold");
    const GoldenTensor *x = part(&golden, kind, "x"), *y = part(&golden, kind, "y");
    double frechet = *(const double *)part(&golden, kind, "frechet")->data,
           kid = *(const double *)part(&golden, kind, "kid")->data, distance, mmd;
    Interval interval;
    Rows a = rows_of(x), b = rows_of(y);
    assert_ok(frechet_of(&distance, &a, &b));
    assert_float_equal(distance, frechet, 1e-6 * frechet);
    assert_ok(kernel_of_vectors(&mmd, &interval, vectors_of(x), vectors_of(y), 1));
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
    return kernel_of_vectors(mmd, interval, (VideoVectors){x, n_x, D, 1, NULL}, (VideoVectors){y, N, D, 1, NULL}, seed);
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

/* Frames of a video are much alike. Taken together the interval is about as much wider as there are fewer videos, and
 * surrounds the value; taken for independent ones it is too narrow by far. */
static void kernel_intervals_keep_videos_together(void **state) {
    (void)state;
    enum { ALIKE = 8, ROUNDS = 20 };
    static float x[N * D], y[N * D];
    double width[2] = {0, 0}, off_center = 0, mmd;
    for (int round = 0; round < ROUNDS; round++) {
        for (int side = 0; side < 2; side++)
            for (int i = 0; i < N * D; i++) {
                int row = i / D;
                Rng video = rng_stream(9, RNG_TEST, (uint64_t)(round * 1000 + row / ALIKE * D + i % D), (uint32_t)side),
                    frame = rng_stream(10, RNG_TEST, (uint64_t)(round * 10000 + i), (uint32_t)side);
                (side ? y : x)[i] = rng_normal(&video) + 0.1f * rng_normal(&frame) + 0.5f * (float)side;
            }
        for (int together = 0; together < 2; together++) {
            Interval interval;
            int per_video = together ? ALIKE : 1;
            assert_ok(kernel_of_vectors(&mmd, &interval, (VideoVectors){x, N, D, per_video, NULL},
                                        (VideoVectors){y, N, D, per_video, NULL}, 5));
            width[together] += interval.high - interval.low;
            if (together) off_center += 0.5 * (interval.low + interval.high) - mmd;
        }
    }
    assert_true(width[1] > 2 * width[0] && width[1] < 4 * width[0]); /* the root of 8 is 2.8 */
    assert_true(fabs(off_center) < 0.15 * width[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_match_scipy),
        cmocka_unit_test(equal_distributions_are_at_kernel_distance_zero),
        cmocka_unit_test(kernel_distance_is_symmetric_and_ignores_order),
        cmocka_unit_test(kernel_intervals_keep_videos_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
