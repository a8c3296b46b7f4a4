#if defined(__aarch64__)
#include "nn/kernels/internal/kernels_sets.h"

/* Every 64-bit Arm processor has these: 32 registers of four floats, and fused multiply-adds. A product of bfloat16
 * numbers takes the plain function so far; BFDOT and BFMMLA would be a table of their own beside this one. */
#define LANES         4
#define VEC_REGISTERS 32
#include "nn/kernels/internal/bf16_product_body.h"
#include "nn/kernels/internal/kernels_bodies.h"

const Kernels kernels_neon = {
    .name = "neon",
    KERNELS_OF_VECTORS,
};
#else
typedef int kernels_neon_not_for_this_processor;
#endif
