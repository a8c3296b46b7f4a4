/* gen/textures/textures - makes pools of still textures across ranks and threads.
 *
 * Image i does not depend on ranks and threads (texture_maker, below). Ranks share the images of one round at a time.
 * Finished images are kept in OUT.journal (store/journal/journal.h) until the pool is written, so a stopped or killed
 * run goes on. A rank holds only the images that it is making; the disk holds the pool twice until it is finished.
 * Moving textures are a variant (generator "texture-video"). */
#pragma once

#include "base/config/field.h"
#include "par/run.h"

#include <stdint.h>

typedef enum { TEXTURE_STATISTICAL, TEXTURE_STYLEGAN_ORIENTED, TEXTURE_STYLEGAN_HIGH_FREQUENCY } TextureKind;
#define TEXTURE_KIND_NAMES "statistical|stylegan-oriented|stylegan-highfreq"

typedef struct {
    int kind; /* TextureKind */
    int images, size;
    int gain; /* StatGain */
} TexturesConfig;

extern const Field textures_fields[];

/* run->out is the pool file; OUT.json beside it says what is in it, and the same command again finds it done. */
CHECKED Err textures_run_all(const TexturesConfig *config, const Run *run);

/* texture_maker.c: makes the images of a pool, and keeps between calls what making them needs.
 *
 * Image i is a pure function of kind, side, seed and i. Every thread keeps its buffers and transforms; the network of a
 * StyleGAN kind, the same for GAN_NETWORK_IMAGES images, is drawn by all threads together, read by all, and kept until
 * an image of another one is asked for. */

typedef struct TextureMaker TextureMaker;

/* config->images is not looked at. `*maker` is NULL when this fails. */
CHECKED Err texture_maker_new(TextureMaker **maker, const TexturesConfig *config, uint64_t seed, int threads);
void texture_maker_free(TextureMaker **maker);
/* Images first..first+count-1, (count, size, size, 3). */
CHECKED Err texture_maker_render(TextureMaker *maker, uint8_t *pixels, int first, int count);
