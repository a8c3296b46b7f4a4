/* gen/textures/pyramid - a steerable pyramid in the frequency domain: 4 orientations, octave bands, exact
 * reconstruction.
 *
 * With q = |f| / Nyquist and lr = log2 q: Hi_e = cos(pi/2 (lr - e)) for e-1 < lr < e, 0 below, 1 above; Lo_e =
 * sqrt(1 - Hi_e^2). The high-frequency residual is Hi_0 of the picture. From F_0 = F Lo_0, level l has bands
 * F_l Hi_(-1-l) (-i)^3 c cos^3(theta - pi b / 4), b = 0..3, c^2 = 0.8; F_(l+1) is half the central half of F_l times
 * Lo_(-1-l), down to side 16. With `halve` the half gives bands of level l a gain of 2^l, as the spatial filters of the
 * MATLAB pyramid have; without it F_(l+1) is the central half itself and the gain is 4^l, as in the Python port. What
 * is left is the low-pass residual, which stays in the pyramid untouched. */
#pragma once

#include "base/system/arena.h"
#include "math/fft.h"

#include <stdbool.h>

enum { PYRAMID_LEVELS_MAX = 6, PYRAMID_BANDS = 4, PYRAMID_LOW_SIDE = 16 };

typedef struct {
    int side, half;      /* half: side / 2 + 1 stored horizontal frequencies */
    Fft2 *fft;           /* of this side */
    float *high, *angle; /* (side, half), (4, side, half) with c */
    float *low;          /* of the next level's side: what its spectrum is multiplied with */
    float *spectrum;     /* (side, half, 2): F_l */
    float *bands;        /* (4, side, side) */
} PyramidLevel;

typedef struct {
    int side, n_levels;
    float shrink;                                /* 1/2 or 1: what a step down multiplies with */
    PyramidLevel levels[PYRAMID_LEVELS_MAX + 1]; /* one more for the low-pass residual's spectrum */
    float *residual_high, *residual_low;         /* (side, half): Hi_0, Lo_0 */
    float *residual;                             /* (side, side) */
    Arena arena;
} Pyramid;

/* side: a power of two, at least 2 * PYRAMID_LOW_SIDE. */
CHECKED Err pyramid_new(Pyramid *pyramid, int side, bool halve);
void pyramid_free(Pyramid *pyramid);
/* (side, side) -> residual and bands. */
void pyramid_build(Pyramid *pyramid, const float *picture);
/* residual and bands, with the low-pass residual of the last build -> (side, side). */
void pyramid_collapse(float *picture, Pyramid *pyramid);
