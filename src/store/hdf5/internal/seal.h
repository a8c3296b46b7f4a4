/* store/hdf5/seal - a digest of what holds an HDF5 file together, behind its end, checked before the library looks
 * inside.
 *
 * HDF5 believes its own structures, and some flipped bits in them crash it. So the bytes outside of the large arrays
 * (whose values have digests of their own) are digested: names, shapes, attributes, addresses. The seal stands behind
 * what HDF5 wrote, where HDF5 does not look; all integers little-endian:
 *     n x (first byte, byte behind the last) of what is left out, uint64, ascending
 *     32 hex digits: XXH3-128 of all other bytes, of this table, and of n
 *     n, uint64; "SYNVSEAL"
 * It tells damage, not forgery. Local calls. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t begin, end;
} SealRange;

/* Appends a seal to a closed file. `ranges`, in any order, are left out of it; they are sorted in place. */
CHECKED Err seal_write(const char *path, SealRange *ranges, int n_ranges);
/* ERR_INPUT when the file has a seal that is not its own. A file without one, or that cannot be opened, passes with
 * *sealed false: what is wrong with it is for others to say. */
CHECKED Err seal_check(bool *sealed, const char *path);
