/* gen/textures/texture_stat - textures with the statistics of natural images (Baradad et al. 2021, after Portilla and
 * Simoncelli): from white noise, ten times the amplitude spectrum, the marginals of wavelet bands and the colors are
 * imposed in turn. The choices are those of the MATLAB program that made the published images.
 *
 * Colors: 3..22 random colors in random shares, as stripes, blurred and noisy; their mean, principal axes and the
 * histogram along each axis. Spectrum: 1 / (|fx/N|^a + |fy/N|^b), a = s + d, b = s - d, s ~ U(0.5, 3.5), d ~ 0.05
 * Normal; 0 at the center. Bands: a band of side N/z has marginal exp(-(|x| / 4^z)^rho) on [-200, 200], rho ~
 * U(0.4, 0.8); so has the high-frequency residual with z = 1; the low-pass residual is left alone. */
#pragma once

#include "base/system/arena.h"
#include "math/fft.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* histogram.c: giving values the distribution of a target histogram.
 *
 * As the MATLAB toolbox does it: the source is counted in as many equal bins as the target; every source edge goes to
 * the place of equal cumulative share in the target, values between edges are interpolated. Linear in the number of
 * values. */

enum { HISTOGRAM_BINS_MAX = 801 };

typedef struct {
    int n_bins;
    double low, step;                          /* left edge of the first bin; width */
    double cumulative[HISTOGRAM_BINS_MAX + 1]; /* at the edges: 0 .. 1, strictly rising */
} Histogram;

/* Makes the histogram from weights of bins; the left edge of the first is `low`. */
void histogram_set(Histogram *target, const double *weights, int n_bins, double low, double step);
/* The histogram of values over their own range. */
void histogram_count(Histogram *target, const float *values, size_t count, int n_bins);
double histogram_mean(const Histogram *target);
double histogram_deviation(const Histogram *target);
/* In place. */
void histogram_match(float *values, size_t count, const Histogram *target);

/* pyramid.c: a steerable pyramid in the frequency domain: 4 orientations, octave bands, exact
 * reconstruction.
 *
 * With q = |f| / Nyquist and lr = log2 q: Hi_e = cos(pi/2 (lr - e)) for e-1 < lr < e, 0 below, 1 above; Lo_e =
 * sqrt(1 - Hi_e^2). The high-frequency residual is Hi_0 of the picture. From F_0 = F Lo_0, level l has bands
 * F_l Hi_(-1-l) (-i)^3 c cos^3(theta - pi b / 4), b = 0..3, c^2 = 0.8; F_(l+1) is half the central half of F_l times
 * Lo_(-1-l), down to side 16. With `halve` the half gives bands of level l a gain of 2^l, as the spatial filters of the
 * MATLAB pyramid have; without it F_(l+1) is the central half itself and the gain is 4^l, as in the Python port. What
 * is left is the low-pass residual, which stays in the pyramid untouched. */

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

typedef struct StatModel StatModel;

/* Scratch of one thread for pictures of one side. */
typedef struct {
    int side;
    Pyramid pyramid;
    Fft2 *fft;
    float *amplitude; /* (side, side/2 + 1): the spectrum to impose */
    float *channels;  /* (3, side, side) */
    StatModel *model;
} StatScratch;

/* What a step down the pyramid does to amplitudes: coarse bands weigh 2^l more with the first. */
typedef enum { STAT_GAIN_MATLAB, STAT_GAIN_PORT } StatGain;

/* side: a power of two, at least 32. */
CHECKED Err stat_scratch_new(StatScratch *scratch, int side, StatGain gain);
void stat_scratch_free(StatScratch *scratch);
/* Image `item` into (side, side, 3). */
CHECKED Err stat_render(uint8_t *pixels, uint64_t seed, uint64_t item, StatScratch *scratch);

/* The statistics that an image is given; visible for tests. */
enum { STAT_BANDS_MAX = 1 + PYRAMID_LEVELS_MAX * PYRAMID_BANDS };
struct StatModel {
    int n_colors, blur;                 /* of the stripes; side of the box that blurs them, 1: none */
    double mean[3], axes[3][3];         /* axes[k]: unit vector of decorrelated channel k */
    Histogram colors[3];                /* along each axis */
    double decay_x, decay_y;            /* a, b */
    Histogram bands[3][STAT_BANDS_MAX]; /* of each channel: residual, then bands level by level */
};
CHECKED Err stat_model_draw(StatScratch *scratch, uint64_t seed, uint64_t item);
/* All of stat_render but the way back to colors: leaves the decorrelated channels in scratch->channels. */
CHECKED Err stat_compose(uint64_t seed, uint64_t item, StatScratch *scratch);
/* One pass over decorrelated channel c; exposed for tests. */
void stat_impose_spectrum(float *channel, StatScratch *scratch);
void stat_impose_bands(float *channel, int c, StatScratch *scratch);
