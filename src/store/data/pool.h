/* store/data/pool - still images, textures or photographs, in one HDF5 file (docs/formats.md).
 *
 * All images have one size (version 1 of the format: /image), or each has its own (version 2, photographs that were
 * kept whole: /pixels, /image_size, /image_start).
 *
 * A pool is mapped into memory: its pixels lie in the file without gaps. So all ranks of a node share one copy (the
 * page cache), pages are read when they are touched, and a pool may be larger than memory. */
#pragma once

#include "base/system/digest.h"
#include "par/par.h"

#include <stdbool.h>
#include <stdint.h>

/* The size of an image. A side is at most POOL_SIDE_MAX and an image at most INT32_MAX bytes: whoever looks up texels
 * computes with 32 bits (gen/objects/internal/paint.h). */
typedef struct {
    int32_t height, width;
} PoolSize;
enum { POOL_SIDE_MAX = (1 << 15) - 1 };

typedef struct {
    int count, height, width; /* of images of several sizes: the largest height, the largest width */
    const uint8_t *images;    /* one after the other, each (height, width, 3); read-only */
    PoolSize *sizes;          /* of each image; NULL: all have the one size */
    int64_t *starts;          /* first byte of each in `images`, and where the last one ends; NULL as `sizes` */
    char **sources;           /* count names, "" if unknown */
    char kind[32], digest[DIGEST_SIZE];
    char fit[16];  /* photographs: "stretch" or "keep", all that they show; "": their middle squares */
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
static inline PoolSize pool_size(const Pool *pool, int image) {
    return pool->sizes ? pool->sizes[image] : (PoolSize){pool->height, pool->width};
}
static inline const uint8_t *pool_image(const Pool *pool, int image) {
    return pool->images + (pool->starts ? (size_t)pool->starts[image]
                                        : (size_t)image * (size_t)pool->height * (size_t)pool->width * 3);
}
/* The bytes of all pixels. */
int64_t pool_bytes(const Pool *pool);

static inline int64_t pool_size_bytes(PoolSize size) {
    return 3 * (int64_t)size.height * size.width;
}
static inline bool pool_size_is_valid(PoolSize size) {
    return size.height >= 1 && size.width >= 1 && size.height <= POOL_SIDE_MAX && size.width <= POOL_SIDE_MAX &&
           pool_size_bytes(size) <= INT32_MAX;
}

/* Makes a pool (store/data/pool.h) image by image, so that nobody has to hold all of them. */

/* Everything about a pool except its pixels. */
typedef struct {
    const char *path, *kind;
    const char *fit; /* NULL: none */
    int count, height, width;
    const PoolSize *sizes;      /* count of them, valid ones; NULL: all are height x width */
    const char *const *sources; /* count names, NULL ones are unknown; NULL: none is known */
    uint64_t seed;
    const char *config_text; /* JSON; NULL: nothing */
} PoolPlan;

/* Pixels of images [first, first + count). */
int64_t pool_plan_bytes(const PoolPlan *plan, int first, int count);

#define POOL_PHOTOGRAPHS "photographs" /* the kind that ingest makes */

typedef struct PoolWriter PoolWriter;

/* Lays out path.partial; a disk without room for all images is ERR_IO at once. `plan` and what it points to are
 * borrowed until the end. On failure nothing is left and *writer is NULL. One rank. */
CHECKED Err pool_create(PoolWriter **writer, const PoolPlan *plan);
/* The next `count` images, one after the other. */
CHECKED Err pool_append(PoolWriter *writer, const uint8_t *images, int count);
/* Closes, fsyncs, renames; the digest is of size and pixels. On failure the partial file is removed. */
CHECKED Err pool_finish(PoolWriter **writer, char digest[DIGEST_SIZE]);
void pool_abandon(PoolWriter **writer); /* fine with NULL */

/* The whole pool at once, from images in memory. */
CHECKED Err pool_write(const PoolPlan *plan, const uint8_t *images, char digest[DIGEST_SIZE]);
