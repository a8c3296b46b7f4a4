/* video/transform/imageop - changes of color and sharpness, each frame by itself, bit for bit as Pillow's ImageOps and
 * ImageEnhance do them. All work in place.
 *
 * The enhancements blend with a degenerate image: out = degenerate + factor * (in - degenerate), cut to 0..255 and
 * truncated; a factor above 1 extrapolates. Gray is Pillow's "L": (19595 R + 38470 G + 7471 B + 32768) >> 16. */
#pragma once

#include "video/frames/clip.h"

void imageop_auto_contrast(Frames *frames); /* each channel stretched from its darkest and brightest value to 0..255 */
void imageop_equalize(Frames *frames);      /* each channel to a flat histogram */
void imageop_invert(Frames *frames);
void imageop_posterize(Frames *frames, int bits);             /* keeps the top bits, 0..8 */
void imageop_solarize(Frames *frames, int threshold);         /* inverts values >= threshold */
void imageop_solarize_add(Frames *frames, int addition);      /* adds to values below 128, at most 255 */
void imageop_color(Frames *frames, double factor);            /* with the gray image */
void imageop_contrast(Frames *frames, double factor);         /* with the mean gray */
void imageop_brightness(Frames *frames, double factor);       /* with black */
CHECKED Err imageop_sharpness(Frames *frames, double factor); /* with the image smoothed by 3x3 weights 1, center 5 */

/* Affine maps of frames with bicubic interpolation, bit for bit as Pillow's Image.transform and
 * Image.rotate: the center of an output pixel is mapped into the input, positions outside give gray 128. Pillow's
 * bicubic kernel here has a = -1 (unlike the one of its resize). In place, the size stays. */

/* x_in = xx x + xy y + x0; y_in = yx x + yy y + y0. */
typedef struct {
    double xx, xy, x0, yx, yy, y0;
} Affine;

CHECKED Err warp_affine(Frames *frames, Affine map);
/* Counter-clockwise about the center. */
CHECKED Err warp_rotate(Frames *frames, double degrees);
