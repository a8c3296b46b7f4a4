/* How much moves: the mean absolute difference of neighboring frames of a clip, in 8-bit levels, over pixels and
 * channels. */
#include "analysis/metric.h"
#include "math/interval.h"
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

static Err motion_finish(Result *result, const MetricData *data, const MetricData *reference) {
    (void)reference;
    const Moments *clips = (const Moments *)data->state;
    if (clips->count == 0) return ERR_NONE;
    Interval interval = interval_mean(clips->mean, moments_sd(clips), (int64_t)clips->count);
    return result_add_metric(result, "motion", clips->mean, "levels", (int64_t)clips->count, interval.low,
                             interval.high, "t 95%");
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
