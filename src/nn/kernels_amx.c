#if defined(__x86_64__)
#include "nn/kernels_sets.h"

#pragma GCC target("amx-tile,amx-bf16,avx512f,avx2,fma")
#define LANES 16
#include "nn/attention_body.h"
#include "nn/conv_body.h"
#include "nn/elementwise_body.h"
#include "nn/product_body.h"
#include "nn/product_split_body.h"

const Kernels kernels_amx = {
    .name = "amx",
    .lanes = LANES,
    .gelu = gelu_body,
    .gelu_backward = gelu_backward_body,
    .layernorm = layernorm_body,
    .layernorm_backward = layernorm_backward_body,
    .product_small_most = 8 * LANES,
    .product_forward = product_forward_body,
    .product_input = product_input_body,
    .product_weight = product_weight_body,
    .product_large = product_split_body,
    .product_large_scratch = SPLIT_SCRATCH,
    .conv_places = conv_places_body,
    .attention_scratch = attention_scratch_body,
    .attention_forward = attention_forward_body,
    .attention_backward = attention_backward_body,
};
#else
typedef int kernels_amx_not_for_this_processor;
#endif
