/* nn/kernels/internal/blocks - how work is cut into blocks and tiles. See nn/kernels/internal/simd.h for how this file
 * is compiled. */
#pragma once

#include "nn/kernels/internal/simd.h"

INLINE size_t round_up(size_t count, size_t unit) {
    return (count + unit - 1) / unit * unit;
}

INLINE int at_most(int count, int most) {
    return count < most ? count : most;
}

/* The size of blocks, a multiple of `unit` and at most `most` (rounded up to units), that makes them as few and as
 * equal as possible. */
INLINE int equal_blocks(int count, int most, int unit) {
    int blocks = (count + most - 1) / most;
    return (int)round_up((size_t)((count + blocks - 1) / blocks), (size_t)unit);
}

/* An operand: rows of the left or columns of the right one lie `across` apart, elements summed over `along`; one of the
 * two is 1. */
typedef struct {
    const float *data;
    size_t across, along;
} LargeOperand;

INLINE const float *large_at(const LargeOperand *operand, int across, int along) {
    return operand->data + (size_t)across * operand->across + (size_t)along * operand->along;
}
