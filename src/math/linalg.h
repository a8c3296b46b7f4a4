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
/* Raises ERR_INPUT when an element of the n x n matrix is not finite. */
CHECKED Err linalg_check_finite(const double *matrix, int n);
/* Gauss-Jordan with partial pivoting, n <= LINALG_SMALL. Raises ERR_INPUT when singular to working precision. */
enum { LINALG_SMALL = 8 };
CHECKED Err linalg_inverse_small(double *inverse, const double *matrix, int n);
/* sum_i log(values[i] + eps); values below zero by rounding count as zero. */
double linalg_logdet(const double *values, int n, double eps);
/* exp of the entropy of the eigenvalues' shares of the trace (Roy & Vetterli 2007): 1 for one direction, n for n equal
 * ones; 0 when all are zero. */
double linalg_effective_rank(const double *values, int n);

/* Eigenvalues, ascending, of the unbiased covariance of at least two rows. Where rows are fewer than dimensions they
 * are those of the matrix of inner products, and zeros. */
CHECKED Err linalg_covariance_eigenvalues(double *values, const Rows *rows);
/* The same of a covariance that has at least two rows. */
CHECKED Err linalg_covariance_spectrum(double *values, const Covariance *covariance);
