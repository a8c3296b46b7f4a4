/* What all metrics promise: intervals by resampling chunks, and the identities of frame diversity. */
#include "analysis/measure/metric.h"
#include "math/rng.h"

#include "support/unit.h"

#include <math.h>

enum { CHUNKS = 60, PER_CHUNK = 20, ROWS = 240, DIMS = 12, PER_VIDEO = 8 };

/* The state of a chunk: how many values, and their sum. */
enum { COUNT, SUM, STATE };

static double mean_of(const ExactSum *state) {
    return exactsum_value(state[SUM]) / exactsum_value(state[COUNT]);
}

static double difference_of_means(const ExactSum *state, const ExactSum *reference) {
    return mean_of(state) - mean_of(reference);
}

static MetricData chunks_of_normals(ExactSum (*chunks)[STATE], ExactSum *whole, int stream, double mean) {
    Rng rng = rng_stream(6, RNG_TEST, (uint64_t)stream, 0);
    memset(whole, 0, STATE * sizeof *whole);
    for (int c = 0; c < CHUNKS; c++) {
        chunks[c][COUNT] = chunks[c][SUM] = 0;
        for (int i = 0; i < PER_CHUNK; i++) {
            exactsum_add(&chunks[c][COUNT], 1);
            exactsum_add(&chunks[c][SUM], mean + (double)rng_normal(&rng));
        }
        metric_add_state(whole, chunks[c], STATE);
    }
    return (MetricData){.state = whole, .chunks = chunks[0], .chunk_stride = STATE, .n_chunks = CHUNKS, .seed = 2};
}

/* The mean of n standard normals scatters by 1/sqrt n. */
static void resampled_intervals_are_as_wide_as_theory_says(void **state) {
    (void)state;
    ExactSum a[CHUNKS][STATE], whole[STATE];
    double width = 2 * INTERVAL_Z / sqrt(CHUNKS * PER_CHUNK);
    MetricData data = chunks_of_normals(a, whole, 1, 3);
    Interval interval;
    assert_ok(metric_bootstrap(&interval, &motion_metric, mean_of, &data));
    assert_float_equal(interval.high - interval.low, width, 0.25 * width);
    assert_true(interval.low < 3.05 && interval.high > 2.95);
}

/* A difference of two such means scatters by sqrt 2 more. */
static void intervals_of_distances_take_in_both_sides(void **state) {
    (void)state;
    enum { TRIALS = 100 };
    ExactSum a[CHUNKS][STATE], b[CHUNKS][STATE], whole_a[STATE], whole_b[STATE];
    double width = 2 * sqrt(2) * student_quantile_two_sided(0.05, 9) / sqrt(CHUNKS * PER_CHUNK), sum = 0;
    int held = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        MetricData data = chunks_of_normals(a, whole_a, 2 * trial, 3),
                   reference = chunks_of_normals(b, whole_b, 2 * trial + 1, 2);
        Jackknifed difference;
        data.groups = JACKKNIFE_GROUPS;
        assert_ok(metric_jackknife(&difference, &motion_metric, difference_of_means, &data, &reference));
        sum += (difference.interval.high - difference.interval.low) / TRIALS;
        held += difference.interval.low <= 1 && 1 <= difference.interval.high;
        assert_float_equal(difference.corrected, difference.value, 1e-9);
        assert_ok(metric_jackknife(&difference, &motion_metric, difference_of_means, &data, &data));
        assert_true(difference.interval.low == 0 && difference.interval.high == 0);
    }
    assert_float_equal(sum, width, 0.08 * width);
    assert_in_range(held, 89, 100);
}

static void one_chunk_has_no_interval(void **state) {
    (void)state;
    ExactSum a[CHUNKS][STATE], whole[STATE];
    MetricData data = chunks_of_normals(a, whole, 1, 3);
    Interval interval;
    data.n_chunks = 1;
    assert_ok(metric_bootstrap(&interval, &motion_metric, mean_of, &data));
    assert_true(isnan(interval.low) && isnan(interval.high));
    Jackknifed difference;
    data.groups = JACKKNIFE_GROUPS;
    assert_ok(metric_jackknife(&difference, &motion_metric, difference_of_means, &data, &data));
    assert_true(isnan(difference.interval.low) && isnan(difference.corrected));
}

/* ---- diversity ---- */

typedef enum { PLAIN, DOUBLED, NOISY, STILL, ALL_EQUAL } Kind;

static void draw_rows(float *rows, Kind kind) {
    for (int i = 0; i < ROWS * DIMS; i++) {
        int row = kind == ALL_EQUAL ? 0 : kind == STILL ? i / DIMS / PER_VIDEO * PER_VIDEO : i / DIMS;
        Rng rng = rng_stream(7, RNG_TEST, (uint64_t)(row * DIMS + i % DIMS), 0),
            noise = rng_stream(8, RNG_TEST, (uint64_t)i, 0);
        rows[i] = rng_normal(&rng) * (kind == DOUBLED ? 2 : 1) + (kind == NOISY ? rng_normal(&noise) : 0);
    }
}

static double diversity_of(Kind kind, const char *metric) {
    static float rows[ROWS * DIMS], plain[ROWS * DIMS];
    NetFeatures features = {.rows = {rows, ROWS, DIMS}}, others = {.rows = {plain, ROWS, DIMS}};
    MetricData data = {.features = &features, .n_features = 1, .per_video = PER_VIDEO, .groups = JACKKNIFE_GROUPS};
    MetricData reference = {.features = &others, .n_features = 1};
    Result *result = calloc(1, sizeof *result);
    draw_rows(rows, kind);
    draw_rows(plain, PLAIN);
    assert_ok(diversity_metric.finish(result, &data, &reference));
    double value = result_metric(result, metric)->value;
    free(result);
    return value;
}

static void diversity_grows_with_scale_and_noise(void **state) {
    (void)state;
    double plain = diversity_of(PLAIN, "diversity_logdet");
    assert_float_equal(diversity_of(DOUBLED, "diversity_logdet"), plain + log(4), 1e-4);
    assert_true(diversity_of(NOISY, "diversity_logdet") > plain + 0.3);
    assert_float_equal(diversity_of(ALL_EQUAL, "diversity_logdet"), log(diversity_of(ALL_EQUAL, "diversity_eps")),
                       1e-6);
}

static void standing_still_collapses_the_diversity_within_videos_only(void **state) {
    (void)state;
    double pooled = diversity_of(PLAIN, "diversity_logdet"), within = diversity_of(PLAIN, "diversity_within");
    assert_true(fabs(diversity_of(STILL, "diversity_logdet") - pooled) < 0.5);
    assert_true(diversity_of(STILL, "diversity_within") < within - 10);
}

/* By the book: the figure again without each tenth of the videos. */
static void the_diversitys_interval_is_the_jackknifes(void **state) {
    (void)state;
    enum { GROUPS = 10, REST = ROWS - ROWS / GROUPS };
    static float rows[ROWS * DIMS], rest[ROWS * DIMS];
    NetFeatures features = {.rows = {rows, ROWS, DIMS}}, part = {.rows = {rest, REST, DIMS}};
    MetricData all = {.features = &features, .n_features = 1, .per_video = PER_VIDEO, .groups = GROUPS, .seed = 3};
    MetricData without = {.features = &part, .n_features = 1, .per_video = PER_VIDEO};
    const VideoVectors vectors = {rows, ROWS, DIMS, PER_VIDEO, NULL};
    double replicates[GROUPS], mean = 0, squares = 0;
    GroupedRows grouped;
    Result *result = calloc(1, sizeof *result);
    draw_rows(rows, PLAIN);
    assert_ok(grouped_rows_new(&grouped, &vectors, GROUPS, all.seed));
    assert_ok(diversity_metric.finish(result, &all, NULL));
    const ResultMetric whole = *result_metric(result, "diversity_logdet");
    for (int group = 0; group < GROUPS; group++) {
        size_t left = 0;
        for (int i = 0; i < ROWS; i++) /* canonical order is forgotten again: by number */
            for (int k = 0; k < ROWS; k++)
                if (grouped.rows.at[k] == rows + i * DIMS && grouped.groups[k] != group)
                    memcpy(rest + DIMS * left++, rows + i * DIMS, DIMS * sizeof *rest);
        assert_int_equal(left, REST);
        memset(result, 0, sizeof *result);
        assert_ok(diversity_metric.finish(result, &without, NULL));
        replicates[group] = result_metric(result, "diversity_logdet")->value;
        mean += replicates[group] / GROUPS;
    }
    for (int group = 0; group < GROUPS; group++) squares += pow(replicates[group] - mean, 2);
    double reach = student_quantile_two_sided(0.05, GROUPS - 1) * sqrt(squares * (GROUPS - 1) / GROUPS);
    assert_true(reach > 0);
    assert_float_equal(whole.high - whole.value, reach, 1e-9 * reach);
    assert_float_equal(whole.value - whole.low, reach, 1e-9 * reach);
    grouped_rows_free(&grouped);
    free(result);
}

/* ---- distances ---- */

/* Networks of one name are seeds of one figure, others have figures of their own. */
static void distances_go_by_their_networks_names(void **state) {
    (void)state;
    static float rows[3][ROWS * DIMS], shifted[3][ROWS * DIMS];
    const FeatureNet known = {.names = {.frame_distance = "FID"}}, random = {.names = {.frame_distance = "random"}};
    const FeatureNet *nets[] = {&known, &random, &random};
    NetFeatures features[3], others[3];
    Result *result = calloc(1, sizeof *result);
    for (int n = 0; n < 3; n++) {
        draw_rows(rows[n], PLAIN);
        for (int i = 0; i < ROWS * DIMS; i++) shifted[n][i] = rows[n][i] + (float)(n + 1);
        features[n] = (NetFeatures){nets[n], {rows[n], ROWS, DIMS}};
        others[n] = (NetFeatures){nets[n], {shifted[n], ROWS, DIMS}};
    }
    MetricData data = {.features = features, .n_features = 3}, reference = {.features = others, .n_features = 3};
    assert_ok(frame_distance_metric.finish(result, &data, &reference));
    assert_int_equal(result->n_metrics, 3);
    assert_float_equal(result_metric(result, "FID")->value, DIMS, 1e-3);
    assert_true(isnan(result_metric(result, "FID")->low));
    assert_float_equal(result_metric(result, "random")->value, 6.5 * DIMS, 1e-3);
    const ResultMetric *seeds = result_metric(result, "random_seed_range");
    assert_float_equal(seeds->value, 5 * DIMS, 1e-3);
    assert_float_equal(seeds->low, 4 * DIMS, 1e-3);
    assert_float_equal(seeds->high, 9 * DIMS, 1e-3);
    assert_string_equal(seeds->interval, "range of 2 seeds");
    free(result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resampled_intervals_are_as_wide_as_theory_says),
        cmocka_unit_test(intervals_of_distances_take_in_both_sides),
        cmocka_unit_test(one_chunk_has_no_interval),
        cmocka_unit_test(diversity_grows_with_scale_and_noise),
        cmocka_unit_test(standing_still_collapses_the_diversity_within_videos_only),
        cmocka_unit_test(the_diversitys_interval_is_the_jackknifes),
        cmocka_unit_test(distances_go_by_their_networks_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
