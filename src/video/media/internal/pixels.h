/* video/media/pixels - FFmpeg's frames of any pixel format to RGB, 8 bit, and back. For files of this folder only.
 *
 * All conversions run with accurate rounding and full chroma, so that bytes repeat across machines.
 * The matrix is the one the frame names, BT.601 when it names none; the range is the one it names, limited for YUV when
 * it names none. Transparent pixels are composited over black: what lies hidden under alpha zero is not part of the
 * picture. */
#pragma once

#include "base/failure/err.h"

#include <libavutil/frame.h>
#include <stdint.h>

struct SwsContext;

/* rgb: (height, width, 3), at that size: a frame of another size is scaled. *context is kept between calls; start from
 * NULL, free with pixels_free. */
CHECKED Err pixels_to_rgb(uint8_t *rgb, int height, int width, const AVFrame *frame, struct SwsContext **context);
/* Into an allocated frame of the same size. */
CHECKED Err pixels_from_rgb(AVFrame *frame, const uint8_t *rgb, struct SwsContext **context);
void pixels_free(struct SwsContext **context);
