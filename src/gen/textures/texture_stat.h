/* gen/textures/texture_stat - textures with the statistics of natural images (Baradad et al. 2021, after Portilla and
 * Simoncelli): from white noise, ten times the amplitude spectrum, the marginals of wavelet bands and the colors are
 * imposed in turn. The choices are those of the MATLAB program that made the published images.
 *
 * Colors: 3..22 random colors in random shares, as stripes, blurred and noisy; their mean, principal axes and the
 * histogram along each axis. Spectrum: 1 / (|fx/N|^a + |fy/N|^b), a = s + d, b = s - d, s ~ U(0.5, 3.5), d ~ 0.05
 * Normal; 0 at the center. Bands: a band of side N/z has marginal exp(-(|x| / 4^z)^rho) on [-200, 200], rho ~
 * U(0.4, 0.8); so has the high-frequency residual with z = 1; the low-pass residual is left alone. */
#pragma once

#include "gen/textures/internal/histogram.h"
#include "gen/textures/internal/pyramid.h"

#include <stdint.h>

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

/* What an image is made to have; for tests. */
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
