/* Means and scatter about the mean, never sums of squares, which lose all digits when the mean is large. Two parts
 * are merged by Chan, Golub and LeVeque: scatter = scatter1 + scatter2 + d d^T n1 n2 / (n1 + n2), d the distance of
 * the means. Covariances are upper triangles, row-major. */
#include "math/stats.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void order_ascending(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, compare);
}

double order_median(double *values, int count) {
    order_ascending(values, count);
    return values[count / 2];
}

enum { BLOCK_ROWS = 256 };

/* Welford's update (1962), the merge of Chan et al. for a part of one value. */
void moments_add(Moments *moments, double value) {
    if (moments->count == 0 || value < moments->min) moments->min = value;
    if (moments->count == 0 || value > moments->max) moments->max = value;
    moments->count += 1;
    double delta = value - moments->mean;
    moments->mean += delta / moments->count;
    moments->scatter += delta * (value - moments->mean);
}

double moments_variance(const Moments *moments) {
    return moments->count < 2 ? NAN : moments->scatter / (moments->count - 1);
}

double moments_sd(const Moments *moments) {
    return sqrt(moments_variance(moments));
}

size_t covariance_doubles(int dims) {
    return 1 + (size_t)dims + (size_t)dims * (size_t)dims;
}

Covariance covariance_view(double *block, int dims) {
    return (Covariance){dims, block, block + 1, block + 1 + dims};
}

/* Moves the mean to that of both parts; `delta` (dims) holds part mean minus old mean. The scatter of the part about
 * its own mean has been added already; what is missing is the outer product of the two means' distance. */
static void covariance_shift(const Covariance *into, const double *delta, double part_count) {
    double old_count = *into->count, total = old_count + part_count;
    if (old_count > 0)
        cblas_dsyr(CblasRowMajor, CblasUpper, into->dims, old_count * part_count / total, delta, 1, into->scatter,
                   into->dims);
    cblas_daxpy(into->dims, part_count / total, delta, 1, into->mean, 1);
    *into->count = total;
}

/* rows: of one block. scratch: (1 + BLOCK_ROWS, dims). */
static void add_block(const Covariance *into, double *scratch, const Rows *rows) {
    double *delta = scratch, *centered = scratch + into->dims;
    rows_center(delta, centered, rows);
    for (int j = 0; j < into->dims; j++) delta[j] -= into->mean[j];
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, into->dims, (int)rows->count, 1, centered, into->dims, 1,
                into->scatter, into->dims);
    covariance_shift(into, delta, (double)rows->count);
}

static double *scratch_new(const Covariance *into) {
    return malloc((BLOCK_ROWS + 1) * (size_t)into->dims * sizeof(double));
}

static Err no_scratch(const Covariance *into) {
    return RAISE(ERR_MEMORY, "covariance of %d dimensions: no memory for scratch", into->dims);
}

Err covariance_add_list(const Covariance *into, const Rows *rows) {
    double *scratch = scratch_new(into);
    if (!scratch) return no_scratch(into);
    for (size_t begin = 0; begin < rows->count; begin += BLOCK_ROWS) {
        size_t block = rows->count - begin < BLOCK_ROWS ? rows->count - begin : BLOCK_ROWS;
        add_block(into, scratch, &(Rows){rows->at + begin, block, into->dims});
    }
    free(scratch);
    return ERR_NONE;
}

Err covariance_add_rows(const Covariance *into, const float *rows, size_t count) {
    const float *at[BLOCK_ROWS];
    double *scratch = scratch_new(into);
    if (!scratch) return no_scratch(into);
    for (size_t begin = 0; begin < count; begin += BLOCK_ROWS) {
        size_t block = count - begin < BLOCK_ROWS ? count - begin : BLOCK_ROWS;
        for (size_t i = 0; i < block; i++) at[i] = rows + (begin + i) * (size_t)into->dims;
        add_block(into, scratch, &(Rows){at, block, into->dims});
    }
    free(scratch);
    return ERR_NONE;
}

void covariance_merge(const Covariance *into, const Covariance *from) {
    double total = *into->count + *from->count;
    if (*from->count == 0) return;
    for (int i = 0; i < into->dims; i++) {
        double delta_i = from->mean[i] - into->mean[i];
        for (int j = i; j < into->dims; j++) {
            double delta_j = from->mean[j] - into->mean[j];
            into->scatter[i * into->dims + j] += from->scatter[i * into->dims + j] +
                                                 delta_i * delta_j * *into->count * *from->count / total;
        }
    }
    for (int i = 0; i < into->dims; i++) into->mean[i] += (from->mean[i] - into->mean[i]) * *from->count / total;
    *into->count = total;
}

void covariance_remove(const Covariance *from, const Covariance *part) {
    double total = *from->count, rest = total - *part->count;
    ASSERT(rest > 0);
    /* the inverse of covariance_merge: first the mean of what is left, then its scatter */
    for (int i = 0; i < from->dims; i++) from->mean[i] += (from->mean[i] - part->mean[i]) * *part->count / rest;
    for (int i = 0; i < from->dims; i++) {
        double delta_i = part->mean[i] - from->mean[i];
        for (int j = i; j < from->dims; j++) {
            double delta_j = part->mean[j] - from->mean[j];
            from->scatter[i * from->dims + j] -= part->scatter[i * from->dims + j] +
                                                 delta_i * delta_j * rest * *part->count / total;
        }
    }
    *from->count = rest;
}

void covariance_matrix(double *out, const Covariance *covariance) {
    size_t dims = (size_t)covariance->dims;
    ASSERT(*covariance->count >= 2);
    for (size_t i = 0; i < dims; i++)
        for (size_t j = i; j < dims; j++)
            out[i * dims + j] = out[j * dims + i] = covariance->scatter[i * dims + j] / (*covariance->count - 1);
}
