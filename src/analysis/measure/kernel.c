/* Maximum mean discrepancy of two samples of feature vectors, the small-sample companion of a
 * Frechet distance.
 *
 * The kernel is that of KID (Binkowski et al. 2018): k(x, y) = (x.y / d + 1)^3, and the estimate the unbiased one,
 *     mean over i != j of k(x_i, x_j) + mean over i != j of k(y_i, y_j) - 2 mean over i, j of k(x_i, y_j),
 * which may come out below zero when there is no difference. Its interval is a bootstrap over videos, whose vectors
 * stay together; neither two copies of a vector nor vectors from two copies of a video are counted as a pair, which
 * would take the likeness of a video to itself for one of the dataset. */
#include "analysis/measure/internal/formulas.h"

#include "math/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Vectors of one sample, a run of the items of both. */
typedef struct {
    size_t begin, end;
    int n_videos;
    double *times; /* (n_videos) how often each video was drawn */
} Sample;

/* Both samples in one list. */
typedef struct {
    size_t n;
    Sample samples[2];
    float *values;      /* (n, n) */
    const float **rows; /* (n) */
    int *places;        /* (n) of an item's video in its sample */
    double *likeness;   /* (n) sum of the kernel with the other items of its video */
    double *others;     /* (n) how many those are */
    double *weights;    /* (n) how often each item was drawn: as often as its video */
} Kernel;

static float polynomial(const float *a, const float *b, int dims) {
    double dot = 0;
    for (int i = 0; i < dims; i++) dot += (double)a[i] * (double)b[i];
    double base = dot / dims + 1;
    return (float)(base * base * base);
}

/* The matrix of all pairs of both samples; it is symmetric, and a float a pair is kept for the resamples. */
static void fill_kernel(Kernel *kernel, int dims) {
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < kernel->n; i++)
        for (size_t j = 0; j <= i; j++) {
            float value = polynomial(kernel->rows[i], kernel->rows[j], dims);
            kernel->values[i * kernel->n + j] = kernel->values[j * kernel->n + i] = value;
        }
}

/* Pairs within a video are no pairs of the dataset: their sum and number are taken off in mean_within. */
static void sum_videos(Kernel *kernel, const Sample *sample) {
    for (size_t i = sample->begin; i < sample->end; i++) {
        kernel->likeness[i] = kernel->others[i] = 0;
        for (size_t j = sample->begin; j < sample->end; j++) {
            if (j == i || kernel->places[j] != kernel->places[i]) continue;
            kernel->likeness[i] += (double)kernel->values[i * kernel->n + j];
            kernel->others[i] += 1;
        }
    }
}

/* Sum of w_i w_j k(i, j) over i of one sample and j of another. */
static double weighted_sum(const Kernel *kernel, const Sample *a, const Sample *b) {
    double sum = 0;
    for (size_t i = a->begin; i < a->end; i++) {
        const float *row = kernel->values + i * kernel->n;
        double along = 0;
        if (kernel->weights[i] == 0) continue;
        for (size_t j = b->begin; j < b->end; j++) along += kernel->weights[j] * (double)row[j];
        sum += kernel->weights[i] * along;
    }
    return sum;
}

static double total_weight(const Kernel *kernel, const Sample *sample) {
    double sum = 0;
    for (size_t i = sample->begin; i < sample->end; i++) sum += kernel->weights[i];
    return sum;
}

/* Mean of the kernel over pairs within a sample: of different items, from one copy of a video or from two videos. */
static double mean_within(const Kernel *kernel, const Sample *sample) {
    double total = total_weight(kernel, sample), pairs = total * total, sum = weighted_sum(kernel, sample, sample);
    for (size_t i = sample->begin; i < sample->end; i++) {
        double w = kernel->weights[i];
        if (w == 0) continue;
        pairs -= w * ((w - 1) * kernel->others[i] + w);
        sum -= w * ((w - 1) * kernel->likeness[i] + w * (double)kernel->values[i * kernel->n + i]);
    }
    return pairs > 0 ? sum / pairs : NAN;
}

/* NAN when a sample has no pairs. */
static double weighted_mmd(const Kernel *kernel) {
    const Sample *x = &kernel->samples[0], *y = &kernel->samples[1];
    double across = weighted_sum(kernel, x, y) / (total_weight(kernel, x) * total_weight(kernel, y));
    return mean_within(kernel, x) + mean_within(kernel, y) - 2 * across;
}

/* One resample of both sides: as many videos of each as it has. */
static void draw_weights(Kernel *kernel, uint64_t seed, int resample) {
    Rng rng = rng_stream(seed, RNG_BOOTSTRAP, (uint64_t)resample, 1);
    for (int side = 0; side < 2; side++) {
        const Sample *sample = &kernel->samples[side];
        memset(sample->times, 0, (size_t)sample->n_videos * sizeof *sample->times);
        for (int i = 0; i < sample->n_videos; i++) sample->times[rng_below(&rng, (uint32_t)sample->n_videos)] += 1;
        for (size_t i = sample->begin; i < sample->end; i++) kernel->weights[i] = sample->times[kernel->places[i]];
    }
}

/* A resample in which a side has no two videos has no figure; with fewer than half of them there is no interval. */
static Interval resampled_interval(Kernel *kernel, uint64_t seed) {
    double values[KERNEL_RESAMPLES];
    int count = 0;
    for (int side = 0; side < 2; side++)
        if (kernel->samples[side].n_videos < KERNEL_VIDEOS_MIN) return (Interval){NAN, NAN};
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

/* Evenly over the canonical order, which is at random. */
static void take_sample(Kernel *kernel, const Sample *sample, const GroupedRows *from) {
    size_t kept = sample->end - sample->begin;
    for (size_t i = 0; i < kept; i++) {
        size_t at = i * from->rows.count / kept;
        kernel->rows[sample->begin + i] = from->rows.at[at];
        kernel->places[sample->begin + i] = from->places[at];
    }
}

static void kernel_free(Kernel *kernel) {
    free(kernel->values);
    free(kernel->rows);
    free(kernel->places);
    free(kernel->weights);
}

/* One block of doubles holds likeness, others, weights and the videos' counts. */
static Err kernel_new(Kernel *kernel, const GroupedRows *x, const GroupedRows *y) {
    size_t n_x = at_most(x->rows.count), n = n_x + at_most(y->rows.count);
    *kernel = (Kernel){.n = n, .samples = {{0, n_x, x->n_videos, NULL}, {n_x, n, y->n_videos, NULL}}};
    kernel->values = malloc(n * n * sizeof *kernel->values);
    kernel->rows = malloc(n * sizeof *kernel->rows);
    kernel->places = malloc(n * sizeof *kernel->places);
    kernel->weights = malloc((3 * n + (size_t)x->n_videos + (size_t)y->n_videos) * sizeof *kernel->weights);
    if (!kernel->values || !kernel->rows || !kernel->places || !kernel->weights) {
        kernel_free(kernel);
        return RAISE(ERR_MEMORY, "kernel distance of %zu vectors: no memory", n);
    }
    kernel->likeness = kernel->weights + n;
    kernel->others = kernel->likeness + n;
    kernel->samples[0].times = kernel->others + n;
    kernel->samples[1].times = kernel->samples[0].times + x->n_videos;
    take_sample(kernel, &kernel->samples[0], x);
    take_sample(kernel, &kernel->samples[1], y);
    fill_kernel(kernel, x->rows.dims);
    for (int side = 0; side < 2; side++) sum_videos(kernel, &kernel->samples[side]);
    return ERR_NONE;
}

Err kernel_mmd(double *mmd, Interval *interval, const GroupedRows *x, const GroupedRows *y, uint64_t seed) {
    Kernel kernel;
    if (x->rows.count < 2 || y->rows.count < 2)
        return RAISE(ERR_INPUT, "kernel distance of %zu and %zu vectors; at least 2 are needed", x->rows.count,
                     y->rows.count);
    TRY(kernel_new(&kernel, x, y));
    for (size_t i = 0; i < kernel.n; i++) kernel.weights[i] = 1;
    *mmd = weighted_mmd(&kernel);
    *interval = resampled_interval(&kernel, seed);
    kernel_free(&kernel);
    return ERR_NONE;
}
