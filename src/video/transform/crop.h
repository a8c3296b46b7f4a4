/* video/transform/crop - where to cut a clip: one box for all its frames.
 *
 * video/transform/resize takes boxes, and crop_copy cuts them out. Random boxes draw from the given stream in the
 * stated order, so a box depends on the stream alone. */
#pragma once

#include "math/rng.h"
#include "video/frames/clip.h"

/* VideoMAE's GroupMultiScaleCrop (pre-training): sides int(min(height, width) * {1, .875, .75, .66}), one within 2
 * pixels of `size` becomes `size`; one of the 10 pairs (w, h) at most one step apart (first draw), at one of 13 offsets
 * on a quarter grid (second draw). Differs from the original where a side would exceed the frame: it is held inside. */
Box crop_multi_scale(int height, int width, int size, Rng *rng);

/* VideoMAE's random resized crop (fine-tuning): up to 10 tries of an area share uniform in [0.08, 1) and an aspect
 * ratio w/h log-uniform in [3/4, 4/3), then the position (draws: area, aspect, y, x); otherwise the largest centered
 * box within the aspect limits. */
Box crop_random_resized(int height, int width, Rng *rng);

/* `height` x `width` pixels in the middle, rounded down toward the origin; the frame must be at least as large. */
Box crop_center(int frame_height, int frame_width, int height, int width);
/* The largest square in the middle. */
Box crop_square(int frame_height, int frame_width);
/* Square `crop` of `n_crops` along the longer side at floor(crop * (long - size) / (n_crops - 1)), as in testing;
 * the middle of a single one. The short side must be `size`. */
Box crop_of_several(int frame_height, int frame_width, int size, int crop, int n_crops);

CHECKED Err crop_copy(Frames *out, const Frames *in, Box box);
