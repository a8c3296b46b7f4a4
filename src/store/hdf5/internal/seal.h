/* store/hdf5/internal/seal - a digest of HDF5's own structures in a file, behind the file's end.
 *
 * HDF5 trusts its structures, and some flipped bits in them crash it. So the bytes outside of the large arrays are
 * digested and checked before the library opens the file: names, shapes, attributes, addresses. The values of the
 * arrays have digests of their own. The seal stands behind what HDF5 wrote, where HDF5 does not look; all integers
 * little-endian: n x (first byte, byte behind the last) of what is left out, uint64, ascending 32 hex digits: XXH3-128
 * of all other bytes, of this table, and of n n, uint64; "SYNVSEAL" It shows damage, not forgery. Local calls. */
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
