/* video/media/orient - frames as they are to be seen: cameras store them as the sensor lies and note how to turn them.
 *
 * The note is a display matrix of the stream (MP4, MOV: rotation) or of the frame (JPEG: Exif orientation), or the
 * orientation as Exif numbers it (PNG, WebP, TIFF). Quarter turns, to a degree, and mirror images are applied, other
 * angles and everything else about the matrix are not. For files of this folder only. */
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    bool swap;           /* rows become columns */
    bool flip_x, flip_y; /* of the stored frame */
} Orientation;

/* The frame's own matrix goes before the stream's, and both before a number as of Exif, 0 or 1 to 8
 * (video/media/internal/still.h). */
Orientation orient_of(const AVStream *stream, const AVFrame *frame, int exif);
bool orient_is_plain(Orientation orientation);
/* in: (height, width, 3) as stored -> out: (width, height, 3) with swap, otherwise (height, width, 3). */
void orient_apply(uint8_t *out, const uint8_t *in, int height, int width, Orientation orientation);
