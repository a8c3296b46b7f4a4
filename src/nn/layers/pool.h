/* nn/layers/pool - largest and mean values of windows over volumes.
 *
 * Borders of the input must be as wide as the window reaches. For the largest value they count as zeros, which is what
 * frameworks pad with minus infinity for as long as nothing is negative: inputs come from ReLUs. The mean is over the
 * places inside the volume only (count_include_pad = false). */
#pragma once

#include "nn/layers/volume.h"

typedef struct {
    Volume in, out;
    Extent kernel, stride, before;
    int out_first; /* the first slot of the output; as many as the input has are written */
} PoolShape;

void pool_max(const PoolShape *shape, float *out, const float *in);
void pool_mean(const PoolShape *shape, float *out, const float *in);
