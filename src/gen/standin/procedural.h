/* gen/standin/procedural - pictures that stand for photographs where none are at hand.
 *
 * Sky and ground, colored noise whose amplitude falls with frequency as in photographs (value noise, octave by octave),
 * and shaded blobs under one light, large ones behind small ones. Number n is always the same scene; a larger side
 * shows it with more detail. Never called a photograph in what users read: manifests say "procedural". */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

enum { PROCEDURAL_SIDE_MAX = 1024 };

/* image: (side, side, 3), side a power of two in 16..PROCEDURAL_SIDE_MAX. */
CHECKED Err procedural_draw(uint8_t *image, int side, uint64_t number);
