/* nn/layers/block - a pre-norm transformer block: x + proj(attention(LN1(x))), then + fc2(gelu(fc1(LN2(.)))), in
 * float32 (block_forward, block_backward) and in mixed precision (bf16_block_forward, bf16_block_backward).
 *
 * Activations follow the lean plan: kept are the middle of the residual stream, q k v, the attention output, its
 * log-sum-exp and the fc1 output; norms, GELU and scores are computed again in the backward pass. The caller keeps the
 * block's input. With first_kept > 0 the block computes queries, proj and MLP only for the tokens from there on of each
 * clip (the last decoder block, whose output is needed for masked tokens only); this changes no number.
 *
 * In mixed precision the operands of products are rounded to bfloat16 and nothing else is: normed rows, q k v, the
 * attention output, hidden values before and after GELU, and the gradients of all of these; weights are packed
 * beforehand (nn/layers/bf16_weights.h). The residual stream, norms, biases, the sums and every gradient of a parameter
 * are floats. Kept for the backward pass: q k v, the attention output and the hidden values as rounded, so 24 bytes a
 * token and channel instead of 40. */
#pragma once

#include "base/system/arena.h"
#include "base/system/team.h"
#include "nn/layers/bf16_weights.h"
#include "nn/layers/kept_rows.h"
#include "nn/layers/params.h"

/* Offsets of a block's tensors in the flat vector, and the numbers of its matrices in a Bf16Plan. */
typedef struct {
    size_t norm1_weight, norm1_bias, q_bias, v_bias, qkv_weight, proj_weight, proj_bias;
    size_t norm2_weight, norm2_bias, fc1_weight, fc1_bias, fc2_weight, fc2_bias;
    int qkv_matrix, proj_matrix, fc1_matrix, fc2_matrix;
} BlockParams;

/* Drop path: factors of the two branches per clip, 0 or 1/keep; NULL: 1. (B) each. */
typedef struct {
    const float *attention, *mlp;
} BlockDrops;

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

/* R = block_rows, Rin = block_rows_in. Rows are padded; each of q, k and v is. */
typedef struct {
    Bf16 *queries;   /* (R, width) when first_kept > 0; else inside qkv */
    Bf16 *qkv;       /* (Rin, 3 widths), or (Rin, 2 widths) keys and values when first_kept > 0 */
    Bf16 *attention; /* (R, width) */
    Bf16 *hidden;    /* (R, hidden) before GELU */
    float *lse;      /* (B, heads, R/B) */
    float *middle;   /* (R, width) */
} Bf16BlockActs;

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

void bf16_block_acts_layout(Bf16BlockActs *acts, Arena *arena, const BlockShape *shape);
/* Adds the matrices of a block to the plan, and what a block needs of the shared buffers. */
CHECKED Err bf16_block_plan(BlockParams *at, Bf16Plan *plan, int width, int hidden);
void bf16_block_need(Bf16Need *need, const BlockShape *shape);

/* What layers compute with. grads may be NULL in a forward pass. */
typedef struct {
    const float *params;
    float *grads;
    BlockScratch *scratch;
} LayerPass;

/* One block in one pass. */
typedef struct {
    const BlockShape *shape;
    const BlockParams *at;
    const BlockDrops *drops; /* NULL: nothing is dropped */
    const float *params;
    float *grads; /* may be NULL in a forward pass */
    BlockScratch *scratch;
} Block;

/* out (R, width), x (Rin, width). */
void block_forward(const Block *block, float *out, const float *x, BlockActs *acts);
void bf16_block_forward(const Block *block, float *out, const float *x, Bf16BlockActs *acts);
/* dx (Rin, width) is overwritten with the input gradient; dout (R, width) is used up, and may be dx when first_kept is
 * 0. Adds into grads. */
void block_backward(const Block *block, float *dx, float *dout, const float *x, const BlockActs *acts);
void bf16_block_backward(const Block *block, float *dx, float *dout, const float *x, const Bf16BlockActs *acts);
