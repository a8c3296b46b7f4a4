/* nn/kernels/internal/transpose - small transposed tiles in registers. See nn/kernels/internal/simd.h for how this file
 * is compiled. */
#pragma once

#include "nn/kernels/internal/simd.h"

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
