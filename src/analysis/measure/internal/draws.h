/* analysis/measure/draws - which frames of which videos a statistic looks at.
 *
 * A draw is one video and `per_draw` frame numbers of it. Draws are a pure function of the source and the seed, in
 * canonical order (by video, then by frames), and are the same on every rank. Three plans: single frames uniformly
 * without replacement from the union of all frames; clips, one a video, of videos drawn without replacement; frames
 * spread evenly over such videos. */
#pragma once

#include "video/frames/source.h"

typedef struct {
    int per_draw;
    int64_t count;
    int64_t *videos; /* (count) */
    int *frames;     /* (count, per_draw) */
} Draws;

/* Frames of all videos together, and the smallest short side. Reads every video's info once. */
typedef struct {
    int64_t videos, frames;
    int short_side;
} SourceExtent;
CHECKED Err draws_extent(SourceExtent *extent, const ClipSource *source);

/* n of the extent.frames frames (Knuth's selection sampling, one pass); n <= extent.frames. */
CHECKED Err draws_frames(Draws *draws, const ClipSource *source, const SourceExtent *extent, int64_t n, uint64_t seed);
/* n of the videos, in each a clip of n_frames at `stride` from a random start (video/frames/sample, pre-training rule).
 */
CHECKED Err draws_clips(Draws *draws, const ClipSource *source, int64_t n, int n_frames, int stride, uint64_t seed);
/* The same videos as draws_clips, in each n_frames frames at the centers of as many equal parts. */
CHECKED Err draws_spread(Draws *draws, const ClipSource *source, int64_t n, int n_frames, uint64_t seed);
/* Brings draws of any order into the canonical one. */
CHECKED Err draws_sort(Draws *draws);
void draws_free(Draws *draws);
