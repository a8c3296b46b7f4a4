/* nn/layers/layernorm - y = (x - mean) / sqrt(variance + eps) * weight + bias over the last dimension, biased variance.
 */
#pragma once

#include <stddef.h>

#define LAYERNORM_EPS 1e-6f /* everywhere in VideoMAE */

/* y (R, D), x (R, D), weight (D), bias (D). */
void layernorm_forward(float *y, const float *x, const float *weight, const float *bias, size_t R, int D);
void layernorm_forward_ref(float *y, const float *x, const float *weight, const float *bias, size_t R, int D);
/* *Adds* into dx (R, D), which in a pre-norm block already holds the gradient of the residual path, and into dweight
 * and dbias (D). Mean and variance are taken again from x. partial: scratch, (2, D). */
void layernorm_backward(float *dx, float *dweight, float *dbias, const float *dy, const float *x, const float *weight,
                        size_t R, int D, float *partial);
void layernorm_backward_ref(float *dx, float *dweight, float *dbias, const float *dy, const float *x,
                            const float *weight, size_t R, int D);
