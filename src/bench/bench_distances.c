#include "bench/bench_distances.h"

#include "analysis/measure/metric.h"
#include "base/system/clock.h"
#include "base/text/text.h"
#include "bench/internal/bench_beside.h"
#include "math/stats.h"

#include <omp.h>
#include <stdlib.h>

/* 10,000 frames for distances, 16 frames of each of 1,000 videos for the diversity. */
enum { DIMS = 2048, SAMPLES = 10000, PER_VIDEO = 16, SPREAD_SAMPLES = 1000 * PER_VIDEO, DATASETS = 34 };

typedef struct {
    float *a, *b; /* (SPREAD_SAMPLES, DIMS) */
    double *covariance;
    Result *result;
} Samples;

static Err covariance_run(Samples *samples) {
    Covariance covariance = covariance_view(samples->covariance, DIMS);
    return covariance_add_rows(&covariance, samples->a, SAMPLES);
}

/* Without intervals, and with those of the default. */
static Err distance_of(Samples *samples, int groups) {
    const FeatureNet net = {.names = {.frame_distance = "Frechet"}};
    const NetFeatures a = {&net, {samples->a, SAMPLES, DIMS}}, b = {&net, {samples->b, SAMPLES, DIMS}};
    const MetricData data = {.features = &a, .n_features = 1, .groups = groups},
                     reference = {.features = &b, .n_features = 1};
    return frame_distance_metric.finish(samples->result, &data, &reference);
}

static Err frechet_run(Samples *samples) {
    return distance_of(samples, 0);
}

static Err jackknife_run(Samples *samples) {
    return distance_of(samples, JACKKNIFE_GROUPS);
}

static Err diversity_run(Samples *samples) {
    const NetFeatures a = {.rows = {samples->a, SPREAD_SAMPLES, DIMS}},
                      b = {.rows = {samples->b, SPREAD_SAMPLES, DIMS}};
    const MetricData data = {.features = &a, .n_features = 1, .per_video = PER_VIDEO, .groups = JACKKNIFE_GROUPS};
    const MetricData reference = {.features = &b, .n_features = 1, .per_video = PER_VIDEO};
    return diversity_metric.finish(samples->result, &data, &reference);
}

static Err show(const BenchBoard *board, double seconds, const char *name) {
    BenchRow row = {.unit = "", .seconds = seconds};
    TRY(text_copy(row.name, sizeof row.name, name));
    bench_board_show(board, &row);
    return ERR_NONE;
}

/* One call, which takes seconds; then that many of them. */
static Err time_call(const BenchBoard *board, Samples *samples, const char *name, Err (*run)(Samples *samples),
                     const char *for_all) {
    double start = clock_thread_s();
    TRY(run(samples));
    double seconds = clock_thread_s() - start;
    TRY(show(board, seconds, name));
    return for_all ? show(board, DATASETS * seconds, for_all) : ERR_NONE;
}

static Err time_all(const BenchBoard *board, Samples *samples) {
    TRY(bench_floats(&samples->a, (size_t)SPREAD_SAMPLES * DIMS, 1, 1));
    TRY(bench_floats(&samples->b, (size_t)SPREAD_SAMPLES * DIMS, 2, 1));
    samples->covariance = calloc(covariance_doubles(DIMS), sizeof *samples->covariance);
    samples->result = calloc(1, sizeof *samples->result);
    if (!samples->covariance || !samples->result) return RAISE(ERR_MEMORY, "bench distances: no memory");
    TRY(time_call(board, samples, "covariance, 10000 x 2048", covariance_run, NULL));
    TRY(time_call(board, samples, "Frechet distance, twice 10000 x 2048", frechet_run, NULL));
    TRY(time_call(board, samples, "the same with its jackknife", jackknife_run, "the same for 34 datasets"));
    return time_call(board, samples, "diversity and its jackknife, 16000 x 2048", diversity_run,
                     "the same for 34 datasets");
}

Err bench_distances(bool json) {
    BenchBoard board;
    Samples samples = {0};
    omp_set_num_threads(1); /* CPU time is that of this thread */
    Err err = bench_board_open(&board, 1, json);
    if (!err) err = time_all(&board, &samples);
    free(samples.a);
    free(samples.b);
    free(samples.covariance);
    free(samples.result);
    return bench_board_close(&board, err);
}
