/* nn/kernels/internal/elementwise_body - GELU and LayerNorm, each one pass over memory. See nn/layers/elementwise.h for
 * what they compute, nn/kernels/internal/simd.h for how this file is compiled. */
#pragma once

#include "nn/kernels/internal/simd.h"
#include "nn/kernels/kernels.h"

#include <math.h>

static void gelu_body(float *y, const float *x, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        Vec x_i = vec_load(x + i);
        vec_store(y + i, x_i * (vec_normal_half(x_i) + 0.5f));
    }
    if (i < count) {
        Vec x_i = vec_load_part(x + i, (int)(count - i));
        vec_store_part(y + i, x_i * (vec_normal_half(x_i) + 0.5f), (int)(count - i));
    }
}

/* y = gelu(x), returns its slope Phi(x) + x phi(x). */
INLINE Vec gelu_and_slope(Vec *y, Vec x) {
    const float half_log2e = 0.72134752044f, density_at_0 = 0.39894228040f;
    Vec phi = vec_exp2(x * x * -half_log2e) * density_at_0;
    Vec upper = vec_normal_half(x) + 0.5f;
    *y = x * upper;
    return upper + x * phi;
}

static void gelu_backward_body(float *y, float *dx, const float *dy, const float *x, size_t count) {
    size_t i = 0;
    Vec y_i;
    for (; i + LANES <= count; i += LANES) {
        Vec slope = gelu_and_slope(&y_i, vec_load(x + i));
        vec_store(dx + i, slope * vec_load(dy + i));
        vec_store(y + i, y_i);
    }
    if (i < count) {
        int left = (int)(count - i);
        Vec slope = gelu_and_slope(&y_i, vec_load_part(x + i, left));
        vec_store_part(dx + i, slope * vec_load_part(dy + i, left), left);
        vec_store_part(y + i, y_i, left);
    }
}

typedef struct {
    float mean, inverse_deviation;
} RowMoments;

/* Two passes over a row that is in the first-level cache after the first. */
INLINE RowMoments row_moments(const float *x, int width, float eps) {
    /* two sums hide the latency of the additions */
    Vec sum0 = {0}, sum1 = {0};
    float tail = 0;
    int i = 0;
    for (; i + 2 * LANES <= width; i += 2 * LANES) {
        sum0 += vec_load(x + i);
        sum1 += vec_load(x + i + LANES);
    }
    for (; i < width; i++) tail += x[i];
    float mean = (vec_sum(sum0 + sum1) + tail) / (float)width;
    /* about the mean: a sum of squares would cancel */
    Vec squares0 = {0}, squares1 = {0};
    tail = 0;
    for (i = 0; i + 2 * LANES <= width; i += 2 * LANES) {
        Vec a = vec_load(x + i) - mean, b = vec_load(x + i + LANES) - mean;
        squares0 += a * a;
        squares1 += b * b;
    }
    for (; i < width; i++) tail += (x[i] - mean) * (x[i] - mean);
    float variance = (vec_sum(squares0 + squares1) + tail) / (float)width;
    return (RowMoments){mean, 1 / sqrtf(variance + eps)};
}

static void layernorm_body(float *y, const float *x, size_t rows, const NormParams *norm) {
    const float *weight = norm->weight, *bias = norm->bias;
    int width = norm->width;
    for (size_t r = 0; r < rows; r++, x += width, y += width) {
        RowMoments m = row_moments(x, width, norm->eps);
        int i = 0;
        for (; i + LANES <= width; i += LANES) {
            Vec normal = (vec_load(x + i) - m.mean) * m.inverse_deviation;
            vec_store(y + i, normal * vec_load(weight + i) + vec_load(bias + i));
        }
        for (; i < width; i++) y[i] = (x[i] - m.mean) * m.inverse_deviation * weight[i] + bias[i];
    }
}

/* Adds this row's share of dweight and dbias, and the input gradient into dx. With n the normalized input and g = dy
 * weight, dx = (g - mean(g) - n mean(g n)) / deviation: mean and deviation depend on every element of the row. */
INLINE void layernorm_backward_row(float *dx, float *dweight, float *dbias, const float *dy, const float *x,
                                   const NormParams *norm, RowMoments m) {
    const float *weight = norm->weight;
    int width = norm->width;
    /* pass 1: g = dy weight; its mean and its mean times the normalized input */
    Vec sum_g = {0}, sum_gn = {0};
    float tail_g = 0, tail_gn = 0;
    int i = 0;
    for (; i + LANES <= width; i += LANES) {
        Vec dy_i = vec_load(dy + i), normal = (vec_load(x + i) - m.mean) * m.inverse_deviation;
        Vec g = dy_i * vec_load(weight + i);
        vec_store(dbias + i, vec_load(dbias + i) + dy_i);
        vec_store(dweight + i, vec_load(dweight + i) + dy_i * normal);
        sum_g += g;
        sum_gn += g * normal;
    }
    for (; i < width; i++) {
        float normal = (x[i] - m.mean) * m.inverse_deviation, g = dy[i] * weight[i];
        dbias[i] += dy[i];
        dweight[i] += dy[i] * normal;
        tail_g += g;
        tail_gn += g * normal;
    }
    /* pass 2: the input gradient */
    float mean_g = (vec_sum(sum_g) + tail_g) / (float)width, mean_gn = (vec_sum(sum_gn) + tail_gn) / (float)width;
    for (i = 0; i + LANES <= width; i += LANES) {
        Vec normal = (vec_load(x + i) - m.mean) * m.inverse_deviation, g = vec_load(dy + i) * vec_load(weight + i);
        vec_store(dx + i, vec_load(dx + i) + (g - mean_g - normal * mean_gn) * m.inverse_deviation);
    }
    for (; i < width; i++) {
        float normal = (x[i] - m.mean) * m.inverse_deviation;
        dx[i] += (dy[i] * weight[i] - mean_g - normal * mean_gn) * m.inverse_deviation;
    }
}

/* Weight gradients gather in `partial` (2, width) for some rows before they join the sum, which keeps the error of
 * adding thousands of floats small. */
static void layernorm_backward_body(const NormGradients *d, const float *dy, const float *x, size_t rows,
                                    const NormParams *norm) {
    enum { ROWS_A_PARTIAL = 64 };
    float *partial = d->partial;
    int width = norm->width;
    size_t row_bytes = (size_t)width * sizeof(float);
    for (size_t begin = 0; begin < rows; begin += ROWS_A_PARTIAL) {
        size_t end = begin + ROWS_A_PARTIAL < rows ? begin + ROWS_A_PARTIAL : rows;
        memset(partial, 0, 2 * row_bytes);
        for (size_t r = begin; r < end; r++) {
            const float *x_r = x + r * (size_t)width, *dy_r = dy + r * (size_t)width;
            layernorm_backward_row(d->x + r * (size_t)width, partial, partial + width, dy_r, x_r, norm,
                                   row_moments(x_r, width, norm->eps));
        }
        for (int i = 0; i < width; i++) {
            d->weight[i] += partial[i];
            d->bias[i] += partial[width + i];
        }
    }
}
