#include "nn/layers/layernorm.h"

#include "nn/kernels/kernels.h"

#include <math.h>

void layernorm_forward(float *y, const float *x, const float *weight, const float *bias, size_t R, int D) {
    kernels_best()->layernorm(y, x, weight, bias, R, D, LAYERNORM_EPS);
}

void layernorm_backward(float *dx, float *dweight, float *dbias, const float *dy, const float *x, const float *weight,
                        size_t R, int D, float *partial) {
    kernels_best()->layernorm_backward(dx, dweight, dbias, dy, x, weight, R, D, LAYERNORM_EPS, partial);
}

static void row_moments_ref(double *mean, double *inverse_deviation, const float *x, int D) {
    double sum = 0, squares = 0;
    for (int i = 0; i < D; i++) sum += x[i];
    *mean = sum / D;
    for (int i = 0; i < D; i++) squares += (x[i] - *mean) * (x[i] - *mean);
    *inverse_deviation = 1 / sqrt(squares / D + LAYERNORM_EPS);
}

void layernorm_forward_ref(float *y, const float *x, const float *weight, const float *bias, size_t R, int D) {
    for (size_t r = 0; r < R; r++) {
        const float *x_r = x + r * (size_t)D;
        double mean, scale;
        row_moments_ref(&mean, &scale, x_r, D);
        for (int i = 0; i < D; i++) y[r * (size_t)D + i] = (float)((x_r[i] - mean) * scale * weight[i] + bias[i]);
    }
}

void layernorm_backward_ref(float *dx, float *dweight, float *dbias, const float *dy, const float *x,
                            const float *weight, size_t R, int D) {
    for (size_t r = 0; r < R; r++) {
        const float *x_r = x + r * (size_t)D, *dy_r = dy + r * (size_t)D;
        double mean, scale, sum_g = 0, sum_gn = 0;
        row_moments_ref(&mean, &scale, x_r, D);
        for (int i = 0; i < D; i++) {
            double normal = (x_r[i] - mean) * scale, g = (double)dy_r[i] * weight[i];
            dweight[i] += (float)(dy_r[i] * normal);
            dbias[i] += dy_r[i];
            sum_g += g;
            sum_gn += g * normal;
        }
        for (int i = 0; i < D; i++) {
            double normal = (x_r[i] - mean) * scale, g = (double)dy_r[i] * weight[i];
            dx[r * (size_t)D + i] += (float)(scale * (g - sum_g / D - normal * sum_gn / D));
        }
    }
}
