/* math/crossed - the confidence interval of an accuracy over seeds and test videos. Both are samples: each trained
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
#pragma once

#include "math/interval.h"

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
