/* video/transform/warp - affine maps of frames with bicubic interpolation, bit for bit as Pillow's Image.transform and
 * Image.rotate: the center of an output pixel is mapped into the input, positions outside give gray 128. Pillow's
 * bicubic kernel here has a = -1 (unlike the one of its resize). In place, the size stays. */
#pragma once

#include "video/frames/clip.h"

/* x_in = xx x + xy y + x0; y_in = yx x + yy y + y0. */
typedef struct {
    double xx, xy, x0, yx, yy, y0;
} Affine;

CHECKED Err warp_affine(Frames *frames, Affine map);
/* Counter-clockwise about the center. */
CHECKED Err warp_rotate(Frames *frames, double degrees);
