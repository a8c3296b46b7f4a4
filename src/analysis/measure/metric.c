/* What metrics have in common: intervals of figures of pixels, which are sums of chunks and so can be resampled without
 * looking at a pixel again, and the way figures enter a result. A chunk is a run of neighboring draws, hence of whole
 * videos up to its ends: drawing chunks keeps what belongs together. */
#include "analysis/measure/metric.h"

#include "base/text/text.h"

#include <math.h>

enum { METRIC_RESAMPLES = 400 };

const Metric *const metrics[] = {
#define X(name) &name,
    METRIC_LIST(X)
#undef X
        NULL,
};

static const ExactSum *chunk_state(const MetricData *data, int64_t chunk) {
    return data->chunks + (size_t)chunk * data->chunk_stride;
}

/* ---- bootstrap of a pixel figure ---- */

typedef struct {
    const Metric *metric;
    MetricFigure figure;
    const MetricData *data;
    ExactSum *state;
} Resampling;

/* The figure of the sum of the picked chunks. */
static double resampled_figure(const void *context, const uint32_t *picks, uint32_t n) {
    const Resampling *resampling = context;
    size_t sums = resampling->metric->state_sums;
    memset(resampling->state, 0, sums * sizeof(ExactSum));
    for (uint32_t i = 0; i < n; i++) metric_add_state(resampling->state, chunk_state(resampling->data, picks[i]), sums);
    return resampling->figure(resampling->state);
}

Err metric_bootstrap(Interval *interval, const Metric *metric, MetricFigure figure, const MetricData *data) {
    *interval = (Interval){NAN, NAN};
    if (data->n_chunks < 2) return ERR_NONE;
    ExactSum *state = malloc(metric->state_sums * sizeof *state);
    if (!state) return RAISE(ERR_MEMORY, "%s: no memory for resampling", metric->name);
    const Resampling resampling = {metric, figure, data, state};
    Err err = interval_bootstrap(interval, NULL, resampled_figure, &resampling, (uint32_t)data->n_chunks,
                                 METRIC_RESAMPLES, data->seed);
    free(state);
    return err;
}

Err metric_add(Result *result, const Metric *metric, const char *name, const char *unit, int64_t count,
               MetricFigure figure, const MetricData *data) {
    Interval interval;
    double value = figure(data->state);
    if (isnan(value)) return ERR_NONE;
    TRY(metric_bootstrap(&interval, metric, figure, data));
    return result_add_metric(result, name, value, unit, count, interval, isnan(interval.low) ? "" : "bootstrap 95%");
}

/* ---- jackknife of a pixel distance ---- */

typedef struct {
    const Metric *metric;
    MetricDistance distance;
    const MetricData *sides[2];
    int *groups[2]; /* (chunks) */
} Sides;

/* All but one group: exact sums lose nothing when terms are taken off again. */
static void subtract_group(ExactSum *state, const Sides *sides, int side, int group) {
    const MetricData *data = sides->sides[side];
    size_t sums = sides->metric->state_sums;
    memcpy(state, data->state, sums * sizeof *state);
    for (int64_t chunk = 0; chunk < data->n_chunks; chunk++)
        for (size_t i = 0; sides->groups[side][chunk] == group && i < sums; i++)
            state[i] -= chunk_state(data, chunk)[i];
}

static Err distance_without(double *figure, const void *context, int group) {
    const Sides *sides = context;
    size_t sums = sides->metric->state_sums;
    ExactSum *states = malloc(2 * sums * sizeof *states);
    if (!states) return RAISE(ERR_MEMORY, "%s: no memory for resampling", sides->metric->name);
    for (int side = 0; side < 2; side++) subtract_group(states + (size_t)side * sums, sides, side, group);
    *figure = sides->distance(states, states + sums);
    free(states);
    return ERR_NONE;
}

/* Groups are of chunks, dealt out on both sides; with fewer chunks than groups, as many as there are chunks. */
Err metric_jackknife(Jackknifed *out, const Metric *metric, MetricDistance distance, const MetricData *data,
                     const MetricData *reference) {
    Err err = ERR_NONE;
    int64_t fewer = data->n_chunks < reference->n_chunks ? data->n_chunks : reference->n_chunks;
    int n_groups = fewer < data->groups ? (int)fewer : data->groups;
    if (n_groups < JACKKNIFE_GROUPS_MIN) n_groups = 0;
    int *groups = malloc((size_t)(data->n_chunks + reference->n_chunks) * sizeof *groups);
    if (!groups) return RAISE(ERR_MEMORY, "%s: no memory for resampling", metric->name);
    const Sides sides = {metric, distance, {data, reference}, {groups, groups + data->n_chunks}};
    for (int side = 0; side < 2 && !err; side++)
        err = jackknife_deal(sides.groups[side], (int)sides.sides[side]->n_chunks, n_groups, data->seed);
    if (!err) err = jackknife(out, 1, distance_without, &sides, n_groups);
    free(groups);
    return err;
}

/* ---- figures with a jackknife interval ---- */

VideoVectors metric_vectors(const MetricData *data, const FeatureRows *rows) {
    int per_video = data->per_video > 0 ? data->per_video : 1;
    return (VideoVectors){rows->rows, rows->count, rows->dims, per_video, data->videos};
}

Err metric_add_jackknifed(Result *result, const char *name, const char *unit, int64_t count, const Jackknifed *figure) {
    if (isnan(figure->value)) return ERR_NONE;
    return result_add_metric(result, name, figure->value, unit, count, figure->interval,
                             isnan(figure->interval.low) ? "" : "jackknife 95%");
}

/* A distance's interval ends at zero; the corrected estimate may lie below. */
Err metric_add_distance(Result *result, const char *name, const char *unit, int64_t count, const Jackknifed *figure) {
    char corrected_name[64];
    Jackknifed plain = *figure;
    const Jackknifed corrected = {.value = figure->corrected, .interval = figure->corrected_interval};
    if (plain.interval.low < 0) plain.interval.low = 0;
    TRY(metric_add_jackknifed(result, name, unit, count, &plain));
    TRY(text_format(corrected_name, sizeof corrected_name, "%s_corrected", name));
    return metric_add_jackknifed(result, corrected_name, unit, count, &corrected);
}
