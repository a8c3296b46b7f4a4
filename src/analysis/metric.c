#include "analysis/metric.h"

#include <math.h>

enum { METRIC_RESAMPLES = 400 };

const Metric *const metrics[] = {
#define X(name) &name,
    METRIC_LIST(X)
#undef X
        NULL,
};

typedef struct {
    const Metric *metric;
    MetricFigure figure;
    const MetricData *sides[2]; /* dataset, reference; NULL: the figure takes no reference */
    ExactSum *states[2];
} Resampling;

/* Both sides together have `n` chunks and are drawn by the same picks, each scaled to its own number of chunks: exactly
 * uniform where both have equally many, which is what analyses arrange. */
static void add_picked(const Resampling *resampling, int side, const uint32_t *picks, uint32_t n) {
    const MetricData *data = resampling->sides[side];
    size_t sums = resampling->metric->state_sums;
    memset(resampling->states[side], 0, sums * sizeof(ExactSum));
    for (int64_t i = 0; i < data->n_chunks; i++) {
        int64_t chunk = (int64_t)picks[i] * data->n_chunks / n;
        metric_add_state(resampling->states[side], data->chunks + (size_t)chunk * data->chunk_stride, sums);
    }
}

static double resampled_figure(const void *context, const uint32_t *picks, uint32_t n) {
    const Resampling *resampling = context;
    add_picked(resampling, 0, picks, n);
    if (!resampling->sides[1]) return resampling->figure(resampling->states[0], NULL);
    add_picked(resampling, 1, picks + resampling->sides[0]->n_chunks, n);
    return resampling->figure(resampling->states[0], resampling->states[1]);
}

Err metric_bootstrap(Interval *interval, const Metric *metric, MetricFigure figure, const MetricData *data,
                     const MetricData *reference) {
    int64_t chunks = data->n_chunks + (reference ? reference->n_chunks : 0);
    *interval = (Interval){NAN, NAN};
    if (data->n_chunks < 2 || (reference && reference->n_chunks < 2)) return ERR_NONE;
    ExactSum *block = malloc(2 * metric->state_sums * sizeof *block);
    if (!block) return RAISE(ERR_MEMORY, "%s: no memory for resampling", metric->name);
    const Resampling resampling = {metric, figure, {data, reference}, {block, block + metric->state_sums}};
    Err err = interval_bootstrap(interval, NULL, resampled_figure, &resampling, (uint32_t)chunks, METRIC_RESAMPLES,
                                 data->seed);
    free(block);
    return err;
}

Err metric_add(Result *result, const Metric *metric, const char *name, const char *unit, int64_t count,
               MetricFigure figure, const MetricData *data, const MetricData *reference) {
    Interval interval;
    double value = figure(data->state, reference ? reference->state : NULL);
    if (isnan(value)) return ERR_NONE;
    TRY(metric_bootstrap(&interval, metric, figure, data, reference));
    return result_add_metric(result, name, value, unit, count, interval.low, interval.high,
                             isnan(interval.low) ? "" : "bootstrap 95%");
}

VideoVectors metric_vectors(const MetricData *data, const FeatureRows *rows) {
    int per_video = data->per_video > 0 ? data->per_video : 1;
    return (VideoVectors){rows->rows, rows->count, rows->dims, per_video, data->videos};
}

Err metric_add_jackknifed(Result *result, const char *name, int64_t count, const Jackknifed *figure) {
    return result_add_metric(result, name, figure->value, "", count, figure->interval.low, figure->interval.high,
                             isnan(figure->interval.low) ? "" : "jackknife 95%");
}
