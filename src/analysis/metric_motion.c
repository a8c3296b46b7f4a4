/* How much moves: the mean absolute difference of neighboring frames of a clip, in 8-bit levels, over pixels and
 * channels. */
#include "analysis/metric.h"
#include "math/stats.h"

#include <math.h>

static Err motion_sample(double *state, void *scratch, const Frames *frames) {
    (void)scratch;
    size_t bytes = frames_frame_bytes(frames);
    uint64_t sum = 0;
    for (int t = 0; t + 1 < frames->n_frames; t++) {
        const uint8_t *a = frames_at(frames, t), *b = frames_at(frames, t + 1);
        for (size_t i = 0; i < bytes; i++) sum += (uint64_t)(a[i] > b[i] ? a[i] - b[i] : b[i] - a[i]);
    }
    if (frames->n_frames > 1) moments_add((Moments *)state, (double)sum / (double)bytes / (frames->n_frames - 1));
    return ERR_NONE;
}

static void motion_merge(double *into, const double *from) {
    moments_merge((Moments *)into, (const Moments *)from);
}

static double motion_mean(const double *state, const double *reference) {
    (void)reference;
    return state[0] > 0 ? ((const Moments *)state)->mean : NAN;
}

static Err motion_finish(Result *result, const MetricData *data, const MetricData *reference) {
    (void)reference;
    return metric_add(result, &motion_metric, "motion", "levels", (int64_t)data->state[0], motion_mean, data, NULL);
}

const Metric motion_metric = {
    .name = "motion",
    .summary = "mean absolute difference of neighboring clip frames, 8-bit levels",
    .input = METRIC_CLIPS,
    .state_doubles = MOMENTS_DOUBLES,
    .sample = motion_sample,
    .merge = motion_merge,
    .finish = motion_finish,
};
