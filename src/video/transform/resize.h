/* video/transform/resize - new sizes for all frames of a clip.
 *
 * All take a box of the input (NULL: all of it); pixels outside the box are never read, as if it had been cut out
 * first. `out` is reshaped to (in->n_frames, height, width) and must not be `in`. Sizes are at least 1. */
#pragma once

#include "video/frames/clip.h"

/* Pillow's Image.resize(BILINEAR), bit for bit: a triangle filter whose support widens when shrinking, in two passes
 * rounded to 8 bits between, horizontal first, 22-bit fixed point coefficients (Pillow, libImaging/Resample.c). */
CHECKED Err resize_antialiased(Frames *out, const Frames *in, const Box *box, int height, int width);

/* OpenCV's resize(INTER_LINEAR) on 8 bits: half-pixel centers, two neighbors in each direction whatever the ratio,
 * 11-bit coefficients (opencv, modules/imgproc/src/resize.cpp). */
CHECKED Err resize_bilinear(Frames *out, const Frames *in, const Box *box, int height, int width);

/* The same without rounding: torch's interpolate(mode="bilinear", align_corners=False). out: (in->n_frames, height,
 * width, 3) floats in [0, 255]. */
CHECKED Err resize_bilinear_floats(float *out, const Frames *in, const Box *box, int height, int width);

/* OpenCV's INTER_NEAREST: output x reads input floor(x * in / out). */
CHECKED Err resize_nearest(Frames *out, const Frames *in, const Box *box, int height, int width);

/* The size with the short side at `side` and the long side truncated, as OpenCV users write it: floor(side * long /
 * short). */
void resize_short_side(int *out_height, int *out_width, int height, int width, int side);

/* Frames of any shape as the square that the program works with: the largest one in the
 * middle, resized with an antialiasing triangle filter (video/transform/resize.h). */

/* `out` is reshaped to (in->n_frames, size, size). */
CHECKED Err square_of(Frames *out, const Frames *in, int size);
