/* nn/layers/linear - y = x W^T + b and its gradients, through one product each: single-threaded BLAS, or kernels of our
 * own for the small weight matrices of tiny models and, with AVX-512, for large ones.
 *
 * A team shares a product by cutting its result; every element is summed as one thread sums it, so the bits do not
 * depend on the team, which may be NULL: one thread.
 *
 * A Rows is a matrix inside a wider one: R rows, `stride` floats apart. Products *add* into what they find, because
 * biases and residuals are put there first; a product that finds nothing useful says so in its name. */
#pragma once

#include "base/system/team.h"
#include "nn/kernels/kernels.h"

#include <stddef.h>

typedef struct {
    float *data;
    int stride;
} Rows;

typedef struct {
    const float *data;
    int stride;
} ConstRows;

/* y (R, Dout) = x (R, Din) W^T + b. W (Dout, Din), b (Dout) or NULL. */
void linear_forward(Team *team, Rows y, ConstRows x, const float *W, const float *b, LinearShape s);
void linear_forward_ref(Rows y, ConstRows x, const float *W, const float *b, LinearShape s);
/* y += x W^T. */
void linear_add(Team *team, Rows y, ConstRows x, const float *W, LinearShape s);
/* y (R, Dout) = residual (R, Dout) + x (R, Din) W^T + b, rows of y and residual next to each other. */
void linear_residual(Team *team, float *y, const float *residual, ConstRows x, const float *W, const float *b,
                     LinearShape s);
/* Adds into dW (Dout, Din) and db (Dout; may be NULL). */
void linear_backward_weight(Team *team, float *dW, float *db, ConstRows dy, ConstRows x, LinearShape s);
void linear_backward_weight_ref(float *dW, float *db, ConstRows dy, ConstRows x, LinearShape s);
/* Overwrites dx (R, Din) with dy W. */
void linear_backward_input(Team *team, Rows dx, ConstRows dy, const float *W, LinearShape s);
void linear_backward_input_ref(Rows dx, ConstRows dy, const float *W, LinearShape s);

/* y (R, D): every row = b. */
void rows_set(Rows y, const float *b, int R, int D);
/* y = x + b, rows of D. */
void rows_sum(float *y, const float *x, const float *b, int R, int D);
/* sum (D) += the rows of x. */
void rows_add_to(Team *team, float *sum, ConstRows x, int R, int D);
