/* video/media/jpeg - what JPEG leaves of a frame: compressed and decompressed in memory by libjpeg-turbo.
 *
 * Baseline, 4:2:0, the tables of libjpeg's quality 1..100, accurate transforms and smooth chroma in both directions:
 * the same bytes as Pillow's save(quality=...) and load. FFmpeg's encoder cannot stand in: it keeps the DC quantizer at
 * 8, where quality 25 asks for 32. */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

/* rgb: (height, width, 3), in place. */
CHECKED Err jpeg_recode(uint8_t *rgb, int height, int width, int quality);
