/* nn/layers/bf16_linear - linear layers of mixed precision: operands are bfloat16, sums and gradients of weights are
 * floats. See nn/kernels/bf16.h for layouts and bits, nn/kernels/kernels.h for what a finish does with the sums.
 *
 * Weights are rounded and packed once a step, in two copies (nn/layers/bf16_weights.h); activations are rounded as they
 * are written. A Bf16Rows borrows its memory: R rows of `width` numbers, padded. A team, which may be NULL, shares
 * results by rows and columns; the bits do not depend on it. */
#pragma once

#include "base/system/arena.h"
#include "base/system/team.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/bf16_attention.h"

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
void bf16_linear_backward_weight(Team *team, float *dW, Bf16Rows dy, Bf16Rows x, LinearShape s,
                                 const Bf16LinearScratch *scratch);
void bf16_round_rows(Team *team, const Bf16Rounding *rounding);
/* LN(x), rounded: x (R, D). */
void bf16_layernorm(Team *team, Bf16Rows y, const float *x, const float *weight, const float *bias, int R, int D);

/* The plain products, of either definition of the bits; floats and rows only. What every kernel must equal. */
void bf16_product_ref(const Bf16Product *product, int tiles);

/* ---- the buffers that all layers of mixed precision share while they run, sized for the largest; memory of one team
 * ----
 */

/* The most numbers of any layer; starts from {0}. */
typedef struct {
    size_t x, dy, wide, turned, panels;
    int columns; /* of a vector of biases */
    Bf16AttentionNeed attention;
} Bf16Need;

typedef struct {
    Bf16 *x;    /* what a layer is given: rows (R, Din) */
    Bf16 *dy;   /* a gradient, rounded: rows (R, Dout) */
    Bf16 *gelu; /* hidden values: rows */
    Bf16 *wide; /* gradients of hidden values, or of q, k and v: rows */
    Bf16LinearScratch linear;
    float *row; /* biases of q, k and v */
    Bf16AttentionScratch attention;
} Bf16Scratch;

static inline size_t bf16_larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static inline size_t bf16_rows_numbers(int R, int width) {
    return (size_t)R * bf16_padded((size_t)width);
}

/* A layer whose input is in `x`, and its gradient in `dy`. */
static inline void bf16_need_layer(Bf16Need *need, int R, int Din, int Dout) {
    need->x = bf16_larger(need->x, bf16_rows_numbers(R, Din));
    need->dy = bf16_larger(need->dy, bf16_rows_numbers(R, Dout));
    need->turned = bf16_larger(need->turned, bf16_padded((size_t)R) * bf16_padded((size_t)Dout));
    need->panels = bf16_larger(need->panels, bf16_panels_words((size_t)R, (size_t)Din));
}

static inline void bf16_scratch_layout(Bf16Scratch *s, Arena *arena, const Bf16Need *need, int members) {
    s->x = arena_take(arena, need->x * sizeof(Bf16));
    s->dy = arena_take(arena, need->dy * sizeof(Bf16));
    s->gelu = arena_take(arena, need->wide * sizeof(Bf16));
    s->wide = arena_take(arena, need->wide * sizeof(Bf16));
    s->linear.turned = arena_take(arena, need->turned * sizeof(Bf16));
    s->linear.panels = arena_take(arena, need->panels * sizeof(uint32_t));
    s->row = arena_floats(arena, (size_t)need->columns);
    bf16_attention_layout(&s->attention, arena, &need->attention, members);
}
