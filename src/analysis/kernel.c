#include "analysis/kernel.h"

#include "math/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Both samples in one list: items 0..n_x-1 are x, the rest y. */
typedef struct {
    size_t n_x, n_y, n;
    float *values;   /* (n, n) */
    double *weights; /* (n) how often each item was drawn */
} Kernel;

/* Evenly over the order, which for canonical order is at random. */
static void take_thinned(const float **out, const Rows *rows, size_t kept) {
    for (size_t i = 0; i < kept; i++) out[i] = rows->at[i * rows->count / kept];
}

static float polynomial(const float *a, const float *b, int dims) {
    double dot = 0;
    for (int i = 0; i < dims; i++) dot += (double)a[i] * (double)b[i];
    double base = dot / dims + 1;
    return (float)(base * base * base);
}

/* In a common thinned order, so that both triangles are equal. */
static void fill_kernel(Kernel *kernel, const float **rows, int dims) {
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < kernel->n; i++)
        for (size_t j = 0; j <= i; j++) {
            float value = polynomial(rows[i], rows[j], dims);
            kernel->values[i * kernel->n + j] = kernel->values[j * kernel->n + i] = value;
        }
}

/* Sum of w_i w_j k(i, j) over i in [from, end) and j in [from_j, end_j), without i = j. */
static double weighted_sum(const Kernel *kernel, size_t from, size_t end, size_t from_j, size_t end_j) {
    double sum = 0;
    for (size_t i = from; i < end; i++) {
        const float *row = kernel->values + i * kernel->n;
        double along = 0;
        if (kernel->weights[i] == 0) continue;
        for (size_t j = from_j; j < end_j; j++) along += kernel->weights[j] * (double)row[j];
        if (i >= from_j && i < end_j) along -= kernel->weights[i] * (double)row[i];
        sum += kernel->weights[i] * along;
    }
    return sum;
}

/* Number of pairs of different items among those drawn. */
static double pairs_within(const Kernel *kernel, size_t from, size_t end) {
    double total = 0, same = 0;
    for (size_t i = from; i < end; i++) {
        total += kernel->weights[i];
        same += kernel->weights[i] * kernel->weights[i];
    }
    return total * total - same;
}

static double weighted_mmd(const Kernel *kernel) {
    size_t x = kernel->n_x, n = kernel->n;
    double pairs_x = pairs_within(kernel, 0, x), pairs_y = pairs_within(kernel, x, n);
    if (pairs_x <= 0 || pairs_y <= 0) return NAN;
    return weighted_sum(kernel, 0, x, 0, x) / pairs_x + weighted_sum(kernel, x, n, x, n) / pairs_y -
           2 * weighted_sum(kernel, 0, x, x, n) / ((double)kernel->n_x * (double)kernel->n_y);
}

/* One resample of both sides: as many items of each as it has. */
static void draw_weights(Kernel *kernel, uint64_t seed, int resample) {
    Rng rng = rng_stream(seed, RNG_BOOTSTRAP, (uint64_t)resample, 1);
    memset(kernel->weights, 0, kernel->n * sizeof *kernel->weights);
    for (size_t i = 0; i < kernel->n_x; i++) kernel->weights[rng_below(&rng, (uint32_t)kernel->n_x)] += 1;
    for (size_t i = 0; i < kernel->n_y; i++) kernel->weights[kernel->n_x + rng_below(&rng, (uint32_t)kernel->n_y)] += 1;
}

static Interval resampled_interval(Kernel *kernel, uint64_t seed) {
    double values[KERNEL_RESAMPLES];
    int count = 0;
    for (int draw = 0; draw < KERNEL_RESAMPLES; draw++) {
        draw_weights(kernel, seed, draw);
        double value = weighted_mmd(kernel);
        if (!isnan(value)) values[count++] = value;
    }
    return interval_percentile(values, count < KERNEL_RESAMPLES / 2 ? 0 : count);
}

static size_t at_most(size_t count) {
    return count < KERNEL_ROWS_MAX ? count : KERNEL_ROWS_MAX;
}

Err kernel_mmd(double *mmd, Interval *interval, const Rows *x, const Rows *y, uint64_t seed) {
    Kernel kernel = {.n_x = at_most(x->count), .n_y = at_most(y->count)};
    if (x->count < 2 || y->count < 2)
        return RAISE(ERR_INPUT, "kernel distance of %zu and %zu vectors; at least 2 are needed", x->count, y->count);
    kernel.n = kernel.n_x + kernel.n_y;
    kernel.values = malloc(kernel.n * kernel.n * sizeof *kernel.values);
    kernel.weights = malloc(kernel.n * sizeof *kernel.weights);
    const float **rows = malloc(kernel.n * sizeof *rows);
    Err err = kernel.values && kernel.weights && rows
                  ? ERR_NONE
                  : RAISE(ERR_MEMORY, "kernel distance of %zu vectors: no memory", kernel.n);
    if (!err) {
        take_thinned(rows, x, kernel.n_x);
        take_thinned(rows + kernel.n_x, y, kernel.n_y);
        fill_kernel(&kernel, rows, x->dims);
        for (size_t i = 0; i < kernel.n; i++) kernel.weights[i] = 1;
        *mmd = weighted_mmd(&kernel);
        *interval = resampled_interval(&kernel, seed);
    }
    free(kernel.values);
    free(kernel.weights);
    free(rows);
    return err;
}
