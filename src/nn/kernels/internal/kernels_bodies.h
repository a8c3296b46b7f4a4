/* nn/kernels/internal/kernels_bodies - the bodies that every instruction set compiles, and their members of its table.
 * See nn/kernels/internal/simd.h for how this file is compiled. */
#pragma once

#include "nn/kernels/internal/attention_body.h"
#include "nn/kernels/internal/bf16_attention_body.h"
#include "nn/kernels/internal/bf16_layout_body.h"
#include "nn/kernels/internal/conv_body.h"
#include "nn/kernels/internal/elementwise_body.h"
#include "nn/kernels/internal/product_body.h"

/* Attention is a table's own: AMX has another for long heads. */
#define KERNELS_OF_BODIES                                                                                              \
    .lanes = LANES, .gelu = gelu_body, .gelu_backward = gelu_backward_body, .layernorm = layernorm_body,               \
    .layernorm_backward = layernorm_backward_body, .product_forward = product_forward_body,                            \
    .product_input = product_input_body, .product_weight = product_weight_body, .conv_places = conv_places_body

/* Linear layers of mixed precision, too: AMX has tiles for them. */
#define BF16_OF_BODIES                                                                                                 \
    .round_rows = bf16_round_rows_body, .transpose = bf16_transpose_body, .panels = bf16_panels_body,                  \
    .pack_weights = bf16_pack_weights_body, .layernorm = bf16_layernorm_body,                                          \
    .attention_scratch = bf16_attention_scratch_body, .attention_blocks = bf16_attention_blocks_body,                  \
    .attention_forward = bf16_attention_forward_body, .attention_backward = bf16_attention_backward_body

/* All of a set of vector kernels; only AMX, which has tiles, has members of its own in their place. */
#define KERNELS_OF_VECTORS                                                                                             \
    KERNELS_OF_BODIES,                                                                                                 \
        .product_small_most = 32 * LANES, .attention_queries = QUERIES, .attention_scratch = attention_scratch_body,   \
        .attention_blocks = attention_blocks_body, .attention_forward = attention_forward_body,                        \
        .attention_backward = attention_backward_body,                                                                 \
        .bf16 = {BF16_OF_BODIES, .product = bf16_product_body, .peak = bf16_peak_body, .peak_flops = PEAK_FLOPS}
