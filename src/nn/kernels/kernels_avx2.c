#if defined(__x86_64__)
#include "nn/kernels/internal/kernels_sets.h"

#define LANES 8
#include "nn/kernels/internal/bf16_product_body.h"
#include "nn/kernels/internal/kernels_bodies.h"

const Kernels kernels_avx2 = {
    .name = "avx2",
    KERNELS_OF_VECTORS,
};
#else
typedef int kernels_avx2_not_for_this_processor;
#endif
