/* gen/textures/texture_maker - makes the images of a pool, and keeps between calls what making them needs.
 *
 * Image i is a pure function of kind, side, seed and i. Every thread keeps its buffers and transforms; the network of a
 * StyleGAN kind, the same for GAN_NETWORK_IMAGES images, is drawn by all threads together, read by all, and kept until
 * an image of another one is asked for. */
#pragma once

#include "gen/textures/textures.h"

#include <stdint.h>

typedef struct TextureMaker TextureMaker;

/* config->images is not looked at. `*maker` is NULL when this fails. */
CHECKED Err texture_maker_new(TextureMaker **maker, const TexturesConfig *config, uint64_t seed, int threads);
void texture_maker_free(TextureMaker **maker);
/* Images first..first+count-1, (count, size, size, 3). */
CHECKED Err texture_maker_render(TextureMaker *maker, uint8_t *pixels, int first, int count);
