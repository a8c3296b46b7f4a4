#if defined(__x86_64__)
#include "nn/kernels/internal/kernels_sets.h"

#define LANES 16
#include "nn/kernels/internal/bf16_product_body.h"
#include "nn/kernels/internal/kernels_bodies.h"
#include "nn/kernels/internal/product_large_body.h"

const Kernels kernels_avx512 = {
    .name = "avx512",
    KERNELS_OF_VECTORS,
    .product_large = product_large_body,
    .product_large_scratch = LARGE_SCRATCH,
};
#else
typedef int kernels_avx512_not_for_this_processor;
#endif
