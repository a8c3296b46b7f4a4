/* analysis/kernel - maximum mean discrepancy of two samples of feature vectors, the small-sample companion of a Frechet
 * distance.
 *
 * The kernel is that of KID (Binkowski et al. 2018): k(x, y) = (x.y / d + 1)^3, and the estimate the unbiased one,
 *     mean over i != j of k(x_i, x_j) + mean over i != j of k(y_i, y_j) - 2 mean over i, j of k(x_i, y_j),
 * which may come out below zero when there is no difference. Its interval is a bootstrap over vectors in which copies
 * of one vector are not counted as a pair, so that it is unbiased as well. */
#pragma once

#include "math/interval.h"
#include "math/rows.h"

/* More vectors than this a side are thinned to it: the kernel matrix is kept for the bootstrap. */
enum { KERNEL_ROWS_MAX = 2000, KERNEL_RESAMPLES = 200 };

/* x, y: at least two vectors each; in canonical order (math/rows) neither result depends on how they came. */
CHECKED Err kernel_mmd(double *mmd, Interval *interval, const Rows *x, const Rows *y, uint64_t seed);
