/* math/linalg - the dense linear algebra of the dataset statistics, in double, row-major, through LAPACK.
 *
 * Matrices are small (up to a few thousand square) and are not changed unless said. Results are functions of the
 * input bytes alone: BLAS runs on one thread. */
#pragma once

#include "math/stats.h"

/* Eigenvalues ascending into values (n); row i of `matrix` (n, n; symmetric, both triangles) becomes the unit
 * eigenvector of values[i]. dsyevd. Raises ERR_MEMORY, or ERR_INPUT when the input is not finite. */
CHECKED Err linalg_eigen(double *values, double *matrix, int n);
/* The same without vectors; `matrix` is destroyed. */
CHECKED Err linalg_eigenvalues(double *values, double *matrix, int n);
/* Gauss-Jordan with partial pivoting, n <= LINALG_SMALL. Raises ERR_INPUT when singular to working precision. */
enum { LINALG_SMALL = 8 };
CHECKED Err linalg_inverse_small(double *inverse, const double *matrix, int n);
/* sum_i log(values[i] + eps); values below zero by rounding count as zero. */
double linalg_logdet(const double *values, int n, double eps);
/* exp of the entropy of the eigenvalues' shares of the trace (Roy & Vetterli 2007): 1 for one direction, n for n equal
 * ones; 0 when all are zero. */
double linalg_effective_rank(const double *values, int n);

/* Squared Frechet distance of two Gaussians (Dowson & Landau 1982):
 *     |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2),
 * the last trace being the sum of roots of the eigenvalues of B S2 B^T, B = diag(sqrt l) U^T, S1 = U diag(l) U^T. Needs
 * no regularization: rank deficiency is harmless. A negative total, possible by rounding only, is returned as 0. */
CHECKED Err linalg_frechet(double *distance, const double *mean1, const double *covariance1, const double *mean2,
                           const double *covariance2, int dims);
/* The same from samples x1 (n1, dims), x2 (n2, dims), n1, n2 >= 2, unbiased covariances. Where samples are fewer than
 * dimensions it never forms a dims x dims matrix: tr (S1 S2)^(1/2) is the nuclear norm of the centered
 * X1 X2^T / sqrt((n1-1)(n2-1)). */
CHECKED Err linalg_frechet_samples(double *distance, const float *x1, size_t n1, const float *x2, size_t n2, int dims);
/* Eigenvalues, ascending, of the unbiased covariance of rows (n, dims), n >= 2. Where rows are fewer than dimensions
 * they are those of the n x n matrix of inner products, and zeros. */
CHECKED Err linalg_covariance_eigenvalues(double *values, const float *rows, size_t n, int dims);
/* The same of a covariance that has at least two rows. */
CHECKED Err linalg_covariance_spectrum(double *values, const Covariance *covariance);
