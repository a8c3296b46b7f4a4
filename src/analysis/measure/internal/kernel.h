/* analysis/measure/kernel - maximum mean discrepancy of two samples of feature vectors, the small-sample companion of a
 * Frechet distance.
 *
 * The kernel is that of KID (Binkowski et al. 2018): k(x, y) = (x.y / d + 1)^3, and the estimate the unbiased one,
 *     mean over i != j of k(x_i, x_j) + mean over i != j of k(y_i, y_j) - 2 mean over i, j of k(x_i, y_j),
 * which may come out below zero when there is no difference. Its interval is a bootstrap over videos, whose vectors
 * stay together; neither two copies of a vector nor vectors from two copies of a video are counted as a pair, which
 * would take the likeness of a video to itself for one of the dataset. */
#pragma once

#include "analysis/compare/jackknife.h"
#include "math/interval.h"

/* More vectors than this a side are thinned to it: the kernel matrix is kept for the bootstrap. */
enum { KERNEL_ROWS_MAX = 2000, KERNEL_RESAMPLES = 200 };
/* Of fewer videos a side there is no interval. */
enum { KERNEL_VIDEOS_MIN = 3 };

/* x, y: at least two vectors each; groups are not looked at. Neither result depends on how the vectors came. */
CHECKED Err kernel_mmd(double *mmd, Interval *interval, const GroupedRows *x, const GroupedRows *y, uint64_t seed);
