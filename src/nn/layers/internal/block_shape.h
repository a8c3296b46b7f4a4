/* nn/layers/internal/block_shape - the sizes of a transformer block, where its parameters lie, and what it drops. See
 * nn/layers/block.h. */
#pragma once

#include <stddef.h>

typedef struct {
    int B, n_tokens, first_kept;
    int width, heads, hidden;
} BlockShape;

static inline int block_rows_in(const BlockShape *s) {
    return s->B * s->n_tokens;
}
static inline int block_rows(const BlockShape *s) {
    return s->B * (s->n_tokens - s->first_kept);
}

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
