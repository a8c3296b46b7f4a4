/* nn/layers/conv - convolution of volumes over one, two or three axes, with bias and ReLU in the same pass.
 *
 * y[t,y,x,o] = relu(b[o] + sum over (i,j,k,c) of W[o,c,i,j,k] x[t*st + i - pt, y*sy + j - py, x*sx + k - px, c]).
 * A 1x1x1 window is a plain matrix product, a two-dimensional one has one frame. The output takes slots
 * [out_first, out_first + out_slots) of its volume: branches write side by side and are never copied together.
 * Every output has the same bits whatever else is computed beside it. A Conv is set once and then const. */
#pragma once

#include "base/failure/err.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/volume.h"

typedef struct {
    Volume in, out;
    Extent kernel, stride, before; /* before: padding in front of the first place */
    int out_first, out_channels;
    bool relu;
} ConvShape;

typedef struct {
    ConvShape shape;
    ConvJob job;
    const Kernels *kernels;
    float *panels, *bias;
    uint32_t *run_at;
} Conv;

/* Zero weights, laid out for one set of kernels. Borders must be as wide as the window needs (ASSERT). */
CHECKED Err conv_new(Conv *conv, const ConvShape *shape, const Kernels *kernels);
void conv_free(Conv *conv);
/* weights (out_channels, in_channels, kernel.t, kernel.y, kernel.x); bias (out_channels). channel_of[slot] of the
 * input, -1: none. */
void conv_set(Conv *conv, const float *weights, const float *bias, const int *channel_of, int in_channels);
/* weights[o] *= scale[o], bias[o] = bias[o] * scale[o] + shift[o]. */
void conv_rescale(Conv *conv, const float *scale, const float *shift);
void conv_forward(const Conv *conv, float *out, const float *in);
/* The definition, in double sums; weights as for conv_set, all slots of the input hold channels. */
void conv_forward_ref(const ConvShape *shape, float *out, const float *in, const float *weights, const float *bias);
/* Multiply-adds of a forward pass. */
double conv_products(const ConvShape *shape, int in_channels);
