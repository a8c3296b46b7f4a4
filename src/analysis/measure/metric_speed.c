/* Speeds of what is seen, from block matching between neighboring frames of a clip, as shares of the matched blocks.
 * Lengths are in pixels of a frame 256 wide, whatever the side looked at, a step of the clip (frame_stride frames). */
#include "analysis/measure/internal/formulas.h"
#include "analysis/measure/metric.h"

#include <math.h>

enum { SPEED_BINS = 33, SPEED_WIDTH = 256 }; /* bin i: speeds that round to i; the last one: beyond */

typedef struct {
    ExactSum plain, lost, matched; /* blocks */
    ExactSum speeds;               /* of matched blocks */
    ExactSum bins[SPEED_BINS];
} SpeedState;

typedef struct {
    int side, radius;
    uint8_t *gray[2];
} SpeedScratch;

static void speed_scratch_free(void *scratch) {
    SpeedScratch *made = scratch;
    free(made->gray[0]);
    free(made);
}

/* Two gray frames in one piece of memory. */
static Err speed_scratch_new(void **scratch, int side) {
    SpeedScratch *made = *scratch = calloc(1, sizeof *made);
    size_t pixels = (size_t)side * (size_t)side;
    if (made) made->gray[0] = malloc(2 * pixels);
    if (!made || !made->gray[0]) return RAISE(ERR_MEMORY, "speeds in squares of %d: no memory", side);
    made->gray[1] = made->gray[0] + pixels;
    made->side = side;
    /* A sixteenth of the side: four frames at the paper's fastest, 3 pixels of 256 a frame, and some more. */
    made->radius = side / 16 < BLOCK_RADIUS_MAX ? side / 16 : BLOCK_RADIUS_MAX;
    return ERR_NONE;
}

/* From squared lengths in pixels looked at to speeds at a width of SPEED_WIDTH. */
static void add_counts(SpeedState *state, const BlockCounts *counts, const SpeedScratch *scratch) {
    exactsum_add(&state->plain, counts->plain);
    exactsum_add(&state->lost, counts->lost);
    exactsum_add(&state->matched, counts->matched);
    for (int square = 0; square <= scratch->radius * scratch->radius; square++) {
        if (counts->by_square[square] == 0) continue;
        double speed = sqrt(square) * SPEED_WIDTH / scratch->side;
        int bin = (int)fmin(floor(speed + 0.5), SPEED_BINS - 1);
        exactsum_add(&state->speeds, counts->by_square[square] * speed);
        exactsum_add(&state->bins[bin], counts->by_square[square]);
    }
}

/* Two buffers take turns: each frame becomes gray once. */
static Err speed_sample(ExactSum *state, void *scratch, const Frames *frames) {
    SpeedScratch *buffers = scratch;
    BlockCounts counts = {0};
    size_t pixels = (size_t)buffers->side * (size_t)buffers->side;
    blockmatch_gray(buffers->gray[0], frames_at(frames, 0), pixels);
    for (int t = 1; t < frames->n_frames; t++) {
        blockmatch_gray(buffers->gray[t % 2], frames_at(frames, t), pixels);
        blockmatch_pair(&counts, buffers->gray[(t + 1) % 2], buffers->gray[t % 2], buffers->side, buffers->side,
                        buffers->radius);
    }
    add_counts((SpeedState *)state, &counts, buffers);
    return ERR_NONE;
}

/* NAN where there is nothing to have a share of. */
static double share_of(ExactSum part, ExactSum whole) {
    return whole > 0 ? exactsum_value(part) / exactsum_value(whole) : NAN;
}

/* Of matched blocks: what stands still counts, what was lost or has no contrast does not. */
static double mean_speed(const ExactSum *state) {
    const SpeedState *sums = (const SpeedState *)state;
    return share_of(sums->speeds, sums->matched);
}

/* Of blocks that have contrast. */
static double lost_share(const ExactSum *state) {
    const SpeedState *sums = (const SpeedState *)state;
    return share_of(sums->lost, sums->matched + sums->lost);
}

/* Of matched blocks, those with speeds of the bins [first, end). */
static double bins_share(const ExactSum *state, int first, int end) {
    const SpeedState *sums = (const SpeedState *)state;
    ExactSum blocks = 0;
    for (int bin = first; bin < end; bin++) blocks += sums->bins[bin];
    return share_of(blocks, sums->matched);
}

/* Below half a pixel. */
static double still_share(const ExactSum *state) {
    return bins_share(state, 0, 1);
}

static double slow_share(const ExactSum *state) {
    return bins_share(state, 1, 4);
}

static double middle_share(const ExactSum *state) {
    return bins_share(state, 4, 8);
}

static double fast_share(const ExactSum *state) {
    return bins_share(state, 8, SPEED_BINS);
}

/* The shares of still, slow, middle and fast blocks add up to 1. */
static Err speed_finish(Result *result, const MetricData *data, const MetricData *reference) {
    (void)reference;
    const SpeedState *sums = (const SpeedState *)data->state;
    const Metric *metric = &speed_metric;
    int64_t matched = (int64_t)exactsum_value(sums->matched), lost = (int64_t)exactsum_value(sums->lost);
    TRY(metric_add(result, metric, "speed", "px/256", matched, mean_speed, data));
    TRY(metric_add(result, metric, "speed_still", "", matched, still_share, data));
    TRY(metric_add(result, metric, "speed_1_3", "", matched, slow_share, data));
    TRY(metric_add(result, metric, "speed_4_7", "", matched, middle_share, data));
    TRY(metric_add(result, metric, "speed_8_up", "", matched, fast_share, data));
    return metric_add(result, metric, "speed_lost", "", matched + lost, lost_share, data);
}

const Metric speed_metric = {
    .name = "speed",
    .summary = "speeds of 16-pixel blocks by block matching: mean, histogram, share that stands still",
    .input = METRIC_CLIPS,
    .state_sums = sizeof(SpeedState) / sizeof(ExactSum),
    .scratch_new = speed_scratch_new,
    .scratch_free = speed_scratch_free,
    .sample = speed_sample,
    .finish = speed_finish,
};
