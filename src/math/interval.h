/* math/interval - confidence intervals, the t distribution, the bootstrap.
 *
 * All intervals are two-sided 95 %. The functions depend on their arguments alone; the bootstrap draws from math/rng.
 */
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

/* crossed.c: the confidence interval of an accuracy over seeds and test videos. Both are samples: each trained
 * model (seed) classifies each test video (item) once.
 *
 *     y[seed][item] = mean + seed effect + item effect + rest
 *
 * the two-way crossed random effects model without replication (Searle, Casella & McCulloch 1992, "Variance
 * Components", chapter 4). An interval over items alone is right about these models only; one over seeds alone takes
 * these items for all there are. Mean squares of the analysis of variance give the parts, and squares of half widths
 * add up, as for any sum of independent estimates (Graybill & Wang 1980; Zou & Donner 2008):
 *
 *     half^2 = t^2(seeds - 1) MS_seeds / (seeds items)  +  z^2 max(0, MS_items - MS_rest) / (seeds items)
 *
 * The first term is Student's interval of the seeds' means, which carries the rest along; the second is the items'
 * share of the variance. Never less than z^2 MS_items / (seeds items), the interval over items for these models: a few
 * seeds may agree by luck. With one seed that is all there is. Resampling seeds and items (the percentile bootstrap of
 * such a table; McCullagh 2000, Owen 2007) falls short with three seeds: docs/report.md has coverage by simulation. */

enum { CROSSED_MEASURES = 3, CROSSED_SEEDS = 64 };

/* Mean squares, and between two measures mean products: of `seeds` (the seeds' means), `items`, and the `rest`. Zero
 * where there is but one seed. */
typedef struct {
    int n_measures, n_seeds;
    int64_t n_items;
    double mean[CROSSED_MEASURES];
    double seeds[CROSSED_MEASURES][CROSSED_MEASURES], items[CROSSED_MEASURES][CROSSED_MEASURES],
        rest[CROSSED_MEASURES][CROSSED_MEASURES];
} Crossed;

/* rows[measure * n_seeds + seed]: n_items answers, 0 or 1. 1 <= n_measures <= CROSSED_MEASURES, n_seeds >= 1, n_items
 * >= 2. Sums are whole numbers, hence exact. */
void crossed_make(Crossed *out, const uint8_t *const *rows, int n_measures, int n_seeds, int64_t n_items);

/* Half width for sum_k weights[k] mean[k]. */
double crossed_half_width(const Crossed *crossed, const double weights[CROSSED_MEASURES]);
/* The standard error of the same: the half width without quantiles. */
double crossed_standard_error(const Crossed *crossed, const double weights[CROSSED_MEASURES]);
/* mean[k] as a share in 0..1: Wilson's interval at the number of independent answers that would give the same half
 * width (Korn & Graubard 1998, "effective sample size"), so it stays inside 0..1 and is Wilson's own with one seed. All
 * answers right, or all wrong: the items count once. */
Interval crossed_share(const Crossed *crossed, int k);
/* mean[a] - mean[b], paired: the intervals of the two shares joined with the correlation of their estimates
 * (math/interval; with one seed the score interval of Newcombe 1998 for paired proportions, method 8). */
Interval crossed_difference(const Crossed *crossed, int a, int b);
/* (mean[value] - mean[low]) / (mean[high] - mean[low]), after Fieller 1954: all ratios q for which the interval of
 * mean[value] - mean[low] - q (mean[high] - mean[low]) holds zero. NAN bounds when mean[high] - mean[low] may be zero:
 * that set is not an interval then. */
Interval crossed_gap(const Crossed *crossed, int low, int value, int high);
