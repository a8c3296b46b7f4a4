/* gen/variant/image_law - which image of the pools an object, a background or a still clip gets.
 *
 * By size, the pools are one union and every image is equally likely. With shares, first a pool is drawn, then one of
 * its images: half of the crops come from photographs and half from textures, however many of each there are.
 * Draws are with replacement; numbers count through the union. */
#pragma once

#include "gen/variant/media.h"
#include "gen/variant/variant_config.h"
#include "math/rng.h"

typedef struct {
    uint32_t first, count; /* of a pool's images in use, its first ones */
    double end;            /* of its share: the sum up to it */
} ImagePart;

typedef struct {
    int n_parts;    /* 0: no shares */
    uint32_t total; /* images in use; 0: none to draw */
    ImagePart parts[MEDIA_POOLS_MAX];
} ImageLaw;

/* `total` images, equally likely. */
ImageLaw image_law_whole(uint32_t total);
/* The pools of `media` under the variant's pool_size and pool_choice, and the shares that the list of pools names. */
ImageLaw image_law_of(const Variant *variant, const Media *media);
/* total must not be 0. */
uint32_t image_law_draw(const ImageLaw *law, Rng *rng);
