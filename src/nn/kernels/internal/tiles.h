/* nn/kernels/internal/tiles - the register tiles all hand-written products are made of. See nn/kernels/internal/simd.h
 * for how this file is compiled.
 *
 * A tile holds up to 24 (AVX-512, NEON) or 12 vectors of sums in registers: each step broadcasts one element per row
 * and loads two to four vectors, which keeps both multiply units busy with loads to spare. */
#pragma once

#include "nn/kernels/internal/simd.h"

/* Rows of a full tile: 24 or 12 vectors of sums. Only sets with 32 registers have those for rows of four. */
#define TILE_ROWS(n_vecs)                                                                                              \
    ((n_vecs) == 4 ? 6 : (n_vecs) == 3 ? (VEC_REGISTERS > 16 ? 8 : LANES / 2) : VEC_REGISTERS > 16 ? 12 : 6)

/* c (n_rows, n_vecs*LANES; row stride ldc) = [c +] sum over p of a[i*a_row + p*a_step] * b[p*ldb + ...]. The numbers of
 * rows and vectors are constants at every call, so that the sums stay in registers. */
INLINE void tile_product(float *c, size_t ldc, const float *a, size_t a_row, size_t a_step, const float *b, size_t ldb,
                         int depth, int add, const int n_rows, const int n_vecs) {
    Vec sums[12][4];
#pragma GCC unroll 12
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < n_vecs; v++) sums[i][v] = add ? vec_load(c + i * ldc + v * LANES) : (Vec){0};
    }
    for (int p = 0; p < depth; p++, a += a_step, b += ldb) {
        /* a row of b is loaded once and meets every row of a */
        Vec b_p[4];
#pragma GCC unroll 4
        for (int v = 0; v < n_vecs; v++) b_p[v] = vec_load(b + v * LANES);
#pragma GCC unroll 12
        for (int i = 0; i < n_rows; i++) {
            Vec a_i = vec_all(a[i * a_row]);
#pragma GCC unroll 4
            for (int v = 0; v < n_vecs; v++) sums[i][v] += a_i * b_p[v];
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < n_vecs; v++) vec_store(c + i * ldc + v * LANES, sums[i][v]);
    }
}

/* All rows of a column panel: full tiles first, then ever smaller ones. */
INLINE void panel_product(float *c, size_t ldc, const float *a, size_t a_row, size_t a_step, const float *b, size_t ldb,
                          int rows, int depth, int add, const int n_vecs) {
    int r = 0;
#define TILES_OF(n)                                                                                                    \
    for (; r + (n) <= rows; r += (n))                                                                                  \
    tile_product(c + (size_t)r * ldc, ldc, a + (size_t)r * a_row, a_row, a_step, b, ldb, depth, add, (n), n_vecs)
    TILES_OF(TILE_ROWS(n_vecs));
#if VEC_REGISTERS > 16
    TILES_OF(8);
#endif
    TILES_OF(4);
    TILES_OF(2);
    TILES_OF(1);
#undef TILES_OF
}
