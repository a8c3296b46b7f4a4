/* video/media/still - what FFmpeg's decoders of still pictures do not see, or take too seriously.
 *
 * A picture file goes to its decoder as one packet, and the decoder is told to give up at the first error, because half
 * a photograph and gray below is no photograph. That must not make it give up over things that say nothing about
 * pixels: a TIFF's tags of resolution or of the camera, a PNG's comments with a wrong checksum. still_prepare takes
 * those out of the packet, and reads on the way what else decides how the picture is to be seen:
 *
 *   orientation  Exif's number 1 to 8, from TIFF's tag 274, PNG's eXIf and WebP's EXIF chunk (JPEG's is FFmpeg's task)
 *   alpha        whether the fourth channel is one: not with a BMP whose header reserves the byte (BI_RGB), a TGA that
 *                claims no alpha bits, or a TIFF that says the extra sample is something else or is multiplied in
 * already
 *
 * Sources: TIFF 6.0, PNG 1.2 with its extensions, WebP container specification, Truevision TGA 2.0, Microsoft's
 * BITMAPINFOHEADER. For files of this folder only. */
#pragma once

#include "base/failure/err.h"

#include <libavcodec/avcodec.h>
#include <stdbool.h>

typedef struct {
    int orientation; /* 1 to 8 as in Exif; 0: none named */
    bool no_alpha;   /* the fourth channel is not one */
    bool full_range; /* YCbCr of a TIFF, unless it names a black above 0 */
} StillFacts;

/* Changes the packet's bytes, never its place in memory. ERR_INPUT: a TIFF whose first picture is a thumbnail, as raw
 * photographs of cameras are; a tiled one; a file that ends within its picture. */
CHECKED Err still_prepare(StillFacts *facts, AVPacket *packet, enum AVCodecID codec, const char *name);
