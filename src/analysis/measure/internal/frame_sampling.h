/* analysis/measure/frame_sampling - which frames of which videos a statistic looks at.
 *
 * A draw is one video and `per_draw` frame numbers of it. FrameSampling are a pure function of the source and the seed,
 * in canonical order (by video, then by frames), and are the same on every rank. Three plans: single frames uniformly
 * without replacement from the union of all frames; clips, one a video, of videos drawn without replacement; frames
 * spread evenly over such videos. */
#pragma once

#include "video/frames/source.h"

typedef struct {
    int per_draw;
    int64_t count;
    int64_t *videos; /* (count) */
    int *frames;     /* (count, per_draw) */
} FrameSampling;

/* Frames of all videos together, and the smallest short side. Reads every video's info once. */
typedef struct {
    int64_t videos, frames;
    int short_side;
} SourceExtent;
CHECKED Err frame_sampling_extent(SourceExtent *extent, const ClipSource *source);

/* n of the extent.frames frames (Knuth's selection sampling, one pass); n <= extent.frames. */
CHECKED Err frame_sampling_frames(FrameSampling *draws, const ClipSource *source, const SourceExtent *extent, int64_t n,
                                  uint64_t seed);
/* n of the videos, in each a clip of n_frames at `stride` from a random start (video/frames/sample, pre-training rule).
 */
CHECKED Err frame_sampling_clips(FrameSampling *draws, const ClipSource *source, int64_t n, int n_frames, int stride,
                                 uint64_t seed);
/* The same videos as frame_sampling_clips, in each n_frames frames at the centers of as many equal parts. */
CHECKED Err frame_sampling_spread(FrameSampling *draws, const ClipSource *source, int64_t n, int n_frames,
                                  uint64_t seed);
/* Brings draws of any order into the canonical one. */
CHECKED Err frame_sampling_sort(FrameSampling *draws);
void frame_sampling_free(FrameSampling *draws);
