/* math/interval - how sure a figure is: confidence intervals, the t distribution, the bootstrap.
 *
 * All intervals are two-sided 95 %. Pure functions of their arguments; the bootstrap draws from math/rng. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double low, high;
} Interval;

/* Two-sided 95 % quantile of the standard normal distribution. */
#define INTERVAL_Z 1.959963984540054

/* Share of `successes` in `count` trials, as proportions in 0..1 (Wilson 1927). count >= 1. Stays inside [0, 1] and
 * keeps its coverage near 0 and 1, where the textbook interval p +- z sqrt(p(1-p)/n) fails. */
Interval interval_wilson(double successes, double count);
/* Correlation r of n pairs through Fisher's z = atanh r with standard error 1/sqrt(n-3). NAN bounds for n < 4. */
Interval interval_fisher(double r, int64_t n);
/* Mean of n values with standard deviation sd: mean +- t sd/sqrt(n). NAN bounds for n < 2. */
Interval interval_mean(double mean, double sd, int64_t n);
/* a - b from the intervals of the two (Zou & Donner 2008, "MOVER"): the distances to the bounds add as squares, less
 * what `correlation` of the two estimates takes away; 0 when they are independent. With Wilson intervals this is
 * Newcombe's score interval of 1998 for two proportions: method 10 of the independent, 8 of the paired. */
Interval interval_difference(double a, Interval around_a, double b, Interval around_b, double correlation);

/* All values around `estimate` that a test does not rule out (an interval by inversion of the test), by steps that
 * double from 0.001 on and then bisection; an end beyond 1e12 is cut there. The test must not rule out the estimate. */
typedef bool (*IntervalTest)(const void *context, double value); /* true: may be */
Interval interval_by_test(IntervalTest test, const void *context, double estimate);

/* I_x(a, b), the regularized incomplete beta function, by the continued fraction DLMF 8.17.22 evaluated with the
 * modified Lentz method; about 1e-14 relative. */
double incomplete_beta(double a, double b, double x);
/* P(|T| >= |t|) for Student's t with `degrees` degrees of freedom: I_{v/(v+t^2)}(v/2, 1/2) (DLMF 8.17.5's setting). */
double student_two_sided(double t, double degrees);
/* t such that P(|T| >= t) = p, by bisection on student_two_sided. 0 < p < 1. */
double student_quantile_two_sided(double p, double degrees);

/* The statistic of the items `picks` (n of them, repeats allowed); NAN when undefined for this resample. */
typedef double (*BootstrapStatistic)(const void *context, const uint32_t *picks, uint32_t n);
/* Percentile bootstrap: `draws` resamples with replacement of n items, stream (seed, RNG_BOOTSTRAP, draw). Undefined
 * resamples are left out; *defined (may be NULL) counts the rest. NAN bounds when fewer than half are defined. */
CHECKED Err interval_bootstrap(Interval *interval, int *defined, BootstrapStatistic statistic, const void *context,
                               uint32_t n, int draws, uint64_t seed);
/* The percentile interval of resampled values (sorted in place). NAN bounds when count is 0. */
Interval interval_percentile(double *values, int count);
