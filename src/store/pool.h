/* store/pool - an indexed set of still images of one size in one HDF5 file: /image u8 (image, y, x, channel), /source
 * (the file name each came from), attributes kind, seed, digest. Textures and photographs alike. */
#pragma once

#include "base/digest.h"
#include "par/par.h"

#include <stdint.h>

typedef struct {
    int count, height, width;
    const uint8_t *images; /* (count, height, width, 3) */
    char **sources;        /* count names, "" if unknown */
    char kind[32], digest[DIGEST_SIZE];
    void *storage; /* what the pool owns */
} Pool;

/* Writes whole (partial, rename). One rank; images borrowed. */
CHECKED Err pool_write(const char *path, const char *kind, const uint8_t *images, int count, int height, int width,
                       const char *const *sources, uint64_t seed, const char *config_text, char digest[DIGEST_SIZE]);
/* Local read of the whole pool. */
CHECKED Err pool_read(Pool *pool, const char *path);
/* Collective: one copy a node (MPI-3 shared memory) when par has more than one rank on it. */
CHECKED Err pool_read_all(Pool *pool, const char *path, const Par *par);
void pool_free(Pool *pool);
static inline const uint8_t *pool_image(const Pool *pool, int image) {
    return pool->images + (size_t)image * (size_t)pool->height * (size_t)pool->width * 3;
}
