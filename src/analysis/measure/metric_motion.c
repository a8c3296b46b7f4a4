/* How much moves: the mean absolute difference of neighboring frames of a clip, in 8-bit levels, over pixels and
 * channels. */
#include "analysis/measure/metric.h"

#include <math.h>

typedef struct {
    ExactSum clips, differences; /* the latter: of a clip's mean */
} MotionState;

/* Differences of a clip in integers: 255 levels times the bytes of a clip fit 64 bits many times over. */
static Err motion_sample(ExactSum *state, void *scratch, const Frames *frames) {
    (void)scratch;
    MotionState *sums = (MotionState *)state;
    size_t bytes = frames_frame_bytes(frames);
    uint64_t sum = 0;
    for (int t = 0; t + 1 < frames->n_frames; t++) {
        const uint8_t *a = frames_at(frames, t), *b = frames_at(frames, t + 1);
        for (size_t i = 0; i < bytes; i++) sum += (uint64_t)(a[i] > b[i] ? a[i] - b[i] : b[i] - a[i]);
    }
    if (frames->n_frames < 2) return ERR_NONE;
    exactsum_add(&sums->clips, 1);
    exactsum_add(&sums->differences, (double)sum / (double)bytes / (frames->n_frames - 1));
    return ERR_NONE;
}

/* Over clips, each of equal weight however many frames it has. */
static double motion_mean(const ExactSum *state) {
    const MotionState *sums = (const MotionState *)state;
    return sums->clips > 0 ? exactsum_value(sums->differences) / exactsum_value(sums->clips) : NAN;
}

static Err motion_finish(Result *result, const MetricData *data, const MetricData *reference) {
    (void)reference;
    int64_t clips = (int64_t)exactsum_value(((const MotionState *)data->state)->clips);
    return metric_add(result, &motion_metric, "motion", "levels", clips, motion_mean, data);
}

const Metric motion_metric = {
    .name = "motion",
    .summary = "mean absolute difference of neighboring clip frames, 8-bit levels",
    .input = METRIC_CLIPS,
    .state_sums = sizeof(MotionState) / sizeof(ExactSum),
    .sample = motion_sample,
    .finish = motion_finish,
};
