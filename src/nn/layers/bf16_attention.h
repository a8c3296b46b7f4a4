/* nn/layers/bf16_attention - nn/layers/attention in mixed precision: rows of bfloat16, sums in floats. See
 * nn/kernels/internal/bf16_attention_body.h for what is rounded.
 *
 * A team, which may be NULL, shares the heads of all clips, and what one has to share in the end
 * (nn/layers/internal/head_share.h). */
#pragma once

#include "base/system/arena.h"
#include "base/system/wave.h"
#include "nn/kernels/kernels.h"

typedef struct {
    int B, heads;
    Bf16HeadShape head; /* strides of rows, in which the heads lie side by side */
} Bf16AttentionShape;

/* Rows of all clips: (B, n_queries, q_stride), (B, n_keys, kv_stride) twice. */
typedef struct {
    Bf16 *q, *k, *v;
} Bf16Heads;

/* What the forward pass leaves for the backward pass. */
typedef struct {
    const Bf16 *out;  /* (B, n_queries, out_stride) */
    const float *lse; /* (B, heads, n_queries) */
} Bf16AttentionKept;

typedef struct {
    Bf16Heads rows;         /* overwritten */
    float *q_bias, *v_bias; /* (heads * head_width), added to; keys have no bias */
} Bf16AttentionGradients;

/* The most of any layer; starts from {0}. */
typedef struct {
    size_t member_bytes, sums;
    int links;
} Bf16AttentionNeed;

typedef struct {
    void *members; /* as the kernels want it, of every member */
    size_t member_bytes;
    WaveMark *marks;
    float *sums; /* column sums of the gradients of every clip's heads */
} Bf16AttentionScratch;

void bf16_attention_need(Bf16AttentionNeed *need, const Bf16AttentionShape *shape);
void bf16_attention_layout(Bf16AttentionScratch *scratch, Arena *arena, const Bf16AttentionNeed *need, int members);

/* out (B, n_queries, out_stride), lse (B, heads, n_queries). */
void bf16_attention_forward(Team *team, Bf16 *out, float *lse, const Bf16Heads *in, const Bf16AttentionShape *shape,
                            const Bf16AttentionScratch *scratch);
void bf16_attention_backward(Team *team, const Bf16AttentionGradients *d, const Bf16 *dout,
                             const Bf16AttentionKept *kept, const Bf16Heads *in, const Bf16AttentionShape *shape,
                             const Bf16AttentionScratch *scratch);
