/* nn/layers/gelu - the exact GELU, x Phi(x), and its gradient, element by element, shared by a team (NULL:
 * one thread). */
#pragma once

#include "base/system/team.h"

#include <stddef.h>

void gelu_forward(Team *team, float *y, const float *x, size_t count);
void gelu_forward_ref(float *y, const float *x, size_t count);
/* y = gelu(x) again (the lean plan keeps x only) and dx = dy gelu'(x), overwritten. dx may be dy. */
void gelu_backward(Team *team, float *y, float *dx, const float *dy, const float *x, size_t count);
void gelu_backward_ref(float *y, float *dx, const float *dy, const float *x, size_t count);
