/* nn/layers/layernorm - y = (x - mean) / sqrt(variance + eps) * weight + bias over the last dimension, biased variance.
 * A team, which may be NULL, shares the rows. */
#pragma once

#include "base/system/team.h"

#include <stddef.h>

#define LAYERNORM_EPS 1e-6f /* everywhere in VideoMAE */

/* y (R, D), x (R, D), weight (D), bias (D). */
void layernorm_forward(Team *team, float *y, const float *x, const float *weight, const float *bias, size_t R, int D);
void layernorm_forward_ref(float *y, const float *x, const float *weight, const float *bias, size_t R, int D);
/* *Adds* into dx (R, D), which in a pre-norm block already holds the gradient of the residual path, and into dweight
 * and dbias (D). Mean and variance are taken again from x. partial: scratch, layernorm_partial_floats. */
void layernorm_backward(Team *team, float *dx, float *dweight, float *dbias, const float *dy, const float *x,
                        const float *weight, size_t R, int D, float *partial);
/* (2, D) for one thread. */
size_t layernorm_partial_floats(size_t R, int D, int members);
void layernorm_backward_ref(float *dx, float *dweight, float *dbias, const float *dy, const float *x,
                            const float *weight, size_t R, int D);
