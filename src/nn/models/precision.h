/* nn/models/precision - what the operands of a network's products are. Sums, parameters, their gradients, the residual
 * stream, norms, softmax and the loss are floats either way. */
#pragma once

typedef enum {
    PRECISION_FLOAT32,
    PRECISION_BFLOAT16 /* mixed precision: operands rounded to bfloat16; see nn/kernels/bf16.h */
} Precision;
