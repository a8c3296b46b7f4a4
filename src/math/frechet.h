/* math/frechet - the Frechet distance of two Gaussians, from their moments or from samples, also with groups of samples
 * left out.
 *
 * Squared, as is the custom (Dowson & Landau 1982):
 *     |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2).
 * With S1 = F^T F the last trace is the sum of the roots of the eigenvalues of F S2 F^T; F is the pivoted Cholesky
 * factor (LAPACK dpstrf), which needs no regularization: rank deficiency is harmless. Where samples are fewer than
 * dimensions no dims x dims matrix is formed: the trace is the nuclear norm of X1 X2^T / sqrt((n1-1)(n2-1)), X
 * centered. A negative total, possible by rounding only, is returned as 0. Everything in double, covariances unbiased.
 */
#pragma once

#include "math/rows.h"

/* covariances: (dims, dims), both triangles. Raises ERR_INPUT when they are not finite. */
CHECKED Err frechet_gaussians(double *distance, const double *mean1, const double *covariance1, const double *mean2,
                              const double *covariance2, int dims);

/* Two samples of equally long vectors, and what distances between parts of them have in common. The samples (at least 2
 * rows each) and their groups (group of each row, from 0; NULL: none will be left out) are borrowed. */
typedef struct FrechetPair FrechetPair;
typedef struct {
    const Rows *rows;
    const int *groups;
} FrechetSample;

CHECKED Err frechet_pair_new(FrechetPair **pair, FrechetSample a, FrechetSample b);
void frechet_pair_free(FrechetPair **pair);
/* Without the rows of `group` on both sides (at least 2 are left of each); group -1: of all rows. Several threads may
 * call it on one pair; each takes a few matrices of working memory. */
CHECKED Err frechet_pair_distance(double *distance, const FrechetPair *pair, int group);
