/* math/stats - mergeable one-pass accumulators in double: mean and variance of a number, mean and covariance of
 * vectors.
 *
 * Merging follows Chan, Golub & LeVeque 1983 ("Algorithms for computing the sample variance"), so a sum over parts
 * loses no digits to cancellation. Merging is associative only up to rounding: callers that promise equal bits fix the
 * parts and the order (math/rows: by content; math/exactsum: sums that need no order). Nothing here communicates or
 * allocates beyond what is said. */
#pragma once

#include "math/rows.h"

#include <stdint.h>

typedef struct {
    double count, mean, scatter; /* scatter: sum of squared deviations from the mean */
    double min, max;             /* meaningful when count > 0 */
} Moments;

/* All fields are doubles, so that an array of doubles can hold one: metrics keep their state that way. */
enum { MOMENTS_DOUBLES = sizeof(Moments) / sizeof(double) };

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
