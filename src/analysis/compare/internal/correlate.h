/* analysis/compare/correlate - how strongly a property of datasets goes with accuracy.
 *
 * Pearson r with two-sided p (Student's t with n-2 degrees), Fisher's 95 % interval and the least-squares line y =
 * slope x
 * + intercept; Spearman rho (Pearson of the ranks, ties get their average rank) with its p by the same t; and a
 * percentile bootstrap of r; and how far r moves when one point is left out, with the point that moves it
 * most. Fewer than three points are refused. Constant x or y leaves the coefficient undefined,
 * which is said, not replaced by a number. */
#pragma once

#include "math/interval.h"

#include <stdbool.h>

enum { CORRELATE_MIN = 3, CORRELATE_DRAWS = 2000 };

typedef struct {
    int n;
    bool defined; /* false: x or y is constant; every figure below is NAN */
    double r, r_p, rho, rho_p, slope, intercept;
    Interval fisher, bootstrap;
    Interval without_one; /* least and largest r with one point left out; NAN below CORRELATE_MIN + 1 points */
    int decisive;         /* the point whose absence changes r most; -1: none */
} Correlation;

CHECKED Err correlate(Correlation *out, const double *x, const double *y, int n, uint64_t seed);
/* Percentile bootstrap of r and rho that counts the rows and what is not known about y: each draw takes n rows with
 * replacement and moves their y by a normal error of `y_sd` (NAN: exact). As y holds its errors once already, these
 * draws lie low; each end is therefore the farther one of the draws with and without moving. NAN bounds when undefined.
 */
CHECKED Err correlate_uncertain(Interval *r, Interval *rho, const double *x, const double *y, const double *y_sd, int n,
                                uint64_t seed);
/* Ranks 1..n, ties averaged. */
CHECKED Err correlate_ranks(double *ranks, const double *values, int n);
