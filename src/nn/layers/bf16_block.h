/* nn/layers/bf16_block - the transformer block of nn/layers/block in mixed precision. See there for what it computes
 * and when.
 *
 * Rounded to bfloat16 are the operands of products and nothing else: normed rows, q k v, the attention output, hidden
 * values before and after GELU, and the gradients of all of these; weights are packed beforehand
 * (nn/layers/bf16_weights.h). The residual stream, norms, biases, the sums and every gradient of a parameter are
 * floats. Kept for the backward pass: q k v, the attention output and the hidden values as rounded, so 24 bytes a token
 * and channel instead of 40. */
#pragma once

#include "nn/layers/bf16_weights.h"
#include "nn/layers/internal/bf16_scratch.h"

#include "nn/layers/internal/block_shape.h"

/* R = block_rows, Rin = block_rows_in. Rows are padded; each of q, k and v is. */
typedef struct {
    Bf16 *queries;   /* (R, width) when first_kept > 0; else inside qkv */
    Bf16 *qkv;       /* (Rin, 3 widths), or (Rin, 2 widths) keys and values when first_kept > 0 */
    Bf16 *attention; /* (R, width) */
    Bf16 *hidden;    /* (R, hidden) before GELU */
    float *lse;      /* (B, heads, R/B) */
    float *middle;   /* (R, width) */
} Bf16BlockActs;

/* Everything that forward and backward pass share. */
typedef struct {
    const BlockShape *shape;
    const BlockParams *at;
    const float *params;
    const BlockDrops *drops; /* NULL: nothing is dropped */
    const Bf16Packed *packed;
    Bf16Scratch *scratch;
    float *dbranch; /* (Rin, width) */
    float *partial; /* layernorm_partial_floats */
    Team *team;     /* that computes; NULL: one thread */
} Bf16Block;

/* Adds the matrices of a block to the plan. */
CHECKED Err bf16_block_plan(BlockParams *at, Bf16Plan *plan, int width, int hidden);
void bf16_block_acts_layout(Bf16BlockActs *acts, Arena *arena, const BlockShape *shape);
void bf16_block_need(Bf16Need *need, const BlockShape *shape);

/* As block_forward and block_backward. */
void bf16_block_forward(const Bf16Block *block, float *out, const float *x, Bf16BlockActs *acts);
void bf16_block_backward(const Bf16Block *block, float *dx, float *dout, const float *x, const Bf16BlockActs *acts,
                         float *grads);
