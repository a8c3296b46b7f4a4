/* par/internal/wire - parameters on their way between nodes: floats, and 16-bit numbers where the caller said so
 * (reduce_shorten).
 *
 * A vector on the wire has its elements in order, four or two bytes each, so that a range of floats is a range of
 * bytes. A NULL wire is the vector itself. */
#pragma once

#include "par/reduce.h"

typedef struct Wire Wire;

/* The spans are copied. */
CHECKED Err wire_new(Wire **wire, const ReduceShort *how, int threads);
void wire_free(Wire **wire); /* fine with NULL inside */

/* Bytes before element `index`. */
int64_t wire_at(const Wire *wire, int64_t index);
/* Elements of `range` to their place in `bytes`, and back. */
void wire_write(const Wire *wire, char *bytes, const float *params, Share range);
void wire_read(const Wire *wire, float *params, const char *bytes, Share range);
