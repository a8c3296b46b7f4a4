/* store/hdf5/hyperslab - a range of a flat vector as boxes of a shaped array.
 *
 * A rank's slice of the flat parameter vector begins and ends anywhere in a tensor. Elements [begin, end) of a dense
 * row-major array are at most 2 * n_dims - 1 boxes: a partial row, whole rows, a partial row, on each level. */
#pragma once

#include <stdint.h>

/* The largest box that starts at element `at` and stays below `end` (at < end <= product of dims): start and count of
 * n_dims entries. Returns its number of elements. */
int64_t hyperslab_box(int64_t *start, int64_t *count, const int64_t *dims, int n_dims, int64_t at, int64_t end);
