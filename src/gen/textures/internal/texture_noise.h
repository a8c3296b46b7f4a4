/* gen/textures/texture_noise - pink noise maps, plain and patchy.
 *
 * Spectrum on the integer frequencies |fx|, |fy| <= n/2 of an (n+1)-point transform: amplitude |f|^-alpha, 0 at the
 * center, uniform phases; the last row and column of the picture are dropped, the mean is removed. Patchy maps are then
 * multiplied by 4 x 4 independent Laplace(0, 1) values enlarged by Lanczos. Divided by the standard deviation. */
#pragma once

#include "math/fft.h"
#include "math/rng.h"

#include <stdbool.h>

enum { NOISE_PATCHES = 4 }; /* in each direction */

/* What maps of one side need: the transform, and for patchy ones the weights of the patches. Of one thread. */
typedef struct {
    int n;
    Fft2 *fft;
    float (*weights)[NOISE_PATCHES]; /* (n); NULL: plain maps */
} NoiseMaker;

/* n >= 4, even. */
CHECKED Err noise_maker_new(NoiseMaker *maker, int n, bool patchy);
void noise_maker_free(NoiseMaker *maker);
/* out: (n, n). Draws alpha ~ U(0.5, 1.5), the phases, and the envelope of patchy maps. */
void noise_pink(float *out, NoiseMaker *maker, Rng *rng);
/* (n, n) -> (n/factor, n/factor) by averages. */
void noise_shrink(float *out, const float *map, int n, int factor);
