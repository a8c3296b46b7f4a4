#include "nn/kernels/internal/kernels_sets.h"

#define LANES 4
#include "nn/kernels/internal/bf16_product_body.h"
#include "nn/kernels/internal/kernels_bodies.h"

const Kernels kernels_base = {
    .name = "base",
    KERNELS_OF_VECTORS,
};
