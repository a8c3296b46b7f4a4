/* nn/layers/bf16_linear - linear layers of mixed precision: operands are bfloat16, sums and gradients of weights are
 * floats. See nn/kernels/bf16.h for layouts and bits, nn/kernels/bf16_job.h for what a finish does with the sums.
 *
 * Weights are rounded and packed once a step, in two copies (nn/layers/bf16_weights.h); activations are rounded as they
 * are written. A Bf16Rows borrows its memory: R rows of `width` numbers, padded. A team, which may be NULL, shares
 * results by rows and columns; the bits do not depend on it. */
#pragma once

#include "base/system/team.h"
#include "nn/kernels/bf16_job.h"

typedef struct {
    Bf16 *data;
    size_t stride;
} Bf16Rows;

/* A packed matrix W (Dout, Din), or some of its rows. backward: NULL where no input gradient is wanted. */
typedef struct {
    const uint32_t *forward, *backward;
    size_t backward_panel; /* words from one panel of `backward` to the next */
    int Din, Dout;
} Bf16Weights;

/* finish(x (R, Din) W^T). */
void bf16_linear_forward(Team *team, const Bf16Finish *finish, Bf16Rows x, const Bf16Weights *W, int R);
/* finish(dy (R, Dout) W). */
void bf16_linear_backward_input(Team *team, const Bf16Finish *finish, Bf16Rows dy, const Bf16Weights *W, int R);
/* Both operands of a weight gradient, laid out token by token. */
typedef struct {
    Bf16 *turned;     /* padded Dout times padded R */
    uint32_t *panels; /* bf16_panels_words(R, Din) */
} Bf16LinearScratch;

/* dW (Dout, Din) += dy (R, Dout)^T x (R, Din). */
void bf16_linear_backward_weight(Team *team, float *dW, Bf16Rows dy, Bf16Rows x, int R, int Din, int Dout,
                                 const Bf16LinearScratch *scratch);
/* y (R, width) = factor * x, rounded: row r times factors[r / factor_rows], unless NULL. sums (width) += the columns of
 * what is rounded, unless NULL. */
void bf16_round_rows(Team *team, Bf16Rows y, const float *x, int R, int width, const float *factors, int factor_rows,
                     float *sums);
void bf16_layernorm(Team *team, Bf16Rows y, const float *x, const float *weight, const float *bias, int R, int D);

/* The plain products, of either definition of the bits; floats and rows only. What every kernel must equal. */
void bf16_product_ref(const Bf16Product *product, int tiles);
