/* nn/layers/attention - softmax(q k^T / sqrt(width)) v for every clip and head, fused: scores never leave the cache.
 *
 * The forward pass keeps the output and the log-sum-exp of every query; the backward pass recomputes the scores.
 * A team, which may be NULL, shares the heads of all clips, and what one has to share in the end
 * (nn/layers/internal/head_share.h). */
#pragma once

#include "base/system/team.h"

#include <stddef.h>

typedef struct {
    int B, heads, head_width;
    int n_queries, n_keys; /* a clip; equal except in the last decoder block, which asks for masked tokens only */
    int q_stride;          /* floats from one query row to the next; heads lie side by side within a row */
    int kv_stride;         /* the same for keys and for values */
} AttentionShape;

typedef struct {
    const float *q; /* (B, n_queries, q_stride), heads * head_width used */
    const float *k; /* (B, n_keys, kv_stride) */
    const float *v; /* (B, n_keys, kv_stride) */
} AttentionInputs;

typedef struct {
    float *q, *k, *v; /* shaped as the inputs */
} AttentionGradients;

/* What the forward pass leaves for the backward pass. */
typedef struct {
    const float *out; /* (B, n_queries, heads*head_width) */
    const float *lse; /* (B, heads, n_queries) */
} AttentionKept;

/* Bytes of scratch (64-byte aligned) for either pass of a team of so many members. */
size_t attention_scratch_bytes(const AttentionShape *shape, int members);

/* out (B, n_queries, heads*head_width), lse (B, heads, n_queries). */
void attention_forward(Team *team, float *out, float *lse, const AttentionInputs *in, const AttentionShape *shape,
                       float *scratch);
void attention_forward_ref(float *out, float *lse, const AttentionInputs *in, const AttentionShape *shape);
/* Overwrites the gradients. */
void attention_backward(Team *team, const AttentionGradients *d, const float *dout, const AttentionKept *kept,
                        const AttentionInputs *in, const AttentionShape *shape, float *scratch);
void attention_backward_ref(const AttentionGradients *d, const float *dout, const float *out, const float *lse,
                            const AttentionInputs *in, const AttentionShape *shape);
