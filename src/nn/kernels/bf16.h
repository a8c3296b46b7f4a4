/* nn/kernels/bf16 - operands of mixed precision: bfloat16 numbers, the layouts products read them in, and the plain
 * functions that define the bits of a product.
 *
 * A bfloat16 is the upper half of a float: its range of exponents, 8 significant bits. Only operands of products are
 * rounded to it; every sum is a float.
 *
 * Rows (left operands, summed along the row): a row-major matrix, rows `stride` numbers apart, a multiple of
 * BF16_PANEL; what lies beyond the columns is zero. Panels (right operands): BF16_PANEL columns at a time, each panel
 * (padded rows / 2, BF16_PANEL) words; word (p, j) holds rows 2p (low half) and 2p + 1 (high half) of column j. Rows
 * and columns are padded with zeros to multiples of BF16_PANEL.
 *
 * Two definitions of the bits of a sum over k, because the instructions that compute it differ:
 *   pair  sum = fma(left[2p+1], right[2p+1], sum), then the same with 2p; nearest-even after each, denormal numbers
 *         zero in and out. AVX512_BF16's vdpbf16ps (Intel's manual, volume 2, and measured on Zen 4 and 5); AVX2 and
 *         AVX-512 reach the same bits with float multiply-adds.
 *   tile  over 32 elements at a time: one such chain of the 16 even elements and one of the odd ones, each from zero;
 *         their sum is added. AMX's tdpbf16ps (the same manual).
 */
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t Bf16;

enum { BF16_PANEL = 32, BF16_TILE_DEPTH = 32 };

/* Columns with their padding: strides of rows, columns of all panels. */
static inline size_t bf16_padded(size_t columns) {
    return (columns + BF16_PANEL - 1) / BF16_PANEL * BF16_PANEL;
}
/* Words of one panel of a matrix of so many rows, and of all of its panels. */
static inline size_t bf16_panel_words(size_t rows) {
    return bf16_padded(rows) / 2 * BF16_PANEL;
}
static inline size_t bf16_panels_words(size_t rows, size_t columns) {
    return bf16_padded(rows) / 2 * bf16_padded(columns);
}

/* The nearest bfloat16, ties to even; a NaN stays one, a denormal float becomes a zero of its sign. */
static inline Bf16 bf16_round(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (Bf16)(bits >> 16 | 0x40u);
    if ((bits & 0x7f800000u) == 0) return (Bf16)(bits >> 16 & 0x8000u);
    return (Bf16)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static inline float bf16_float(Bf16 x) {
    uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Words of two numbers. */
static inline float bf16_low(uint32_t word) {
    return bf16_float((Bf16)word);
}
static inline float bf16_high(uint32_t word) {
    return bf16_float((Bf16)(word >> 16));
}

static inline float bf16_flushed(float x) {
    return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x;
}

/* x y + sum with denormals flushed before and after: a step of either definition. */
static inline float bf16_step(float x, float y, float sum) {
    return bf16_flushed(fmaf(bf16_flushed(x), bf16_flushed(y), bf16_flushed(sum)));
}

/* The definition `pair`: a word of the left and one of the right operand join the sum. */
static inline float bf16_pair(float sum, uint32_t left, uint32_t right) {
    sum = bf16_step(bf16_high(left), bf16_high(right), sum);
    return bf16_step(bf16_low(left), bf16_low(right), sum);
}

/* The definition `tile`: 16 words of each; right words `step` apart. */
static inline float bf16_tile(float sum, const uint32_t *left, const uint32_t *right, size_t step) {
    float even = 0, odd = 0;
    for (size_t p = 0; p < BF16_TILE_DEPTH / 2; p++) {
        even = bf16_step(bf16_low(left[p]), bf16_low(right[p * step]), even);
        odd = bf16_step(bf16_high(left[p]), bf16_high(right[p * step]), odd);
    }
    return bf16_flushed(bf16_flushed(sum) + bf16_flushed(even + odd));
}
