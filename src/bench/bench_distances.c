/* What follows after the features: covariance, Frechet distance and diversity in Inception's 2048 dimensions with as
 * many samples as the paper draws, in CPU time of one thread, and what they come to for its 34 datasets. A call takes
 * seconds to minutes, so it is timed once; what is compared with formulas first is smaller. */
#include "analysis/measure/metric.h"
#include "base/system/clock.h"
#include "bench/internal/harness.h"
#include "bench/internal/topics.h"
#include "math/stats.h"

#include <omp.h>
#include <stdlib.h>

/* 10,000 frames for distances, 16 frames of each of 1,000 videos for the diversity. */
enum { DIMS = 2048, FRAMES = 10000, PER_VIDEO = 16, SPREAD_FRAMES = 1000 * PER_VIDEO, DATASETS = 34 };
enum { SMALL_DIMS = 24, SMALL_FRAMES = 400 };

typedef struct {
    int dims;
    size_t frames, spread_frames; /* rows for distances, and for the diversity */
    float *a, *b;                 /* (spread_frames, dims) */
    double *covariance;
    Result *result;
} Samples;

/* Of memory that was never taken, too. */
static void samples_free(Samples *s) {
    free(s->a);
    free(s->b);
    free(s->covariance);
    free(s->result);
}

static Err samples_new(Samples *s, int dims, size_t frames, size_t spread_frames) {
    *s = (Samples){.dims = dims, .frames = frames, .spread_frames = spread_frames};
    TRY(bench_floats(&s->a, spread_frames * (size_t)dims, 1, 1));
    TRY(bench_floats(&s->b, spread_frames * (size_t)dims, 2, 1));
    s->covariance = calloc(covariance_doubles(dims), sizeof *s->covariance);
    s->result = calloc(1, sizeof *s->result);
    return s->covariance && s->result ? ERR_NONE : RAISE(ERR_MEMORY, "bench distances: no memory");
}

/* The scatter matrix as one product, which frame and clip distances begin with. */
static Err covariance_run(Samples *s) {
    Covariance covariance = covariance_view(s->covariance, s->dims);
    return covariance_add_rows(&covariance, s->a, s->frames);
}

/* Without intervals, and with those of the default. */
static Err distance_of(Samples *s, int groups) {
    const FeatureNet net = {.names = {.frame_distance = "Frechet"}};
    const NetFeatures a = {&net, {s->a, s->frames, s->dims}}, b = {&net, {s->b, s->frames, s->dims}};
    const MetricData data = {.features = &a, .n_features = 1, .groups = groups},
                     reference = {.features = &b, .n_features = 1};
    return frame_distance_metric.finish(s->result, &data, &reference);
}

static Err frechet_run(Samples *s) {
    return distance_of(s, 0);
}

static Err jackknife_run(Samples *s) {
    return distance_of(s, JACKKNIFE_GROUPS);
}

/* Always with its jackknife: the diversity has no cheaper form. */
static Err diversity_run(Samples *s) {
    const NetFeatures a = {.rows = {s->a, s->spread_frames, s->dims}}, b = {.rows = {s->b, s->spread_frames, s->dims}};
    const MetricData data = {.features = &a, .n_features = 1, .per_video = PER_VIDEO, .groups = JACKKNIFE_GROUPS};
    const MetricData reference = {.features = &b, .n_features = 1, .per_video = PER_VIDEO};
    return diversity_metric.finish(s->result, &data, &reference);
}

/* ---- checks, on small samples ---- */

/* Against its definition, sum over rows of (x - mean)(x - mean)^T. */
static Err covariance_error(double *error, Samples *s) {
    Covariance found = covariance_view(s->covariance, s->dims);
    double difference = 0, norm = 0;
    TRY(covariance_run(s));
    for (int i = 0; i < s->dims; i++)
        for (int j = i; j < s->dims; j++) {
            double mean_i = 0, mean_j = 0, product = 0;
            for (size_t r = 0; r < s->frames; r++) {
                double x = s->a[r * (size_t)s->dims + (size_t)i], y = s->a[r * (size_t)s->dims + (size_t)j];
                mean_i += x / (double)s->frames;
                mean_j += y / (double)s->frames;
                product += x * y;
            }
            double expected = product - (double)s->frames * mean_i * mean_j;
            double scatter = found.scatter[(size_t)i * (size_t)s->dims + (size_t)j];
            difference += (scatter - expected) * (scatter - expected);
            norm += expected * expected;
        }
    *error = sqrt(difference / norm);
    return ERR_NONE;
}

/* Samples that differ by a shift have equal covariances: their distance is the shift's squared length. */
static Err frechet_error(double *error, Samples *s) {
    const float shift = 0.5f;
    double expected = (double)shift * (double)shift * s->dims;
    for (size_t i = 0; i < s->frames * (size_t)s->dims; i++) s->b[i] = s->a[i] + shift;
    TRY(frechet_run(s));
    *error = fabs(s->result->metrics[0].value / expected - 1);
    return ERR_NONE;
}

/* The same figure as without groups, inside its interval. */
static Err jackknife_error(double *error, Samples *s) {
    const ResultMetric *found = &s->result->metrics[0];
    TRY(frechet_error(error, s));
    double plain = found->value;
    s->result->n_metrics = 0;
    TRY(jackknife_run(s));
    bool inside = found->low <= found->value && found->value <= found->high;
    *error = inside ? fmax(*error, fabs(found->value / plain - 1)) : INFINITY;
    return ERR_NONE;
}

/* Twice the vectors are four times every eigenvalue: the mean logarithm grows by log 4. */
static Err diversity_error(double *error, Samples *s) {
    TRY(diversity_run(s));
    double before = s->result->metrics[0].value;
    for (size_t i = 0; i < s->spread_frames * (size_t)s->dims; i++) s->a[i] *= 2;
    s->result->n_metrics = 0;
    TRY(diversity_run(s));
    *error = fabs((s->result->metrics[0].value - before) / log(4) - 1);
    return ERR_NONE;
}

/* ---- rows ---- */

static const struct {
    const char *name;
    Err (*run)(Samples *s);
    Err (*error)(double *error, Samples *s);
    bool for_all; /* a row for all datasets too */
} cases[] = {
    {"covariance, 10000 x 2048", covariance_run, covariance_error, false},
    {"Frechet distance, twice 10000 x 2048", frechet_run, frechet_error, false},
    {"the same with its jackknife", jackknife_run, jackknife_error, true},
    {"diversity and its jackknife, 16000 x 2048", diversity_run, diversity_error, true},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

/* On samples of its own, small enough to sum by definition. */
static Err check(double *error, Err (*find)(double *error, Samples *s)) {
    Samples small;
    Err err = samples_new(&small, SMALL_DIMS, SMALL_FRAMES, SMALL_FRAMES);
    if (!err) err = find(error, &small);
    samples_free(&small);
    return err;
}

/* The check comes first and refuses to time what is wrong. */
static Err bench_case(BenchBoard *board, Samples *samples, int i) {
    const BenchRowInfo no_rate = {.unit = ""};
    BenchFound found = {.share = NAN};
    TRY(check(&found.error, cases[i].error));
    TRY(bench_verdict(cases[i].name, found.error, 1e-5));
    double start = clock_thread_s();
    TRY(cases[i].run(samples));
    found.seconds = clock_thread_s() - start;
    TRY(bench_board_show(board, cases[i].name, &found, &no_rate));
    if (!cases[i].for_all) return ERR_NONE;
    found.seconds *= DATASETS;
    return bench_board_show(board, "the same for 34 datasets", &found, &no_rate);
}

static Err distance_rows(BenchBoard *board) {
    Samples samples;
    Err err = samples_new(&samples, DIMS, FRAMES, SPREAD_FRAMES);
    for (int i = 0; i < N_CASES && !err; i++) err = bench_case(board, &samples, i);
    samples_free(&samples);
    return err;
}

/* The yardstick is there for its row alone: these are no single products. */
Err bench_distances_all(const BenchArgs *args, const Par *par) {
    BenchBoard board;
    (void)par;              /* one rank */
    omp_set_num_threads(1); /* CPU time is that of this thread */
    Err err = bench_board_open(&board, 1, args->json);
    if (!err) err = distance_rows(&board);
    return bench_board_close(&board, err);
}
