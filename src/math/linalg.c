#include "math/linalg.h"

#include <lapacke.h>
#include <math.h>

static Err eigen_solve(double *values, double *matrix, int n, char job) {
    for (size_t i = 0; i < (size_t)n * (size_t)n; i++)
        if (!isfinite(matrix[i])) return RAISE(ERR_INPUT, "eigenvalues of a %d x %d matrix: it is not finite", n, n);
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
