/* Which frames of which videos a statistic looks at. Three plans: single frames uniformly without replacement from the
 * union of all frames; clips, one a video, of videos drawn without replacement; frames spread evenly over such videos.
 * Both selections are Knuth's algorithm S: one pass over the candidates, each taken with the probability that is left,
 * so that the draws come out in canonical order and nothing but the counter of one stream is kept. */
#include "analysis/measure/internal/metric_inputs.h"

#include "math/rng.h"
#include "video/frames/sample.h"

/* Streams of RNG_SAMPLE: object tells them apart. */
enum { STREAM_FRAMES, STREAM_VIDEOS, STREAM_STARTS };

/* The smallest short side: every frame can be cut to a square of it without enlarging. */
Err frame_sampling_extent(SourceExtent *extent, const ClipSource *source) {
    *extent = (SourceExtent){.videos = source->count};
    for (int64_t video = 0; video < source->count; video++) {
        VideoInfo info;
        TRY(clip_source_info(source, 0, video, &info));
        int side = info.height < info.width ? info.height : info.width;
        if (video == 0 || side < extent->short_side) extent->short_side = side;
        extent->frames += info.n_frames;
    }
    return ERR_NONE;
}

static Err frame_sampling_new(FrameSampling *draws, int64_t count, int per_draw) {
    *draws = (FrameSampling){.per_draw = per_draw, .count = count};
    draws->videos = malloc((size_t)count * sizeof *draws->videos + 1);
    draws->frames = malloc((size_t)count * (size_t)per_draw * sizeof *draws->frames + 1);
    if (draws->videos && draws->frames) return ERR_NONE;
    frame_sampling_free(draws);
    return RAISE(ERR_MEMORY, "a sample of %lld draws: no memory", (long long)count);
}

void frame_sampling_free(FrameSampling *draws) {
    free(draws->videos);
    free(draws->frames);
    *draws = (FrameSampling){0};
}

/* Knuth, TAOCP 3.4.2, algorithm S: takes the next of `left` candidates when `wanted` are still needed. */
static bool select_next(Rng *rng, int64_t wanted, int64_t left) {
    return rng_unit_double(rng) * (double)left < (double)wanted;
}

Err frame_sampling_frames(FrameSampling *draws, const ClipSource *source, const SourceExtent *extent, int64_t n,
                          uint64_t seed) {
    ASSERT(n <= extent->frames);
    TRY(frame_sampling_new(draws, n, 1));
    Rng rng = rng_stream(seed, RNG_SAMPLE, 0, STREAM_FRAMES);
    int64_t taken = 0, left = extent->frames;
    for (int64_t video = 0; taken < n; video++) {
        VideoInfo info;
        Err err = clip_source_info(source, 0, video, &info);
        if (err) {
            frame_sampling_free(draws);
            return err;
        }
        for (int frame = 0; frame < info.n_frames && taken < n; frame++, left--) {
            if (!select_next(&rng, n - taken, left)) continue;
            draws->videos[taken] = video;
            draws->frames[taken++] = frame;
        }
    }
    return ERR_NONE;
}

/* n of `total` videos, ascending. Clips and spread frames share the stream, so they are of the same videos. */
static void draw_videos(int64_t *videos, int64_t n, int64_t total, uint64_t seed) {
    Rng rng = rng_stream(seed, RNG_SAMPLE, 0, STREAM_VIDEOS);
    int64_t taken = 0;
    for (int64_t video = 0; taken < n; video++)
        if (select_next(&rng, n - taken, total - video)) videos[taken++] = video;
}

/* How frames are taken out of a video that was drawn. */
typedef struct {
    int stride; /* 0: spread evenly */
    uint64_t seed;
} FrameRule;

/* Fills one draw's frame numbers for a video of n_frames. A start has a stream of its video's own. */
static void draw_numbers(int *numbers, int count, const FrameRule *rule, int64_t video, int n_frames) {
    if (rule->stride > 0) {
        Rng rng = rng_stream(rule->seed, RNG_SAMPLE, (uint64_t)video, STREAM_STARTS);
        sample_pretrain(numbers, count, rule->stride, n_frames, &rng);
        return;
    }
    /* centers of `count` equal parts */
    for (int i = 0; i < count; i++) numbers[i] = (int)((2 * (int64_t)i + 1) * n_frames / (2 * count));
}

/* Clips and spread frames: which videos first, then which frames of each. */
static Err draw_by_video(FrameSampling *draws, const ClipSource *source, int64_t n, int n_frames,
                         const FrameRule *rule) {
    ASSERT(n <= source->count);
    TRY(frame_sampling_new(draws, n, n_frames));
    draw_videos(draws->videos, n, source->count, rule->seed);
    for (int64_t i = 0; i < n; i++) {
        VideoInfo info;
        Err err = clip_source_info(source, 0, draws->videos[i], &info);
        if (err) {
            frame_sampling_free(draws);
            return err;
        }
        draw_numbers(draws->frames + i * n_frames, n_frames, rule, draws->videos[i], info.n_frames);
    }
    return ERR_NONE;
}

Err frame_sampling_clips(FrameSampling *draws, const ClipSource *source, int64_t n, int n_frames, int stride,
                         uint64_t seed) {
    return draw_by_video(draws, source, n, n_frames, &(FrameRule){stride, seed});
}

Err frame_sampling_spread(FrameSampling *draws, const ClipSource *source, int64_t n, int n_frames, uint64_t seed) {
    return draw_by_video(draws, source, n, n_frames, &(FrameRule){0, seed});
}

/* ---- canonical order ---- */

typedef struct {
    int64_t video;
    const int *frames;
    int per_draw;
} DrawKey;

static int compare_keys(const void *a, const void *b) {
    const DrawKey *x = a, *y = b;
    if (x->video != y->video) return x->video < y->video ? -1 : 1;
    for (int i = 0; i < x->per_draw; i++)
        if (x->frames[i] != y->frames[i]) return x->frames[i] < y->frames[i] ? -1 : 1;
    return 0;
}

static DrawKey key_of(const FrameSampling *draws, int64_t i) {
    return (DrawKey){draws->videos[i], draws->frames + i * draws->per_draw, draws->per_draw};
}

/* Draws of this file are; a caller's may not be. */
static bool are_sorted(const FrameSampling *draws) {
    for (int64_t i = 1; i < draws->count; i++) {
        DrawKey before = key_of(draws, i - 1), key = key_of(draws, i);
        if (compare_keys(&before, &key) > 0) return false;
    }
    return true;
}

Err frame_sampling_sort(FrameSampling *draws) {
    FrameSampling sorted;
    if (are_sorted(draws)) return ERR_NONE;
    TRY(frame_sampling_new(&sorted, draws->count, draws->per_draw));
    DrawKey *keys = malloc((size_t)draws->count * sizeof *keys);
    if (!keys) {
        frame_sampling_free(&sorted);
        return RAISE(ERR_MEMORY, "ordering %lld draws: no memory", (long long)draws->count);
    }
    for (int64_t i = 0; i < draws->count; i++) keys[i] = key_of(draws, i);
    qsort(keys, (size_t)draws->count, sizeof *keys, compare_keys);
    for (int64_t i = 0; i < draws->count; i++) {
        sorted.videos[i] = keys[i].video;
        memcpy(sorted.frames + i * draws->per_draw, keys[i].frames, (size_t)draws->per_draw * sizeof(int));
    }
    free(keys);
    frame_sampling_free(draws);
    *draws = sorted;
    return ERR_NONE;
}
