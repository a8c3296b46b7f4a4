/* What math/linalg.h makes of samples: Frechet distances and the spectrum of a covariance. */
#include "math/linalg.h"
#include "math/stats.h"

#include "base/log.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdbool.h>

static double squared_distance(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

static double trace_of(const double *matrix, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += matrix[(size_t)i * (size_t)n + (size_t)i];
    return sum;
}

static double frechet_total(double mean_part, double trace1, double trace2, double cross) {
    double total = mean_part + trace1 + trace2 - 2 * cross;
    if (total < 0) log_detail("Frechet distance: %.3g from rounding, reported as 0", total);
    return total < 0 ? 0 : total;
}

/* rows (n, n): eigenvectors; row i is multiplied by sqrt(max(values[i], 0)). */
static void scale_rows_by_roots(double *rows, const double *values, int n) {
    for (int i = 0; i < n; i++) cblas_dscal(n, sqrt(fmax(values[i], 0)), rows + (size_t)i * (size_t)n, 1);
}

static void symmetrize(double *matrix, int n) {
    for (size_t i = 0, size = (size_t)n; i < size; i++)
        for (size_t j = i + 1; j < size; j++)
            matrix[i * size + j] = matrix[j * size + i] = 0.5 * (matrix[i * size + j] + matrix[j * size + i]);
}

static double sum_of_roots(const double *values, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += sqrt(fmax(values[i], 0));
    return sum;
}

/* tr (S1 S2)^(1/2). */
static Err cross_trace(double *trace, const double *s1, const double *s2, int n) {
    Err err = ERR_NONE;
    size_t square = (size_t)n * (size_t)n;
    double *block = malloc((3 * square + (size_t)n) * sizeof *block);
    if (!block) return RAISE(ERR_MEMORY, "Frechet distance in %d dimensions: no memory", n);
    double *root = block, *half = block + square, *product = half + square, *values = product + square;
    memcpy(root, s1, square * sizeof *root);
    TRY_OR(done, linalg_eigen(values, root, n));
    scale_rows_by_roots(root, values, n);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, root, n, s2, n, 0, half, n);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1, half, n, root, n, 0, product, n);
    symmetrize(product, n);
    TRY_OR(done, linalg_eigenvalues(values, product, n));
    *trace = sum_of_roots(values, n);
done:
    free(block);
    return err;
}

Err linalg_frechet(double *distance, const double *mean1, const double *covariance1, const double *mean2,
                   const double *covariance2, int dims) {
    double cross = 0;
    TRY(cross_trace(&cross, covariance1, covariance2, dims));
    *distance = frechet_total(squared_distance(mean1, mean2, dims), trace_of(covariance1, dims),
                              trace_of(covariance2, dims), cross);
    return ERR_NONE;
}

/* mean (dims), centered (n, dims) of x (n, dims); returns the trace of the unbiased covariance. */
static double center(double *mean, double *centered, const float *x, size_t n, int dims) {
    size_t width = (size_t)dims;
    double scatter = 0;
    for (size_t j = 0; j < width; j++) mean[j] = 0;
    for (size_t i = 0; i < n * width; i++) mean[i % width] += (double)x[i];
    for (size_t j = 0; j < width; j++) mean[j] /= (double)n;
    for (size_t i = 0; i < n * width; i++) {
        centered[i] = (double)x[i] - mean[i % width];
        scatter += centered[i] * centered[i];
    }
    return scatter / (double)(n - 1);
}

static Err nuclear_norm(double *norm, double *matrix, size_t rows, size_t columns) {
    size_t count = rows < columns ? rows : columns;
    double *values = malloc(count * sizeof *values), unused;
    if (!values) return RAISE(ERR_MEMORY, "singular values of %zu x %zu: no memory", rows, columns);
    int info = LAPACKE_dgesdd(LAPACK_COL_MAJOR, 'N', (int)columns, (int)rows, matrix, (int)columns, values, &unused, 1,
                              &unused, 1);
    *norm = 0;
    for (size_t i = 0; info == 0 && i < count; i++) *norm += values[i];
    free(values);
    return info == 0 ? ERR_NONE
                     : RAISE(ERR_INPUT, "singular values of %zu x %zu: dgesdd failed (info %d)", rows, columns, info);
}

static Err frechet_few(double *distance, const float *x1, size_t n1, const float *x2, size_t n2, int dims) {
    Err err = ERR_NONE;
    size_t width = (size_t)dims;
    double *block = malloc(((n1 + n2 + 2) * width + n1 * n2) * sizeof *block), norm = 0;
    if (!block) return RAISE(ERR_MEMORY, "Frechet distance of %zu and %zu samples: no memory", n1, n2);
    double *mean1 = block, *mean2 = mean1 + width, *c1 = mean2 + width, *c2 = c1 + n1 * width, *cross = c2 + n2 * width;
    double trace1 = center(mean1, c1, x1, n1, dims), trace2 = center(mean2, c2, x2, n2, dims);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n1, (int)n2, dims,
                1 / sqrt((double)(n1 - 1) * (double)(n2 - 1)), c1, dims, c2, dims, 0, cross, (int)n2);
    TRY_OR(done, nuclear_norm(&norm, cross, n1, n2));
    *distance = frechet_total(squared_distance(mean1, mean2, dims), trace1, trace2, norm);
done:
    free(block);
    return err;
}

static Err frechet_many(double *distance, const float *x1, size_t n1, const float *x2, size_t n2, int dims) {
    Err err = ERR_NONE;
    size_t one = covariance_doubles(dims), square = (size_t)dims * (size_t)dims;
    double *block = calloc(2 * one + 2 * square, sizeof *block);
    if (!block) return RAISE(ERR_MEMORY, "Frechet distance in %d dimensions: no memory", dims);
    Covariance a = covariance_view(block, dims), b = covariance_view(block + one, dims);
    double *s1 = block + 2 * one, *s2 = s1 + square;
    TRY_OR(done, covariance_add_rows(&a, x1, n1));
    TRY_OR(done, covariance_add_rows(&b, x2, n2));
    covariance_matrix(s1, &a);
    covariance_matrix(s2, &b);
    TRY_OR(done, linalg_frechet(distance, a.mean, s1, b.mean, s2, dims));
done:
    free(block);
    return err;
}

Err linalg_frechet_samples(double *distance, const float *x1, size_t n1, const float *x2, size_t n2, int dims) {
    ASSERT(n1 >= 2 && n2 >= 2);
    bool few = n1 < (size_t)dims && n2 < (size_t)dims;
    return few ? frechet_few(distance, x1, n1, x2, n2, dims) : frechet_many(distance, x1, n1, x2, n2, dims);
}

static Err spectrum_few(double *values, const float *rows, size_t n, int dims) {
    Err err = ERR_NONE;
    size_t width = (size_t)dims;
    double *block = malloc(((n + 1) * width + n * n) * sizeof *block);
    if (!block) return RAISE(ERR_MEMORY, "spectrum of %zu samples in %d dimensions: no memory", n, dims);
    double *mean = block, *centered = mean + width, *inner = centered + n * width;
    center(mean, centered, rows, n, dims);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)n, dims, 1.0 / (double)(n - 1), centered, dims, 0, inner,
                (int)n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) inner[i * n + j] = inner[j * n + i];
    for (size_t i = 0; i < width - n; i++) values[i] = 0;
    TRY_OR(done, linalg_eigenvalues(values + (width - n), inner, (int)n));
done:
    free(block);
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

static Err spectrum_many(double *values, const float *rows, size_t n, int dims) {
    double *block = calloc(covariance_doubles(dims), sizeof *block);
    if (!block) return RAISE(ERR_MEMORY, "spectrum of %zu samples in %d dimensions: no memory", n, dims);
    Covariance covariance = covariance_view(block, dims);
    Err err = covariance_add_rows(&covariance, rows, n);
    if (!err) err = linalg_covariance_spectrum(values, &covariance);
    free(block);
    return err;
}

Err linalg_covariance_eigenvalues(double *values, const float *rows, size_t n, int dims) {
    ASSERT(n >= 2);
    return n < (size_t)dims ? spectrum_few(values, rows, n, dims) : spectrum_many(values, rows, n, dims);
}
