/* Symmetric problems go to LAPACK's divide and conquer (dsyevd); small inverses are Gauss-Jordan by hand, because
 * they sit in inner loops. Spectra of covariances of fewer rows than dimensions come from the n x n inner products,
 * which have the same nonzero eigenvalues. */
#include "math/linalg.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>

Err linalg_check_finite(const double *matrix, int n) {
    for (size_t i = 0; i < (size_t)n * (size_t)n; i++)
        if (!isfinite(matrix[i])) return RAISE(ERR_INPUT, "a %d x %d matrix is not finite", n, n);
    return ERR_NONE;
}

static Err eigen_solve(double *values, double *matrix, int n, char job) {
    TRY(linalg_check_finite(matrix, n));
    /* Symmetric: its column-major reading is the same matrix, and column vectors come out as our rows. */
    int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, job, 'U', n, matrix, n, values);
    if (info == LAPACK_WORK_MEMORY_ERROR) return RAISE(ERR_MEMORY, "eigenvalues of a %d x %d matrix: no memory", n, n);
    if (info) return RAISE(ERR_INPUT, "eigenvalues of a %d x %d matrix: dsyevd did not converge (info %d)", n, n, info);
    return ERR_NONE;
}

Err linalg_eigen(double *values, double *matrix, int n) {
    return eigen_solve(values, matrix, n, 'V');
}

Err linalg_eigenvalues(double *values, double *matrix, int n) {
    return eigen_solve(values, matrix, n, 'N');
}

static void swap_rows(double *matrix, int n, int a, int b) {
    for (int j = 0; a != b && j < n; j++) {
        double kept = matrix[a * n + j];
        matrix[a * n + j] = matrix[b * n + j];
        matrix[b * n + j] = kept;
    }
}

/* Partial pivoting. */
static int pivot_row(const double *matrix, int n, int column) {
    int best = column;
    for (int i = column + 1; i < n; i++)
        if (fabs(matrix[i * n + column]) > fabs(matrix[best * n + column])) best = i;
    return best;
}

Err linalg_inverse_small(double *inverse, const double *matrix, int n) {
    double work[LINALG_SMALL * LINALG_SMALL], largest = 0;
    ASSERT(n >= 1 && n <= LINALG_SMALL);
    for (int i = 0; i < n * n; i++) {
        work[i] = matrix[i];
        inverse[i] = i % (n + 1) == 0;
        largest = fmax(largest, fabs(matrix[i]));
    }
    /* column k: pivot, scale the row, clear the column */
    for (int k = 0; k < n; k++) {
        int pivot = pivot_row(work, n, k);
        if (!(fabs(work[pivot * n + k]) > 1e-15 * largest))
            return RAISE(ERR_INPUT, "inverse of a %d x %d matrix: it is singular", n, n);
        swap_rows(work, n, k, pivot);
        swap_rows(inverse, n, k, pivot);
        double scale = 1 / work[k * n + k];
        for (int j = 0; j < n; j++) {
            work[k * n + j] *= scale;
            inverse[k * n + j] *= scale;
        }
        for (int i = 0; i < n; i++) {
            double factor = work[i * n + k];
            for (int j = 0; i != k && j < n; j++) {
                work[i * n + j] -= factor * work[k * n + j];
                inverse[i * n + j] -= factor * inverse[k * n + j];
            }
        }
    }
    return ERR_NONE;
}

double linalg_logdet(const double *values, int n, double eps) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += log(fmax(values[i], 0) + eps);
    return sum;
}

/* exp of the entropy of the normalized eigenvalues (Roy & Vetterli 2007). */
double linalg_effective_rank(const double *values, int n) {
    double trace = 0, entropy = 0;
    for (int i = 0; i < n; i++) trace += fmax(values[i], 0);
    if (trace <= 0) return 0;
    for (int i = 0; i < n; i++) {
        double share = values[i] / trace;
        if (share > 0) entropy -= share * log(share);
    }
    return exp(entropy);
}

/* Fewer rows than dimensions: the n x n inner products have the same nonzero eigenvalues; the others are 0, in front.
 */
static Err spectrum_few(double *values, const Rows *rows) {
    Err err = ERR_NONE;
    size_t n = rows->count, dims = (size_t)rows->dims;
    double *mean = malloc(((n + 1) * dims + n * n) * sizeof *mean);
    if (!mean) return RAISE(ERR_MEMORY, "spectrum of %zu samples in %zu dimensions: no memory", n, dims);
    double *centered = mean + dims, *inner = centered + n * dims;
    rows_center(mean, centered, rows);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)n, rows->dims, 1.0 / (double)(n - 1), centered,
                rows->dims, 0, inner, (int)n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) inner[i * n + j] = inner[j * n + i];
    for (size_t i = 0; i < dims - n; i++) values[i] = 0;
    TRY_OR(done, linalg_eigenvalues(values + (dims - n), inner, (int)n));
done:
    free(mean);
    return err;
}

Err linalg_covariance_spectrum(double *values, const Covariance *covariance) {
    size_t dims = (size_t)covariance->dims;
    double *matrix = malloc(dims * dims * sizeof *matrix);
    if (!matrix) return RAISE(ERR_MEMORY, "spectrum in %zu dimensions: no memory", dims);
    covariance_matrix(matrix, covariance);
    Err err = linalg_eigenvalues(values, matrix, covariance->dims);
    free(matrix);
    return err;
}

static Err spectrum_many(double *values, const Rows *rows) {
    double *block = calloc(covariance_doubles(rows->dims), sizeof *block);
    if (!block)
        return RAISE(ERR_MEMORY, "spectrum of %zu samples in %d dimensions: no memory", rows->count, rows->dims);
    Covariance covariance = covariance_view(block, rows->dims);
    Err err = covariance_add_list(&covariance, rows);
    if (!err) err = linalg_covariance_spectrum(values, &covariance);
    free(block);
    return err;
}

Err linalg_covariance_eigenvalues(double *values, const Rows *rows) {
    ASSERT(rows->count >= 2);
    return rows->count < (size_t)rows->dims ? spectrum_few(values, rows) : spectrum_many(values, rows);
}
