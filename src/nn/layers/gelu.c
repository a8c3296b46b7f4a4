#include "nn/layers/gelu.h"

#include "nn/kernels/kernels.h"

#include <math.h>

static double normal_upper(double x) {
    return 0.5 * (1 + erf(x * M_SQRT1_2));
}
static double normal_density(double x) {
    return exp(-0.5 * x * x) / sqrt(2 * M_PI);
}

void gelu_forward(float *y, const float *x, size_t count) {
    kernels_best()->gelu(y, x, count);
}

void gelu_forward_ref(float *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = (float)(x[i] * normal_upper(x[i]));
}

void gelu_backward(float *y, float *dx, const float *dy, const float *x, size_t count) {
    kernels_best()->gelu_backward(y, dx, dy, x, count);
}

void gelu_backward_ref(float *y, float *dx, const float *dy, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double slope = normal_upper(x[i]) + x[i] * normal_density(x[i]);
        dx[i] = (float)(dy[i] * slope);
    }
    gelu_forward_ref(y, x, count);
}
