/* nn/kernels/internal/simd - vectors of LANES floats for the kernel bodies, written once and compiled for each
 * instruction set.
 *
 * Included by kernels_<set>.c only, after LANES is defined; cmake/Kernels.cmake gives each of them its instructions.
 * Arithmetic on Vec is the compiler's vector extension; a*b + c becomes a fused multiply-add where the set has one.
 * Loads and stores need no alignment. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

typedef float Vec __attribute__((vector_size(4 * LANES), may_alias));
typedef float VecAnywhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t VecBits __attribute__((vector_size(4 * LANES), may_alias));
typedef uint32_t VecWords __attribute__((vector_size(4 * LANES), may_alias)); /* sums that may wrap */

/* Vector registers that a tile's sums may fill: the same 4 * LANES bytes wide, there are more of them on some. */
#ifndef VEC_REGISTERS
#define VEC_REGISTERS (LANES == 16 ? 32 : 16)
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE Vec vec_load(const float *from) {
    return *(const VecAnywhere *)from;
}
INLINE void vec_store(float *to, Vec x) {
    *(VecAnywhere *)to = x;
}
INLINE Vec vec_all(float x) {
    return x - (Vec){0};
}
/* The first `count` lanes; the others are zero. */
INLINE Vec vec_load_part(const float *from, int count) {
    Vec x = {0};
    memcpy(&x, from, (size_t)count * sizeof(float));
    return x;
}
INLINE void vec_store_part(float *to, Vec x, int count) {
    memcpy(to, &x, (size_t)count * sizeof(float));
}

/* x, in a register from here on. Where the registers just suffice, gcc reads x from memory once more in each of the
 * multiply-adds that take it, and a loop with as many loads as multiply-adds waits for its loads: with AVX2 a tile of
 * four rows of three vectors then runs at three quarters of its speed. */
INLINE Vec vec_keep(Vec x) {
#if LANES == 8
    __asm__("" : "+x"(x));
#endif
    return x;
}

/* Where either is no number: b. */
INLINE Vec vec_max(Vec a, Vec b) {
#if LANES == 16
    return (Vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif LANES == 8
    return (Vec)_mm256_max_ps((__m256)a, (__m256)b);
#else
    VecBits greater = a > b;
    return (Vec)((greater & (VecBits)a) | (~greater & (VecBits)b));
#endif
}
INLINE Vec vec_min(Vec a, Vec b) {
    return -vec_max(-a, -b);
}

/* Always the same tree. */
INLINE float vec_sum(Vec x) {
#if LANES == 16
    return _mm512_reduce_add_ps((__m512)x);
#elif LANES == 8
    __m128 four = _mm_add_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
#else
    return (x[0] + x[2]) + (x[1] + x[3]);
#endif
}

/* 2^x, relative error 1e-7; below -126 it stays at 2^-126, from 128 on it is any number, and of a NaN a NaN. The
 * integer part goes into the exponent bits, the rest (within a half) through a minimax polynomial fitted for this file.
 */
INLINE Vec vec_exp2(Vec x) {
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer kept in the low bits */
    x = vec_max(vec_all(-126), x);   /* in this order, so that a NaN stays one */
    Vec shifted = x + shift;
    Vec r = x - (shifted - shift);
    Vec p = r * 1.326472653e-03f + 9.671513289e-03f;
    p = p * r + 5.550733751e-02f;
    p = p * r + 2.402224207e-01f;
    p = p * r + 6.931469776e-01f;
    p = p * r + 1.0f;
#if LANES == 16
    return (Vec)_mm512_scalef_ps((__m512)p, (__m512)(shifted - shift));
#else
    /* An integer added to the bits of a NaN may make a number of it: x - x, 0 or NaN, takes that back. */
    return (Vec)((VecWords)p + ((VecWords)shifted << 23)) + (x - x);
#endif
}

/* The larger of x and +0, a NaN where x is one; the sum makes +0 of -0. */
INLINE Vec vec_positive(Vec x) {
    return vec_max((Vec){0}, x) + 0.0f;
}

/* Phi(x) - 1/2, the normal distribution function about its center, absolute error 3e-7 / 2: x times a minimax rational
 * function of x^2 on +-5.6, fitted for this file; beyond that it is +-1/2 to float accuracy. */
INLINE Vec vec_normal_half(Vec x) {
    x = vec_min(vec_max(x, vec_all(-5.6f)), vec_all(5.6f));
    Vec u = x * x;
    Vec p = u * 2.214517881e-08f + 6.356497656e-06f;
    p = p * u + 1.738500175e-04f;
    p = p * u + 4.707255321e-03f;
    p = p * u + 3.437606949e-02f;
    p = p * u + 3.989422216e-01f;
    Vec q = u * 1.180205410e-06f + 7.510152910e-05f;
    q = q * u + 1.912974608e-03f;
    q = q * u + 2.894006144e-02f;
    q = q * u + 2.528337411e-01f;
    q = q * u + 1.0f;
    return x * (p / q);
}

/* ---- transposed tiles of LANES x LANES floats in registers ---- */

/* The lower, the upper halves of two vectors, taken in turn. */
#if LANES == 16
#define LOW_IN_TURN  0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_IN_TURN 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif LANES == 8
#define LOW_IN_TURN  0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_IN_TURN 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOW_IN_TURN  0, 4, 1, 5
#define HIGH_IN_TURN 2, 6, 3, 7
#endif

/* rows[i][j] <-> rows[j][i], by repeated perfect shuffles of the first with the second half. */
INLINE void transpose(Vec rows[LANES]) {
    for (int round = 1; round < LANES; round *= 2) {
        Vec next[LANES];
#pragma GCC unroll 8
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = __builtin_shufflevector(rows[i], rows[i + LANES / 2], LOW_IN_TURN);
            next[2 * i + 1] = __builtin_shufflevector(rows[i], rows[i + LANES / 2], HIGH_IN_TURN);
        }
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++) rows[i] = next[i];
    }
}

/* The LANES x LANES tile at from[0], transposed and scaled; what lies outside n_rows x n_columns is zero. */
INLINE void load_transposed(Vec tile[LANES], const float *from, size_t stride, int n_rows, int n_columns, float scale) {
    if (n_rows >= LANES && n_columns >= LANES) {
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++) tile[i] = vec_load(from + (size_t)i * stride) * scale;
    } else {
        int columns = n_columns < LANES ? n_columns : LANES;
        for (int i = 0; i < LANES; i++) {
            tile[i] = vec_all(0);
            if (i < n_rows) tile[i] = vec_load_part(from + (size_t)i * stride, columns) * scale;
        }
    }
    transpose(tile);
}

/* Column j of the transposed tile goes to to + j*stride; `columns` of them, or all if there are more. */
INLINE void store_columns(float *to, size_t stride, const Vec tile[LANES], int columns) {
    if (columns >= LANES) {
#pragma GCC unroll 16
        for (int j = 0; j < LANES; j++) vec_store(to + (size_t)j * stride, tile[j]);
    } else {
        for (int j = 0; j < columns; j++) vec_store(to + (size_t)j * stride, tile[j]);
    }
}
