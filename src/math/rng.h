/* math/rng - counter-based random streams (Philox4x32-10, Salmon et al. 2011; the Random123 library).
 *
 * A draw is a pure function of (seed, purpose, item, object, n): nothing is shared, saved or sent, so results do not
 * depend on ranks, threads, order, resume or prefetch. Key = seed; counter = (block, object, item low, purpose and item
 * high bits). New draws are appended to the end of a purpose or get a new purpose, so old datasets stay reproducible.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    RNG_SCENE = 1, /* per video: length, background */
    RNG_OBJECT,    /* per object: kind, color, radius, center, motion, rates */
    RNG_SHAPE,     /* per object: the shape's own angles */
    RNG_TEXTURE,   /* per object: texture index and crop origin */
    RNG_FRAMES,    /* training: where a clip starts in its video */
    RNG_CROP,      /* training: multi-scale crop, random resized crop */
    RNG_AUGMENT,   /* training: flip, RandAugment, erasing */
    RNG_MIX,       /* training: mixup, cutmix */
    RNG_MASK,      /* training: tube mask */
    RNG_SHUFFLE,   /* permutations of an epoch */
    RNG_WEIGHTS,   /* initialization; item = tensor number */
    RNG_DROP_PATH, /* per clip and block */
    RNG_DROPOUT,
    RNG_STANDIN, /* stand-in datasets: class, photograph, patch or figure, camera */
    RNG_STANDIN_POSE,
    RNG_PROCEDURAL, /* procedural backgrounds */
    RNG_SAMPLE,     /* analysis: which videos and frames */
    RNG_BOOTSTRAP,
    RNG_SUBSET, /* reproducible subset of a pool or list */
    RNG_TEXTURE_STAT,
    RNG_TEXTURE_GAN,
    RNG_CORRUPT,
    RNG_MIX_SOURCE, /* which source an item of a mixed dataset comes from */
    RNG_TEST,       /* tests only */
    RNG_VISIT,      /* which video of two datasets a visit of an epoch goes to */
    RNG_PURPOSE_COUNT
} RngPurpose;

typedef struct {
    uint32_t key[2], counter[4]; /* the next block */
    uint32_t words[4];           /* of the current block */
    int left;                    /* words not used yet */
} Rng;

/* item < 2^56, object < 2^32. */
Rng rng_stream(uint64_t seed, RngPurpose purpose, uint64_t item, uint32_t object);

uint32_t rng_u32(Rng *rng);
uint64_t rng_u64(Rng *rng);
float rng_unit(Rng *rng);                                    /* [0, 1), 24 bits */
double rng_unit_double(Rng *rng);                            /* [0, 1), 53 bits */
float rng_uniform(Rng *rng, float low, float high);          /* [low, high) */
uint32_t rng_below(Rng *rng, uint32_t count);                /* 0..count-1, exactly uniform (Lemire's rejection) */
int rng_between(Rng *rng, int low, int high);                /* low..high inclusive */
float rng_normal(Rng *rng);                                  /* Box-Muller, two words a draw */
float rng_normal_within(Rng *rng, float sigma, float limit); /* normal(0, sigma) redrawn until |x| <= limit */
double rng_gamma(Rng *rng, double shape);                    /* Marsaglia-Tsang; scale 1 */
double rng_beta(Rng *rng, double a, double b);
/* Fisher-Yates of 0..count-1. */
void rng_permutation(Rng *rng, uint32_t *out, uint32_t count);
