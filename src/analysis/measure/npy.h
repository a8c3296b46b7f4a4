/* analysis/measure/npy - a float matrix as a NumPy file (format 1.0), so that cached features open in any notebook. */
#pragma once

#include "base/failure/err.h"

/* rows (count, dims), little-endian float32, C order; written whole. */
CHECKED Err npy_write(const char *path, const float *rows, size_t count, int dims);
/* Any float32 matrix in NumPy format; everything else is ERR_INPUT. *rows is malloc'd. */
CHECKED Err npy_read(float **rows, size_t *count, int *dims, const char *path);
