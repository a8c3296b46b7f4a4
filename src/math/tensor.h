/* math/tensor - a named view of floats, used where tensors enter or leave (checkpoints, export, tests). Owns nothing.
 */
#pragma once

#include <stddef.h>

enum { TENSOR_DIMS = 5, TENSOR_NAME_SIZE = 96 };

typedef struct {
    char name[TENSOR_NAME_SIZE]; /* official VideoMAE name, such as "encoder.blocks.0.attn.qkv.weight" */
    int n_dims;
    int dims[TENSOR_DIMS]; /* slowest first */
    float *data;           /* row-major, borrowed */
} Tensor;

static inline size_t tensor_count(const Tensor *tensor) {
    size_t count = 1;
    for (int i = 0; i < tensor->n_dims; i++) count *= (size_t)tensor->dims[i];
    return count;
}
