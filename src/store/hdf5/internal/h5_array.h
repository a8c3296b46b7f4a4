/* store/hdf5/h5_array - arrays of a file of store/hdf5/h5, whole or by boxes. */
#pragma once

#include "store/hdf5/internal/h5_library.h"

#include <stdint.h>

enum { H5_DIMS = 5 };

typedef enum { H5_U8, H5_I32, H5_I64, H5_F32 } H5Kind;

/* What an array is, for creating it and for checking one that was found. */
typedef struct {
    const char *name; /* "/frames"; missing groups are made */
    H5Kind kind;
    int n_dims;
    int64_t dims[H5_DIMS];
    const char *labels[H5_DIMS]; /* what each dimension counts */
    const char *description, *units;
    int64_t tile[H5_DIMS]; /* tile[0] > 0: stored in deflated tiles of this shape; else contiguous, space reserved */
} H5Array;

int64_t h5_count(const H5Array *array);

/* Creates the array and leaves it open (h5_array_close). Contiguous ones have their place in the file at once. */
CHECKED Err h5_array_create(hid_t *dataset, const H5File *file, const H5Array *array);
/* Creates and writes all of it. */
CHECKED Err h5_array_put(const H5File *file, const H5Array *array, const void *data);
/* Opens, and fills kind, n_dims and dims of *array, whose name is given. ERR_INPUT: kinds other than ours, values that
 * are not in this file (links, external storage) or fewer than the shape says. */
CHECKED Err h5_array_open(hid_t *dataset, H5Array *array, const H5File *file, const char *name);
/* Tiles that are still in the cache are written. Before an array of tiles is closed: closing one that cannot be written
 * would lose it without a word. */
CHECKED Err h5_array_flush(const H5File *file, hid_t dataset);
void h5_array_close(hid_t dataset); /* fine with 0 */
/* Opens, checks kind and n_dims, and dims where `expected` has no -1; reads all of it into *data (malloc'd). */
CHECKED Err h5_array_get(void **data, H5Array *expected, const H5File *file);

/* A box of an array: `start` and `count` have n_dims entries; `data` is dense. */
CHECKED Err h5_box_write(const H5File *file, hid_t dataset, const H5Array *array, const int64_t *start,
                         const int64_t *count, const void *data);
CHECKED Err h5_box_read(const H5File *file, hid_t dataset, const H5Array *array, const int64_t *start,
                        const int64_t *count, void *data);
