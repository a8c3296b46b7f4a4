/* store/data/pool - an indexed set of still images of one size in one HDF5 file: /image u8 (image, y, x, channel),
 * /source (the file name each came from), attributes kind, seed, digest. Textures and photographs alike.
 * store/data/pool_write makes them.
 *
 * A pool is not read but mapped: its pixels lie in the file without gaps, so all ranks of a node share one copy (the
 * page cache), pages arrive when they are touched, and a pool may be larger than memory. */
#pragma once

#include "base/system/digest.h"
#include "par/par.h"

#include <stdint.h>

typedef struct {
    int count, height, width;
    const uint8_t *images; /* (count, height, width, 3), read-only */
    char **sources;        /* count names, "" if unknown */
    char kind[32], digest[DIGEST_SIZE];
    void *storage; /* the mapping */
    size_t storage_bytes;
} Pool;

/* Local. Missing, foreign and cut off files are ERR_INPUT; pixels are compared with the digest by pool_verify only. */
CHECKED Err pool_read(Pool *pool, const char *path);
/* Every rank maps the file; all hear of a failure. */
CHECKED Err pool_read_all(Pool *pool, const char *path, const Par *par);
/* Reads all pixels; ERR_INPUT when they are not those of the digest. */
CHECKED Err pool_verify(const char *path, char digest[DIGEST_SIZE]);
/* Reads all pixels into the page cache and, where the system lets us, keeps them there: for one rank of a node.
 * Otherwise pages come when they are touched and may go again. ERR_MEMORY when the node has not the memory. */
CHECKED Err pool_hold(const Pool *pool, const char *path);
void pool_free(Pool *pool);
static inline const uint8_t *pool_image(const Pool *pool, int image) {
    return pool->images + (size_t)image * (size_t)pool->height * (size_t)pool->width * 3;
}

/* Makes a pool (store/data/pool.h) image by image, so that nobody has to hold all of them. */

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
