/* nn/kernels/internal/transpose - small transposed tiles in registers. See nn/kernels/internal/simd.h for how this file
 * is compiled. */
#pragma once

#include "nn/kernels/internal/simd.h"

/* rows[i][j] <-> rows[j][i], by repeated perfect shuffles of the first with the second half. */
INLINE void transpose(Vec rows[LANES]) {
    VecBits low, high;
    for (int i = 0; i < LANES; i++) {
        low[i] = i / 2 + i % 2 * LANES;
        high[i] = LANES / 2 + low[i];
    }
    for (int round = 1; round < LANES; round *= 2) {
        Vec next[LANES];
#pragma GCC unroll 8
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = __builtin_shuffle(rows[i], rows[i + LANES / 2], low);
            next[2 * i + 1] = __builtin_shuffle(rows[i], rows[i + LANES / 2], high);
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
