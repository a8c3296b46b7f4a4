/* gen/textures/histogram - giving values the distribution of a target histogram.
 *
 * As the MATLAB toolbox does it: the source is counted in as many equal bins as the target; every source edge goes to
 * the place of equal cumulative share in the target, values between edges are interpolated. Linear in the number of
 * values. */
#pragma once

#include <stddef.h>

enum { HISTOGRAM_BINS_MAX = 801 };

typedef struct {
    int n_bins;
    double low, step;                          /* left edge of the first bin; width */
    double cumulative[HISTOGRAM_BINS_MAX + 1]; /* at the edges: 0 .. 1, strictly rising */
} Histogram;

/* From weights of bins whose first left edge is `low`. */
void histogram_set(Histogram *target, const double *weights, int n_bins, double low, double step);
/* Of values, over their own range. */
void histogram_count(Histogram *target, const float *values, size_t count, int n_bins);
double histogram_mean(const Histogram *target);
double histogram_deviation(const Histogram *target);
/* In place. */
void histogram_match(float *values, size_t count, const Histogram *target);
