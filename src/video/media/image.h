/* video/media/image - still pictures in and out.
 *
 * Reads whatever FFmpeg's decoders open (PNG, JPEG, WebP, BMP, TIFF, PNM, GIF, ... gray, palette, alpha, CMYK, 16 bit)
 * as one frame of RGB, 8 bit; conversions and limits as video/media/decode. Writes PNG (lossless, the same bytes for
 * the same pixels). Encoded bytes are malloc'd; the caller frees. */
#pragma once

#include "base/failure/err.h"
#include "video/frames/clip.h"

#include <stdint.h>

/* out->n_frames is 1. ERR_INPUT: missing, empty, not an image. */
CHECKED Err image_read(Frames *out, const char *path);

CHECKED Err image_encode_png(uint8_t **bytes, size_t *length, const Frames *frames, int frame);
/* Appears whole. */
CHECKED Err image_write_png(const char *path, const Frames *frames, int frame);

/* What JPEG leaves of a frame: compressed and decompressed in memory by libjpeg-turbo.
 *
 * Baseline, 4:2:0, the tables of libjpeg's quality 1..100, accurate transforms and smooth chroma in both directions:
 * the same bytes as Pillow's save(quality=...) and load. FFmpeg's encoder cannot stand in: it keeps the DC quantizer at
 * 8, where quality 25 asks for 32. */

/* rgb: (height, width, 3), in place. */
CHECKED Err jpeg_recode(uint8_t *rgb, int height, int width, int quality);
