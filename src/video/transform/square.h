/* video/transform/square - frames of any shape as the square that the program works with: the largest one in the
 * middle, resized with an antialiasing triangle filter (video/transform/resize.h). */
#pragma once

#include "video/frames/clip.h"

/* `out` is reshaped to (in->n_frames, size, size). */
CHECKED Err square_of(Frames *out, const Frames *in, int size);
