/* d^2 = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2). The last term is the sum of the singular values of A B^T,
 * where S1 = A^T A and S2 = B^T B: with few rows A and B are the centered samples themselves, so an n1 x n2 matrix
 * decides and no dims x dims one is ever formed; with many rows the moments do, by a Cholesky factor with pivots (S1
 * may be singular).
 *
 * A group is left out by taking its share out of sums that were made once: means of rows and columns of the inner
 * products, or a covariance less that of the group. */
#include "math/stats.h"

#include "base/system/log.h"
#include "math/linalg.h"

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

static double sum_of_roots(const double *values, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += sqrt(fmax(values[i], 0));
    return sum;
}

/* ---- from moments ---- */

/* factor (n, n; column-major, upper triangle) of matrix with rows and columns permuted: F^T F = matrix[pivots][pivots];
 * rows past the rank are zero. */
static void pivoted_factor(double *factor, lapack_int *pivots, const double *matrix, int n) {
    lapack_int rank = 0;
    size_t size = (size_t)n;
    memcpy(factor, matrix, size * size * sizeof *factor);
    (void)LAPACKE_dpstrf(LAPACK_COL_MAJOR, 'U', n, factor, n, pivots, &rank, 0); /* > 0: of lower rank, as expected */
    for (size_t column = 0; column < size; column++)
        for (size_t row = (size_t)rank; row <= column; row++) factor[column * size + row] = 0;
}

/* tr (S1 S2)^(1/2). */
static Err cross_trace(double *trace, const double *s1, const double *s2, int n) {
    Err err = ERR_NONE;
    size_t size = (size_t)n, square = size * size;
    double *factor = malloc((2 * square + size) * sizeof *factor);
    lapack_int *pivots = malloc(size * sizeof *pivots);
    if (!factor || !pivots) TRY_OR(done, RAISE(ERR_MEMORY, "Frechet distance in %d dimensions: no memory", n));
    double *product = factor + square, *values = product + square;
    TRY_OR(done, linalg_check_finite(s1, n));
    pivoted_factor(factor, pivots, s1, n);
    /* F S2 F^T has the eigenvalues of S1 S2 */
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++)
            product[i * size + j] = s2[(size_t)(pivots[i] - 1) * size + (size_t)(pivots[j] - 1)];
    cblas_dtrmm(CblasColMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, n, n, 1, factor, n, product, n);
    cblas_dtrmm(CblasColMajor, CblasRight, CblasUpper, CblasTrans, CblasNonUnit, n, n, 1, factor, n, product, n);
    /* symmetric but for rounding; the solver reads one triangle */
    for (size_t i = 0; i < size; i++)
        for (size_t j = i + 1; j < size; j++)
            product[i * size + j] = product[j * size + i] = 0.5 * (product[i * size + j] + product[j * size + i]);
    TRY_OR(done, linalg_eigenvalues(values, product, n));
    *trace = sum_of_roots(values, n);
done:
    free(factor);
    free(pivots);
    return err;
}

Err frechet_gaussians(double *distance, const double *mean1, const double *covariance1, const double *mean2,
                      const double *covariance2, int dims) {
    double cross = 0;
    TRY(cross_trace(&cross, covariance1, covariance2, dims));
    *distance = frechet_total(squared_distance(mean1, mean2, dims), trace_of(covariance1, dims),
                              trace_of(covariance2, dims), cross);
    return ERR_NONE;
}

/* ---- from samples ---- */

/* Few rows: centered rows and their inner products. Many: covariances, from which those of a group are taken out. */
struct FrechetPair {
    FrechetSample sides[2];
    int dims;
    bool few;
    double *block;
    double *mean[2], *centered[2], *inner; /* few: (dims), (n, dims), (n1, n2) */
    Covariance whole[2];                   /* many */
};

static size_t rows_of(const FrechetPair *pair, int side) {
    return pair->sides[side].rows->count;
}

static void prepare_few(FrechetPair *pair) {
    size_t dims = (size_t)pair->dims;
    double *at = pair->block;
    for (int side = 0; side < 2; side++) {
        pair->mean[side] = at;
        pair->centered[side] = at + dims;
        at += (1 + rows_of(pair, side)) * dims;
        rows_center(pair->mean[side], pair->centered[side], pair->sides[side].rows);
    }
    pair->inner = at;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows_of(pair, 0), (int)rows_of(pair, 1), pair->dims, 1,
                pair->centered[0], pair->dims, pair->centered[1], pair->dims, 0, pair->inner, (int)rows_of(pair, 1));
}

static Err prepare_many(FrechetPair *pair) {
    for (int side = 0; side < 2; side++) {
        pair->whole[side] = covariance_view(pair->block + (size_t)side * covariance_doubles(pair->dims), pair->dims);
        TRY(covariance_add_list(&pair->whole[side], pair->sides[side].rows));
    }
    return ERR_NONE;
}

Err frechet_pair_new(FrechetPair **pair, FrechetSample a, FrechetSample b) {
    ASSERT(a.rows->count >= 2 && b.rows->count >= 2 && a.rows->dims == b.rows->dims);
    size_t dims = (size_t)a.rows->dims, n1 = a.rows->count, n2 = b.rows->count;
    FrechetPair *made = *pair = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "Frechet distance: no memory");
    *made = (FrechetPair){.sides = {a, b}, .dims = a.rows->dims, .few = n1 < dims && n2 < dims};
    size_t doubles = made->few ? (n1 + n2 + 2) * dims + n1 * n2 : 2 * covariance_doubles(made->dims);
    made->block = calloc(doubles, sizeof *made->block);
    Err err = made->block ? ERR_NONE
                          : RAISE(ERR_MEMORY, "Frechet distance of %zu and %zu samples in %zu dimensions: no memory",
                                  n1, n2, dims);
    if (!err && made->few) prepare_few(made);
    if (!err && !made->few) err = prepare_many(made);
    if (err) frechet_pair_free(pair);
    return err;
}

void frechet_pair_free(FrechetPair **pair) {
    if (*pair) free((*pair)->block);
    free(*pair);
    *pair = NULL;
}

/* indices: i a row of side 0, j a row of side 1, both of the whole, through Part.rows */
/* ---- few rows ---- */

/* What is left of one side: its rows' numbers, its mean less that of all, the trace of its covariance. */
typedef struct {
    size_t *rows, count;
    double *shift, trace;
} Part;

/* part->rows has room for all of the side's rows. */
static void part_take(Part *part, const FrechetPair *pair, int side, int group) {
    size_t dims = (size_t)pair->dims;
    double squares = 0;
    part->count = 0;
    for (size_t j = 0; j < dims; j++) part->shift[j] = 0;
    for (size_t i = 0; i < rows_of(pair, side); i++) {
        if (group >= 0 && pair->sides[side].groups[i] == group) continue;
        const double *row = pair->centered[side] + i * dims;
        part->rows[part->count++] = i;
        for (size_t j = 0; j < dims; j++) part->shift[j] += row[j];
        squares += cblas_ddot(pair->dims, row, 1, row, 1);
    }
    ASSERT(part->count >= 2);
    cblas_dscal(pair->dims, 1 / (double)part->count, part->shift, 1);
    squares -= (double)part->count * cblas_ddot(pair->dims, part->shift, 1, part->shift, 1);
    part->trace = squares / (double)(part->count - 1);
}

/* out (rows of a, rows of b): inner products of rows that are centered within their parts, by taking the means of rows
 * and columns from those centered in the whole. */
static void center_inner(double *out, double *column_means, const FrechetPair *pair, const Part *a, const Part *b) {
    size_t width = rows_of(pair, 1);
    double scale = 1 / sqrt((double)(a->count - 1) * (double)(b->count - 1));
    for (size_t j = 0; j < b->count; j++) column_means[j] = 0;
    for (size_t i = 0; i < a->count; i++) {
        const double *row = pair->inner + a->rows[i] * width;
        double *into = out + i * b->count, mean = 0;
        for (size_t j = 0; j < b->count; j++) mean += row[b->rows[j]];
        mean /= (double)b->count;
        for (size_t j = 0; j < b->count; j++) {
            into[j] = row[b->rows[j]] - mean;
            column_means[j] += into[j] / (double)a->count;
        }
    }
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++) out[i * b->count + j] = scale * (out[i * b->count + j] - column_means[j]);
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

static double shifted_mean_distance(const FrechetPair *pair, const Part *a, const Part *b) {
    double sum = 0;
    for (int j = 0; j < pair->dims; j++) {
        double difference = pair->mean[0][j] + a->shift[j] - pair->mean[1][j] - b->shift[j];
        sum += difference * difference;
    }
    return sum;
}

static Err distance_few(double *distance, const FrechetPair *pair, int group) {
    Err err = ERR_NONE;
    size_t n1 = rows_of(pair, 0), n2 = rows_of(pair, 1);
    double norm = 0, *block = malloc((2 * (size_t)pair->dims + n2 + n1 * n2) * sizeof *block);
    size_t *numbers = malloc((n1 + n2) * sizeof *numbers);
    if (!block || !numbers)
        TRY_OR(done, RAISE(ERR_MEMORY, "Frechet distance of %zu and %zu samples: no memory", n1, n2));
    Part a = {.rows = numbers, .shift = block}, b = {.rows = numbers + n1, .shift = block + pair->dims};
    double *column_means = b.shift + pair->dims, *inner = column_means + n2;
    part_take(&a, pair, 0, group);
    part_take(&b, pair, 1, group);
    center_inner(inner, column_means, pair, &a, &b);
    TRY_OR(done, nuclear_norm(&norm, inner, a.count, b.count));
    *distance = frechet_total(shifted_mean_distance(pair, &a, &b), a.trace, b.trace, norm);
done:
    free(block);
    free(numbers);
    return err;
}

/* ---- many rows ---- */

static Err moments_without(double *mean, double *matrix, double *scratch, const FrechetPair *pair, int side,
                           int group) {
    Rows left_out;
    size_t doubles = covariance_doubles(pair->dims);
    Covariance rest = covariance_view(scratch, pair->dims), part = covariance_view(scratch + doubles, pair->dims);
    memcpy(scratch, pair->whole[side].count, doubles * sizeof *scratch);
    if (group >= 0) {
        memset(scratch + doubles, 0, doubles * sizeof *scratch);
        TRY(rows_of_group(&left_out, pair->sides[side].rows, pair->sides[side].groups, group));
        Err err = covariance_add_list(&part, &left_out);
        rows_free(&left_out);
        if (err) return err;
        covariance_remove(&rest, &part);
    }
    memcpy(mean, rest.mean, (size_t)pair->dims * sizeof *mean);
    covariance_matrix(matrix, &rest);
    return ERR_NONE;
}

static Err distance_many(double *distance, const FrechetPair *pair, int group) {
    size_t dims = (size_t)pair->dims, doubles = covariance_doubles(pair->dims);
    double *mean[2], *matrix[2], *scratch = malloc(2 * (doubles + dims + dims * dims) * sizeof *scratch);
    if (!scratch) return RAISE(ERR_MEMORY, "Frechet distance in %zu dimensions: no memory", dims);
    Err err = ERR_NONE;
    for (int side = 0; side < 2 && !err; side++) {
        mean[side] = scratch + 2 * doubles + (size_t)side * (dims + dims * dims);
        matrix[side] = mean[side] + dims;
        err = moments_without(mean[side], matrix[side], scratch, pair, side, group);
    }
    if (!err) err = frechet_gaussians(distance, mean[0], matrix[0], mean[1], matrix[1], pair->dims);
    free(scratch);
    return err;
}

Err frechet_pair_distance(double *distance, const FrechetPair *pair, int group) {
    return pair->few ? distance_few(distance, pair, group) : distance_many(distance, pair, group);
}
