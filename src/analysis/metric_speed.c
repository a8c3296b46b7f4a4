/* Speeds of what is seen, from block matching between neighboring frames of a clip, as shares of the matched blocks.
 * Lengths are in pixels of a frame 256 wide, whatever the side looked at, a step of the clip (frame_stride frames). */
#include "analysis/blockmatch.h"
#include "analysis/metric.h"

#include <math.h>

enum { SPEED_BINS = 33, SPEED_WIDTH = 256 }; /* bin i: speeds that round to i; the last one: beyond */

typedef struct {
    double plain, lost, matched, sum;
    double bins[SPEED_BINS];
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

static void add_counts(SpeedState *state, const BlockCounts *counts, const SpeedScratch *scratch) {
    state->plain += counts->plain;
    state->lost += counts->lost;
    state->matched += counts->matched;
    for (int square = 0; square <= scratch->radius * scratch->radius; square++) {
        if (counts->by_square[square] == 0) continue;
        double speed = sqrt(square) * SPEED_WIDTH / scratch->side;
        int bin = (int)fmin(floor(speed + 0.5), SPEED_BINS - 1);
        state->sum += counts->by_square[square] * speed;
        state->bins[bin] += counts->by_square[square];
    }
}

static Err speed_sample(double *state, void *scratch, const Frames *frames) {
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

static void speed_merge(double *into, const double *from) {
    for (size_t i = 0; i < sizeof(SpeedState) / sizeof(double); i++) into[i] += from[i];
}

static double mean_speed(const double *state, const double *reference) {
    (void)reference;
    const SpeedState *sums = (const SpeedState *)state;
    return sums->matched > 0 ? sums->sum / sums->matched : NAN;
}

static double still_share(const double *state, const double *reference) {
    (void)reference;
    const SpeedState *sums = (const SpeedState *)state;
    return sums->matched > 0 ? sums->bins[0] / sums->matched : NAN;
}

/* Of blocks that have contrast. */
static double lost_share(const double *state, const double *reference) {
    (void)reference;
    const SpeedState *sums = (const SpeedState *)state;
    return sums->matched + sums->lost > 0 ? sums->lost / (sums->matched + sums->lost) : NAN;
}

/* The histogram of rounded speeds, in shares of the matched blocks. */
static Err add_histogram(Result *result, const SpeedState *sums) {
    static const struct {
        const char *name;
        int first, end;
    } bins[] = {{"speed_1_3", 1, 4}, {"speed_4_7", 4, 8}, {"speed_8_up", 8, SPEED_BINS}};
    for (size_t i = 0; sums->matched > 0 && i < sizeof bins / sizeof *bins; i++) {
        double blocks = 0;
        for (int bin = bins[i].first; bin < bins[i].end; bin++) blocks += sums->bins[bin];
        TRY(result_add_metric(result, bins[i].name, blocks / sums->matched, "", (int64_t)sums->matched, NAN, NAN, ""));
    }
    return ERR_NONE;
}

static Err speed_finish(Result *result, const MetricData *data, const MetricData *reference) {
    (void)reference;
    const SpeedState *sums = (const SpeedState *)data->state;
    int64_t matched = (int64_t)sums->matched;
    TRY(metric_add(result, &speed_metric, "speed", "px/256", matched, mean_speed, data, NULL));
    TRY(metric_add(result, &speed_metric, "speed_still", "", matched, still_share, data, NULL));
    TRY(metric_add(result, &speed_metric, "speed_lost", "", (int64_t)(sums->matched + sums->lost), lost_share, data,
                   NULL));
    return add_histogram(result, sums);
}

const Metric speed_metric = {
    .name = "speed",
    .summary = "speeds of 16-pixel blocks by block matching: mean, histogram, share that stands still",
    .input = METRIC_CLIPS,
    .state_doubles = sizeof(SpeedState) / sizeof(double),
    .scratch_new = speed_scratch_new,
    .scratch_free = speed_scratch_free,
    .sample = speed_sample,
    .merge = speed_merge,
    .finish = speed_finish,
};
