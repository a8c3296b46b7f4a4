/* Intervals of figures of feature vectors: as wide as theory says, whole videos together, and how often they hold the
 * Frechet distance of Gaussians that is known. */
#include "analysis/measure/metric.h"
#include "base/system/log.h"
#include "math/rng.h"

#include "support/unit.h"

#include <math.h>

enum { TRIALS = 200, ROWS = 400, DIMS = 6, COPIES = 8 };

/* ---- the mean of a normal variable ---- */

static Err mean_of_rest(double *figure, const void *context, int group) {
    const GroupedRows *grouped = context;
    double sum = 0, count = 0;
    for (size_t i = 0; i < grouped->rows.count; i++)
        if (group < 0 || grouped->groups[i] != group) {
            sum += (double)grouped->rows.at[i][0];
            count += 1;
        }
    *figure = sum / count;
    return ERR_NONE;
}

/* ROWS normal numbers, each `copies` times in a row. */
static Jackknifed mean_of_normals(int trial, int copies, int per_video, int *n_groups) {
    float rows[ROWS];
    Rng rng = rng_stream(1, RNG_TEST, (uint64_t)trial, 0);
    float value = 0;
    for (int i = 0; i < ROWS; i++) rows[i] = value = i % copies ? value : rng_normal(&rng);
    const VideoVectors vectors = {rows, ROWS, 1, per_video, NULL};
    GroupedRows grouped;
    Jackknifed out;
    assert_ok(jackknife_group_count(n_groups, &vectors, JACKKNIFE_GROUPS));
    assert_ok(grouped_rows_new(&grouped, &vectors, *n_groups, 7));
    assert_ok(jackknife(&out, 1, mean_of_rest, &grouped, *n_groups));
    grouped_rows_free(&grouped);
    return out;
}

static double mean_width(int copies, int per_video, int *held) {
    double sum = 0;
    int n_groups;
    *held = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        Jackknifed mean = mean_of_normals(trial, copies, per_video, &n_groups);
        sum += (mean.interval.high - mean.interval.low) / TRIALS;
        *held += mean.interval.low <= 0 && 0 <= mean.interval.high;
        assert_float_equal(mean.corrected, mean.value, 1e-9); /* a mean has no bias */
    }
    return sum;
}

static void the_mean_has_the_width_and_coverage_of_theory(void **state) {
    (void)state;
    int held;
    double width = mean_width(1, 1, &held), expected = 2 * student_quantile_two_sided(0.05, 9) / sqrt(ROWS);
    assert_float_equal(width, expected, 0.06 * expected);
    assert_in_range(held, 181, 199); /* 190 of 200, 3 standard deviations */
}

/* Copies that lie in one video are one observation, and are counted as one; taken for videos of their own they would
 * make the interval too narrow. */
static void whole_videos_stay_together(void **state) {
    (void)state;
    int held;
    double apart = mean_width(COPIES, 1, &held);
    assert_true(held < 120);
    double together = mean_width(COPIES, COPIES, &held);
    assert_in_range(held, 181, 199);
    assert_true(together > 2 * apart);
}

static void videos_are_dealt_out_evenly_by_their_numbers(void **state) {
    (void)state;
    enum { VIDEOS = 25 };
    float rows[VIDEOS] = {0};
    int64_t videos[VIDEOS], reversed[VIDEOS];
    int sizes[4] = {0};
    GroupedRows grouped, other;
    for (int i = 0; i < VIDEOS; i++) {
        rows[i] = (float)i;
        videos[i] = 100 - 3 * i;
        reversed[VIDEOS - 1 - i] = videos[i];
    }
    assert_ok(grouped_rows_new(&grouped, &(VideoVectors){rows, VIDEOS, 1, 1, videos}, 4, 7));
    for (int i = 0; i < VIDEOS; i++) sizes[grouped.groups[i]]++;
    for (int g = 0; g < 4; g++) assert_in_range(sizes[g], 6, 7);
    /* The same vectors of other videos: a vector is in the group of the video it is now of. */
    assert_ok(grouped_rows_new(&other, &(VideoVectors){rows, VIDEOS, 1, 1, reversed}, 4, 7));
    for (int i = 0; i < VIDEOS; i++)
        for (int k = 0; k < VIDEOS; k++)
            if ((int)grouped.rows.at[i][0] == VIDEOS - 1 - (int)other.rows.at[k][0])
                assert_int_equal(grouped.groups[i], other.groups[k]);
    grouped_rows_free(&grouped);
    grouped_rows_free(&other);
}

static void few_videos_are_groups_themselves_and_two_are_too_few(void **state) {
    (void)state;
    int n_groups;
    Jackknifed mean = mean_of_normals(0, 1, ROWS / 4, &n_groups);
    assert_int_equal(n_groups, 4);
    assert_true(mean.interval.low < mean.value && mean.value < mean.interval.high);
    mean = mean_of_normals(0, 1, ROWS / 2, &n_groups);
    assert_int_equal(n_groups, 0);
    assert_true(isnan(mean.interval.low) && isnan(mean.interval.high) && isnan(mean.corrected));
}

/* ---- Frechet distances that are known ---- */

/* Axis d of the first Gaussian has mean 0 and deviation 1 + d/4, of the second mean `shift` and deviation 1. */
static void draw_gaussian(float *rows, int n, uint64_t trial, bool first, float shift) {
    Rng rng = rng_stream(2, RNG_TEST, trial, first);
    for (int i = 0; i < n * DIMS; i++)
        rows[i] = first ? rng_normal(&rng) * (1 + 0.25f * (float)(i % DIMS)) : shift + rng_normal(&rng);
}

static double true_distance(double shift) {
    double sum = 0;
    for (int d = 0; d < DIMS; d++) sum += shift * shift + 0.0625 * d * d;
    return sum;
}

/* Figure and corrected figure of one trial. */
static void measure(ResultMetric out[2], int n, uint64_t trial, float shift) {
    static float rows[2][ROWS * DIMS];
    static Result result;
    const FeatureNet net = {.names = {.frame_distance = "FD"}};
    for (int side = 0; side < 2; side++) draw_gaussian(rows[side], n, trial, side == 0, shift);
    NetFeatures a = {&net, {rows[0], (size_t)n, DIMS}}, b = {&net, {rows[1], (size_t)n, DIMS}};
    const MetricData data = {.features = &a, .n_features = 1, .groups = JACKKNIFE_GROUPS, .seed = 3},
                     reference = {.features = &b, .n_features = 1};
    memset(&result, 0, sizeof result);
    assert_ok(frame_distance_metric.finish(&result, &data, &reference));
    out[0] = *result_metric(&result, "FD");
    out[1] = *result_metric(&result, "FD_corrected");
    assert_string_equal(out[0].interval, "jackknife 95%");
}

static bool holds(const ResultMetric *figure, double value) {
    return figure->low <= value && value <= figure->high;
}

/* The corrected interval holds the distance of the Gaussians; the plain one, what so many samples give on average. In
 * 2,000 trials both held in 94.7 %. */
static void intervals_hold_what_they_are_about(void **state) {
    (void)state;
    static ResultMetric figures[TRIALS][2];
    double truth = true_distance(0.5), average = 0;
    int held_truth = 0, held_average = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        measure(figures[trial], ROWS, (uint64_t)trial, 0.5f);
        average += figures[trial][0].value / TRIALS;
    }
    for (int trial = 0; trial < TRIALS; trial++) {
        held_truth += holds(&figures[trial][1], truth);
        held_average += holds(&figures[trial][0], average);
    }
    assert_in_range(held_truth, 181, 199);
    assert_in_range(held_average, 181, 199);
}

/* With few samples the plain distance is too large; the corrected one is nearly right. */
static void correction_takes_the_bias_away(void **state) {
    (void)state;
    ResultMetric figures[2];
    double truth = true_distance(0.5), bias[2] = {0, 0};
    for (int trial = 0; trial < 3 * TRIALS; trial++) {
        measure(figures, 50, 1000 + (uint64_t)trial, 0.5f);
        for (int f = 0; f < 2; f++) bias[f] += (figures[f].value - truth) / (3 * TRIALS);
    }
    assert_true(bias[0] > 0.1 * truth);
    assert_true(fabs(bias[1]) < 0.25 * bias[0]);
}

int main(void) {
    log_setup(0, 1, LOG_QUIET); /* thousands of distances */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_has_the_width_and_coverage_of_theory),
        cmocka_unit_test(whole_videos_stay_together),
        cmocka_unit_test(videos_are_dealt_out_evenly_by_their_numbers),
        cmocka_unit_test(few_videos_are_groups_themselves_and_two_are_too_few),
        cmocka_unit_test(intervals_hold_what_they_are_about),
        cmocka_unit_test(correction_takes_the_bias_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
