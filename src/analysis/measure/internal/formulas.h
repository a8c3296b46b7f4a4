/* analysis/measure/internal/formulas - the arithmetic behind the metrics, without datasets and ranks: what is computed
 * of one frame, one clip, or two sets of vectors. Each section of this header is one source file, which opens with its
 * definition. */
#pragma once

#include "analysis/measure/jackknife.h"
#include "video/frames/clip.h"

#include <stdbool.h>

/* ---- spectrum: the exponent a of an image's amplitude spectrum |F(f)| ~ 1/f^a ---- */

enum { SPECTRUM_SIDE_MIN = 32, SPECTRUM_SIDE_MAX = 1024, SPECTRUM_PER_OCTAVE = 8, SPECTRUM_POINTS_MAX = 49 };

typedef struct Spectrum Spectrum; /* plan and window for one side length; belongs to one thread */

CHECKED Err spectrum_new(Spectrum **spectrum, int side);
void spectrum_free(Spectrum **spectrum);
int spectrum_points(const Spectrum *spectrum);
/* log amplitude at the points into out (spectrum_points); false when the image is all of one color. */
bool spectrum_of_gray(double *out, Spectrum *spectrum, const float *gray);
bool spectrum_of_pixels(double *out, Spectrum *spectrum, const uint8_t *pixels);
/* Of the image transformed last, along one axis only: frequencies within 15 degrees of it. vertical: changes from row
 * to row. */
void spectrum_along(double *out, Spectrum *spectrum, bool vertical);

typedef struct {
    double exponent, intercept, r2;
} SpectrumFit;

/* The line through `count` log amplitudes at the points. */
SpectrumFit spectrum_fit(const double *log_amplitude, int count);

/* ---- temporal: the same of a pixel's gray value along the frames of a clip ---- */

enum { TEMPORAL_FRAMES_MIN = 8, TEMPORAL_FRAMES_MAX = 64, TEMPORAL_STEP = 4, TEMPORAL_POINTS_MAX = 31 };

/* Number of fitted frequencies for clips of n_frames; 0 when there are too few or too many frames. */
int temporal_points(int n_frames);
/* log amplitude at the points; false when nothing changes, or the clip's length has no points. */
bool temporal_of_clip(double *log_amplitude, const Frames *clip);
double temporal_exponent(const double *log_amplitude, int points);

/* ---- cielab: colors as one Gaussian in CIE L*a*b*, and how far two such Gaussians are apart ---- */

/* lab (count, 3) of pixels (count, 3). */
void cielab_of_pixels(float *lab, const uint8_t *pixels, size_t count);

/* Symmetric Kullback-Leibler divergence (Jeffreys), KL(p||q) + KL(q||p), of two Gaussians in three dimensions:
 *     1/2 [ tr(Sq^-1 Sp) + tr(Sp^-1 Sq) - 6 + d^T (Sp^-1 + Sq^-1) d ],  d = mean_p - mean_q.
 * CIELAB_RIDGE (in squared Lab units) is added to both diagonals, so that gray or plain sets, whose covariance is
 * singular, have a finite value. Some authors report half of this sum. */
#define CIELAB_RIDGE 1e-6
CHECKED Err cielab_symmetric_kl(double *divergence, const double mean_p[3], const double covariance_p[9],
                                const double mean_q[3], const double covariance_q[9]);

/* ---- blockmatch: displacements of square blocks between neighboring frames ---- */

enum { BLOCK_SIDE = 16, BLOCK_CONTRAST = 4, BLOCK_RADIUS_MAX = 32 };

typedef struct {
    int plain, lost, matched;                                   /* blocks of one pair of frames */
    int by_square[2 * BLOCK_RADIUS_MAX * BLOCK_RADIUS_MAX + 1]; /* matched blocks by squared length, pixels */
} BlockCounts;

/* Adds the blocks of the frames a and b (height, width; gray) to the counts. radius <= BLOCK_RADIUS_MAX. */
void blockmatch_pair(BlockCounts *counts, const uint8_t *a, const uint8_t *b, int height, int width, int radius);
/* Rounded 0.299 R + 0.587 G + 0.114 B. */
void blockmatch_gray(uint8_t *gray, const uint8_t *pixels, size_t count);

/* ---- kernel: maximum mean discrepancy of two samples of feature vectors ---- */

/* More vectors than this a side are thinned to it: the kernel matrix is kept for the bootstrap. */
enum { KERNEL_ROWS_MAX = 2000, KERNEL_RESAMPLES = 200 };
/* With fewer videos a side there is no interval. */
enum { KERNEL_VIDEOS_MIN = 3 };

/* x, y: at least two vectors each; groups are not looked at. Neither result depends on how the vectors came. */
CHECKED Err kernel_mmd(double *mmd, Interval *interval, const GroupedRows *x, const GroupedRows *y, uint64_t seed);

/* ---- keypca: principal components of the attention keys of many clips together ---- */

enum { KEYPCA_COMPONENTS = 3 };

/* A view of keysums_doubles doubles, which the caller owns and starts at zero. */
typedef struct {
    int positions, dims;
    double *block;
} KeySums;

size_t keysums_doubles(int positions, int dims);
CHECKED Err keysums_add(const KeySums *sums, const float *keys);
void keysums_merge(const KeySums *into, const KeySums *from);

typedef struct {
    int dims;
    double rows;                         /* tokens of all clips */
    double variance[KEYPCA_COMPONENTS];  /* along each component */
    double explained[KEYPCA_COMPONENTS]; /* shares of the total */
    double position_share;               /* NAN when nothing varies */
    double *mean, *axes;                 /* (dims), (components, dims); owned */
} KeyPca;

/* At least two clips. */
CHECKED Err keypca_fit(KeyPca *pca, const KeySums *sums);
void keypca_free(KeyPca *pca);
void keypca_project(double out[KEYPCA_COMPONENTS], const KeyPca *pca, const float *key);

/* ---- keymap: three components of a token as a color, tokens as a picture ---- */

/* values (slots, grid, grid, 3) to pictures of `side` pixels, nearest neighbor. Every component runs from 0 to 255 over
 * one slot, or over all of them (flickers less, shows less); what does not vary is black. */
CHECKED Err keymap_paint(Frames *out, const double *values, int slots, int grid, int side, bool over_all);
