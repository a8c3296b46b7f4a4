/* Which frames of a video a clip takes, with the arithmetic of the official code (VideoMAE's
 * datasets of pre-training and fine-tuning), rounding and off-by-ones included: other frames would be another protocol.
 */
#include "video/frames/sample.h"

#include "base/failure/err.h"
#include "base/system/minmax.h"

void sample_pretrain(int *numbers, int count, int stride, int n_frames, Rng *rng) {
    ASSERT(count > 0 && stride > 0 && n_frames > 0);
    int span = count * stride;
    int frame = n_frames >= span ? (int)rng_below(rng, (uint32_t)(n_frames - span + 1)) : 0;
    for (int i = 0; i < count; i++) {
        numbers[i] = frame;
        /* The original counts from 1, so the step is refused one frame earlier than it need be. */
        if (frame + 1 + stride < n_frames) frame += stride;
    }
}

/* numpy.linspace(low, high, count) in its own order of operations, truncated and held inside 0-based [first, last]. */
static void spread_evenly(int *numbers, int count, double low, double high, int first, int last) {
    double step = count > 1 ? (high - low) / (count - 1) : 0;
    for (int i = 0; i < count; i++) {
        /* linspace sets its last number, which rounding might miss */
        double at = i == count - 1 && count > 1 ? high : i * step + low;
        if (at < first) at = first;
        if (at > last) at = last;
        numbers[i] = (int)at;
    }
}

void sample_finetune(int *numbers, int count, int stride, int n_frames, Rng *rng) {
    ASSERT(count > 0 && stride > 0 && n_frames > 0);
    int span = count * stride;
    if (n_frames > span) {
        int end = rng_between(rng, span, n_frames - 1), start = end - span;
        spread_evenly(numbers, count, start, end, start, end - 1);
        return;
    }
    /* a short video: every stride-th frame over all of it, then its last frame again */
    int n_spread = n_frames / stride;
    spread_evenly(numbers, n_spread, 0, n_frames, 0, n_frames - 1);
    for (int i = n_spread; i < count; i++) numbers[i] = n_frames - 1;
}

void sample_test_entries(int *places, int count, int n_entries, int clip, int n_clips) {
    ASSERT(count > 0 && n_entries > 0 && clip >= 0 && clip < n_clips);
    int spare = n_entries > count ? n_entries - count : 0;
    /* clips spread evenly over the spare entries; a single one stands in the middle */
    int start = n_clips > 1 ? (int)(clip * ((double)spare / (n_clips - 1))) : spare / 2;
    for (int i = 0; i < count; i++) places[i] = min_int(start + i, n_entries - 1);
}

void sample_test(int *numbers, int count, int stride, int n_frames, int clip, int n_clips) {
    ASSERT(stride > 0 && n_frames > 0);
    sample_test_entries(numbers, count, (n_frames + stride - 1) / stride, clip, n_clips);
    for (int i = 0; i < count; i++) numbers[i] *= stride;
}
