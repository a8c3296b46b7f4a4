/* nn/layers/elementwise - the layers that are no product: GELU, LayerNorm, and the softmax cross entropy of the
 * classifiers. A team, which may be NULL (one thread), shares elements or rows. */
#pragma once

#include "nn/kernels/kernels.h"

#include "base/system/team.h"

/* The exact GELU, x Phi(x), element by element. */
void gelu_forward(Team *team, float *y, const float *x, size_t count);
void gelu_forward_ref(float *y, const float *x, size_t count);
/* y = gelu(x) again (the lean plan keeps x only) and dx = dy gelu'(x), overwritten. dx may be dy. */
void gelu_backward(Team *team, float *y, float *dx, const float *dy, const float *x, size_t count);
void gelu_backward_ref(float *y, float *dx, const float *dy, const float *x, size_t count);

/* LayerNorm: y = (x - mean) / sqrt(variance + eps) * weight + bias over the last dimension, biased variance. */
#define LAYERNORM_EPS 1e-6f /* everywhere in VideoMAE */

/* y (R, D), x (R, D), weight (D), bias (D). */
void layernorm_forward(Team *team, float *y, const float *x, const float *weight, const float *bias, size_t R, int D);
void layernorm_forward_ref(float *y, const float *x, const float *weight, const float *bias, size_t R, int D);
/* *Adds* into dx (R, D), which in a pre-norm block already holds the gradient of the residual path, and into dweight
 * and dbias (D). Mean and variance are taken again from x. partial: scratch, layernorm_partial_floats. */
void layernorm_backward(Team *team, const NormGradients *d, const float *dy, const float *x, const float *weight,
                        size_t R, int D);
/* (2, D) for one thread. */
size_t layernorm_partial_floats(size_t R, int D, int members);
void layernorm_backward_ref(const NormGradients *d, const float *dy, const float *x, const float *weight, size_t R,
                            int D);

/* Mean over B of -sum_k target log softmax(logits). dlogits (B, K) is overwritten with `scale` times its gradient;
 * NULL: not wanted. logits, targets (B, K); targets need not sum to one. */
double softmax_cross_entropy(float *dlogits, const float *logits, const float *targets, int B, int K, float scale);
/* sums (K) += softmax(logits): averaging probabilities over views, in double precision. */
void softmax_add(double *sums, const float *logits, int K);
