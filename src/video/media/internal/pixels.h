/* video/media/pixels - FFmpeg's frames of any pixel format to RGB, 8 bit, and back. For files of this folder only.
 *
 * All conversions run with accurate rounding and full chroma, so that bytes repeat across machines.
 * The matrix is the one the frame names, BT.601 when it names none; the range is the one it names, limited for YUV when
 * it names none. For files of this folder only. */
#pragma once

#include "base/failure/err.h"

#include <libavutil/frame.h>
#include <stdint.h>

struct SwsContext;

/* What the fourth channel of a frame is worth. Transparent pixels are composited over black: what lies hidden under
 * alpha zero is not part of the picture. But where a format reserves the byte, or a program never wrote it, there is
 * nothing to see through. */
typedef enum {
    ALPHA_TRUSTED,     /* alpha, even if it is zero everywhere */
    ALPHA_IF_NOT_ZERO, /* none where it is zero everywhere in this frame */
    ALPHA_NONE
} AlphaUse;

/* rgb: (height, width, 3), at that size: a frame of another size is scaled. *context is kept between calls; start from
 * NULL, free with pixels_free. */
CHECKED Err pixels_to_rgb(uint8_t *rgb, int height, int width, const AVFrame *frame, AlphaUse use,
                          struct SwsContext **context);
/* Into an allocated frame of the same size. */
CHECKED Err pixels_from_rgb(AVFrame *frame, const uint8_t *rgb, struct SwsContext **context);
/* The same as OpenCV's writer does it, to 8-bit 4:2:0. `bgr`: memory for a frame. */
CHECKED Err pixels_from_rgb_as_opencv(AVFrame *frame, const uint8_t *rgb, uint8_t *bgr, struct SwsContext **context);
void pixels_free(struct SwsContext **context);
