/* Temporal spectrum: how fast what changes changes. */
#include "analysis/metric.h"
#include "analysis/temporal.h"

#include <math.h>

typedef struct {
    double clips, still, points;
    double sums[TEMPORAL_POINTS_MAX]; /* of log amplitude over clips */
} TemporalState;

static Err temporal_sample(double *state, void *scratch, const Frames *frames) {
    (void)scratch;
    TemporalState *sums = (TemporalState *)state;
    double log_amplitude[TEMPORAL_POINTS_MAX];
    if (!temporal_of_clip(log_amplitude, frames)) {
        sums->still += 1;
        return ERR_NONE;
    }
    sums->clips += 1;
    sums->points = temporal_points(frames->n_frames);
    for (int i = 0; i < (int)sums->points; i++) sums->sums[i] += log_amplitude[i];
    return ERR_NONE;
}

static void temporal_merge(double *into, const double *from) {
    TemporalState *a = (TemporalState *)into;
    const TemporalState *b = (const TemporalState *)from;
    a->clips += b->clips;
    a->still += b->still;
    a->points = fmax(a->points, b->points);
    for (int i = 0; i < TEMPORAL_POINTS_MAX; i++) a->sums[i] += b->sums[i];
}

static double temporal_figure(const double *state, const double *reference) {
    (void)reference;
    const TemporalState *sums = (const TemporalState *)state;
    double mean[TEMPORAL_POINTS_MAX];
    if (sums->clips < 1) return NAN;
    for (int i = 0; i < (int)sums->points; i++) mean[i] = sums->sums[i] / sums->clips;
    return temporal_exponent(mean, (int)sums->points);
}

static Err temporal_finish(Result *result, const MetricData *data, const MetricData *reference) {
    (void)reference;
    const TemporalState *sums = (const TemporalState *)data->state;
    TRY(result_add_metric(result, "still_clips", sums->still, "clips", (int64_t)(sums->clips + sums->still), NAN, NAN,
                          ""));
    return metric_add(result, &temporal_metric, "temporal_exponent", "", (int64_t)sums->clips, temporal_figure, data,
                      NULL);
}

const Metric temporal_metric = {
    .name = "temporal",
    .summary = "exponent a of the spectrum 1/f^a of pixels over time",
    .input = METRIC_CLIPS,
    .state_doubles = sizeof(TemporalState) / sizeof(double),
    .sample = temporal_sample,
    .merge = temporal_merge,
    .finish = temporal_finish,
};
