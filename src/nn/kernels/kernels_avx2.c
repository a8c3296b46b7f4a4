#if defined(__x86_64__)
#include "nn/kernels/internal/kernels_sets.h"

#define LANES 8
#include "nn/kernels/internal/bf16_product_body.h"
#include "nn/kernels/internal/kernels_bodies.h"

const Kernels kernels_avx2 = {
    .name = "avx2",
    KERNELS_OF_BODIES,
    .product_small_most = 32 * LANES,
    .attention_scratch = attention_scratch_body,
    .attention_forward = attention_forward_body,
    .attention_backward = attention_backward_body,
    .bf16 = {BF16_OF_BODIES, .product = bf16_product_body, .peak = bf16_peak_body, .peak_flops = PEAK_FLOPS},
};
#else
typedef int kernels_avx2_not_for_this_processor;
#endif
