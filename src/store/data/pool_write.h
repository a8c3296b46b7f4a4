/* store/data/pool_write - makes a pool (store/data/pool.h) image by image, so that nobody has to hold all of them. */
#pragma once

#include "store/data/pool.h"

/* What a pool is, but for its pixels. */
typedef struct {
    const char *path, *kind;
    int count, height, width;
    const char *const *sources; /* count names, NULL ones are unknown; NULL: none is known */
    uint64_t seed;
    const char *config_text; /* JSON; NULL: nothing */
} PoolPlan;

typedef struct PoolWriter PoolWriter;

/* Lays out path.partial; a disk without room for all images is ERR_IO at once. `plan` and what it points to are
 * borrowed until the end. On failure nothing is left and *writer is NULL. One rank. */
CHECKED Err pool_create(PoolWriter **writer, const PoolPlan *plan);
/* The next `count` images, (count, height, width, 3). */
CHECKED Err pool_append(PoolWriter *writer, const uint8_t *images, int count);
/* Closes, fsyncs, renames; the digest is of size and pixels. On failure the partial file is removed. */
CHECKED Err pool_finish(PoolWriter **writer, char digest[DIGEST_SIZE]);
void pool_abandon(PoolWriter **writer); /* fine with NULL */
/* All of it at once, from images in memory. */
CHECKED Err pool_write(const PoolPlan *plan, const uint8_t *images, char digest[DIGEST_SIZE]);
