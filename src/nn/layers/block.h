/* nn/layers/block - a pre-norm transformer block: x + proj(attention(LN1(x))), then + fc2(gelu(fc1(LN2(.)))).
 *
 * Activations follow the lean plan: kept are the middle of the residual stream, q k v, the attention output, its
 * log-sum-exp and the fc1 output; norms, GELU and scores are computed again in the backward pass. The caller keeps the
 * block's input. With first_kept > 0 the block computes queries, proj and MLP only for the tokens from there on of each
 * clip (the last decoder block, whose output is needed for masked tokens only); this changes no number. */
#pragma once

#include "base/system/arena.h"
#include "base/system/team.h"
#include "nn/layers/bf16_weights.h"
#include "nn/layers/internal/bf16_scratch.h"
#include "nn/layers/internal/block_shape.h"
#include "nn/layers/params.h"

/* Adds the 13 rows "<prefix>norm1.weight" ... with official names and order. `init` is for the matrices. */
CHECKED Err block_params_add(BlockParams *params, ParamTable *table, const char *prefix, int width, int hidden,
                             ParamInit init, int layer);

/* R = block_rows, Rin = block_rows_in. */
typedef struct {
    float *queries;   /* (R, width) when first_kept > 0; else inside qkv */
    float *qkv;       /* (Rin, 3*width), or (Rin, 2*width) keys and values when first_kept > 0 */
    float *attention; /* (R, width) */
    float *lse;       /* (B, heads, R/B) */
    float *middle;    /* (R, width) */
    float *hidden;    /* (R, hidden) before GELU */
} BlockActs;

/* Shared by all blocks of a network, for the largest of its shapes. In mixed precision dbranch, partial and what stands
 * below them; otherwise what stands above. */
typedef struct {
    float *norm;      /* (Rin, width) */
    float *kept;      /* (R, width) */
    float *gelu;      /* (R, hidden) */
    float *dhidden;   /* (R, hidden); later (Rin, 3*width) gradients of q k v */
    float *row;       /* (3*width) biases of q, k, v */
    float *attention; /* attention_scratch_bytes */
    float *dbranch;   /* (Rin, width) */
    float *partial;   /* layernorm_partial_floats */
    Team *team;       /* that computes; NULL: one thread */
    Bf16Scratch rounded;
    const Bf16Packed *packed; /* the weights; NULL: float32 */
} BlockScratch;

void block_acts_layout(BlockActs *acts, Arena *arena, const BlockShape *shape);
/* `shapes`: all that will be used; `members` of the team. */
void block_scratch_layout(BlockScratch *scratch, Arena *arena, const BlockShape *shapes, int n_shapes, int members);

/* out (R, width), x (Rin, width). */
void block_forward(float *out, const float *x, BlockActs *acts, BlockScratch *scratch, const BlockShape *shape,
                   const BlockParams *at, const float *params, const BlockDrops *drops);
/* dx (Rin, width) is overwritten with the input gradient; dout (R, width) is used up, and may be dx when first_kept is
 * 0. Adds into grads. */
void block_backward(float *dx, float *dout, const float *x, const BlockActs *acts, BlockScratch *scratch,
                    const BlockShape *shape, const BlockParams *at, const float *params, float *grads,
                    const BlockDrops *drops);
