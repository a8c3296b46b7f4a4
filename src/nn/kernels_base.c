#include "nn/kernels_sets.h"

#define LANES 4
#include "nn/attention_body.h"
#include "nn/conv_body.h"
#include "nn/elementwise_body.h"
#include "nn/product_body.h"

const Kernels kernels_base = {
    .name = "base",
    .lanes = LANES,
    .gelu = gelu_body,
    .gelu_backward = gelu_backward_body,
    .layernorm = layernorm_body,
    .layernorm_backward = layernorm_backward_body,
    .product_small_most = 32 * LANES,
    .product_forward = product_forward_body,
    .product_input = product_input_body,
    .product_weight = product_weight_body,
    .conv_places = conv_places_body,
    .attention_scratch = attention_scratch_body,
    .attention_forward = attention_forward_body,
    .attention_backward = attention_backward_body,
};
