/* math/stats - mergeable one-pass accumulators in double: mean and variance of a number, mean and covariance of
 * vectors.
 *
 * Merging follows Chan, Golub & LeVeque 1983 ("Algorithms for computing the sample variance"), so a sum over parts
 * loses no digits to cancellation. Merging is associative only up to rounding: callers that promise equal bits fix the
 * parts and the order (math/rows: by content; math/exactsum: sums that need no order). Nothing here communicates or
 * allocates beyond what is said. */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

/* rows.c: vectors of equal length in canonical order: one that depends on nothing but what they hold.
 *
 * Sums of doubles depend on the order of their terms in the last bits; whatever goes over vectors in canonical order
 * does not depend on how they came. The order is that of the vectors' digests (base/system/digest, then the bytes
 * themselves), so it has nothing to do with their values either: every n-th vector, or the first n, are a random
 * sample. */

/* `at` is owned, the vectors it points to (count of `dims` floats) are borrowed. */
typedef struct {
    const float **at;
    size_t count;
    int dims;
} Rows;

/* vectors: (count, dims). */
CHECKED Err rows_canonical(Rows *rows, const float *vectors, size_t count, int dims);
/* The entries whose group (groups[i] is that of at[i]) is `group`, or is not, in the same order. */
CHECKED Err rows_of_group(Rows *out, const Rows *rows, const int *groups, int group);
CHECKED Err rows_without_group(Rows *out, const Rows *rows, const int *groups, int group);
void rows_free(Rows *rows);

/* mean (dims), centered (count, dims) = rows - mean. */
void rows_center(double *mean, double *centered, const Rows *rows);

typedef struct {
    double count, mean, scatter; /* scatter: sum of squared deviations from the mean */
    double min, max;             /* meaningful when count > 0 */
} Moments;

void moments_add(Moments *moments, double value);
/* Divides by count - 1; NAN below two values. */
double moments_variance(const Moments *moments);
double moments_sd(const Moments *moments);

/* A view of covariance_doubles(dims) doubles laid out as count, mean (dims), scatter (dims, dims), which the caller
 * owns and starts at zero. Only the upper triangle of the scatter is kept up to date. */
typedef struct {
    int dims;
    double *count, *mean, *scatter;
} Covariance;

size_t covariance_doubles(int dims);
Covariance covariance_view(double *block, int dims);
/* rows: (count, dims). Raises ERR_MEMORY for its scratch of a few hundred rows. */
CHECKED Err covariance_add_rows(const Covariance *into, const float *rows, size_t count);
/* The same of vectors that lie anywhere. */
CHECKED Err covariance_add_list(const Covariance *into, const Rows *rows);
void covariance_merge(const Covariance *into, const Covariance *from);
/* Takes out rows that had been added; `part` is of these rows alone, fewer than all. The inverse of covariance_merge.
 */
void covariance_remove(const Covariance *from, const Covariance *part);
/* The full symmetric matrix, scatter / (count - 1), into out (dims, dims). At least two rows must have been added. */
void covariance_matrix(double *out, const Covariance *covariance);

/* Numbers by size. */

/* Ascending, in place. */
void order_ascending(double *values, int count);
/* The one in the middle, the larger of two; count >= 1. Leaves the values ascending. */
double order_median(double *values, int count);

/* exactsum.c: sums of doubles that have the same bits in whatever order, and in whatever parts, the terms come.
 *
 * Additions of doubles round, so their result depends on the order. Here a sum is a 128-bit integer in units of 2^-64,
 * a "long accumulator" (Kulisch & Miranker 1986) cut down to what statistics of datasets need: adding integers is
 * associative and commutative, so only the terms matter. A term is cut to a multiple of the unit, which leaves every
 * double of magnitude 2^-11 (5e-4) or more whole, and all others to 5.4e-20.
 *
 * Range: terms below 2^31 in magnitude, at most 2^32 of them; a larger term, an infinity or a NAN is a bug of the
 * caller. A sum starts at zero, all bits zero; sums add with `+=`. Nothing here allocates or communicates. */

__extension__ typedef __int128 ExactSum;

void exactsum_add(ExactSum *sum, double term);
/* a * b without rounding of the product. */
void exactsum_add_product(ExactSum *sum, double a, double b);
/* The nearest double. */
double exactsum_value(ExactSum sum);
/* sum of (x - mean x)(y - mean y) over `count` pairs, from the sums of x y, of x and of y. The difference is taken in
 * long double of sums that have not been rounded; where all x are equal, what is left of a variance is below 1e-18 of
 * the mean's square, and may be negative. */
double exactsum_scatter(ExactSum products, ExactSum x, ExactSum y, double count);

/* frechet.c: the Frechet distance of two Gaussians, from their moments or from samples, also with groups of samples
 * left out.
 *
 * Squared, as is the custom (Dowson & Landau 1982):
 *     |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2).
 * With S1 = F^T F the last trace is the sum of the roots of the eigenvalues of F S2 F^T; F is the pivoted Cholesky
 * factor (LAPACK dpstrf), which needs no regularization: rank deficiency is harmless. Where samples are fewer than
 * dimensions no dims x dims matrix is formed: the trace is the nuclear norm of X1 X2^T / sqrt((n1-1)(n2-1)), X
 * centered. A negative total, possible by rounding only, is returned as 0. Everything in double, covariances unbiased.
 */

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
