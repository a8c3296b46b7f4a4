/* analysis/measure/spectrum - the exponent a of an image's amplitude spectrum |F(f)| ~ 1/f^a.
 *
 * Amplitude, not power (a power fit gives twice the value). Per image: gray value 0.299 R + 0.587 G + 0.114 B of the
 * stored (gamma-encoded) pixels, mean removed, two-dimensional Hann window (without it the image's border adds a cross
 * of slope -1 along the axes), |FFT| averaged in rings of integer radius r = sqrt(u^2 + v^2), log amplitude
 * interpolated at SPECTRUM_PER_OCTAVE equally spaced log r from 4 to side/4, so that every octave weighs the same, and
 * a least-squares line. A dataset's exponent is the mean over images, which is the fit to the mean log amplitude. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>
#include <stdint.h>

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
