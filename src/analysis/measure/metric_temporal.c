/* Temporal spectrum: how fast what changes changes. */
#include "analysis/measure/internal/formulas.h"
#include "analysis/measure/metric.h"

#include <math.h>

typedef struct {
    ExactSum clips, still, points; /* points: fitted, of all clips */
    ExactSum log_amplitude[TEMPORAL_POINTS_MAX];
} TemporalState;

/* A clip in which no pixel changes has no spectrum; it is counted, so that a share of such clips shows. */
static Err temporal_sample(ExactSum *state, void *scratch, const Frames *frames) {
    (void)scratch;
    TemporalState *sums = (TemporalState *)state;
    double log_amplitude[TEMPORAL_POINTS_MAX];
    if (!temporal_of_clip(log_amplitude, frames)) {
        exactsum_add(&sums->still, 1);
        return ERR_NONE;
    }
    int points = temporal_points(frames->n_frames);
    exactsum_add(&sums->clips, 1);
    exactsum_add(&sums->points, points);
    for (int i = 0; i < points; i++) exactsum_add(&sums->log_amplitude[i], log_amplitude[i]);
    return ERR_NONE;
}

/* The exponent of the mean log amplitude. Clips of one dataset all have equally many points. */
static double temporal_figure(const ExactSum *state) {
    const TemporalState *sums = (const TemporalState *)state;
    double mean[TEMPORAL_POINTS_MAX], clips = exactsum_value(sums->clips);
    if (clips < 1) return NAN;
    int points = (int)(exactsum_value(sums->points) / clips);
    for (int i = 0; i < points; i++) mean[i] = exactsum_value(sums->log_amplitude[i]) / clips;
    return temporal_exponent(mean, points);
}

static Err temporal_finish(Result *result, const MetricData *data, const MetricData *reference) {
    (void)reference;
    const TemporalState *sums = (const TemporalState *)data->state;
    double clips = exactsum_value(sums->clips), still = exactsum_value(sums->still);
    TRY(result_add_number(result, "still_clips", still, "clips", (int64_t)(clips + still)));
    return metric_add(result, &temporal_metric, "temporal_exponent", "", (int64_t)clips, temporal_figure, data);
}

const Metric temporal_metric = {
    .name = "temporal",
    .summary = "exponent a of the spectrum 1/f^a of pixels over time",
    .input = METRIC_CLIPS,
    .state_sums = sizeof(TemporalState) / sizeof(ExactSum),
    .sample = temporal_sample,
    .finish = temporal_finish,
};
