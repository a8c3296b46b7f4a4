/* store/data/internal/pool_format - what the writer and the reader of a pool must agree on. */
#pragma once

#include "base/system/digest.h"
#include "store/data/pool.h"
#include "store/hdf5/h5.h"

#define POOL_SCHEMA "synvid.pool"
/* A file has the lower of the two that can hold it, so that what was always written stays as it was. */
enum { POOL_VERSION_ONE_SIZE = 1, POOL_VERSION_SIZES = 2 };

H5Array pool_image_array(int64_t count, int64_t height, int64_t width); /* version 1 */
H5Array pool_pixels_array(int64_t bytes);                               /* version 2, as the next two */
H5Array pool_image_size_array(int64_t count);
H5Array pool_image_start_array(int64_t count);

/* Begins the digest of a pool: pixels are to be added, in order. */
CHECKED Err pool_digest_new(Digest **digest, int count, int height, int width, const PoolSize *sizes);
