/* nn/kernels/internal/tiles - the register tiles all hand-written products are made of. See nn/kernels/internal/simd.h
 * for how this file is compiled.
 *
 * A tile holds up to 24 (AVX-512, NEON) or 12 vectors of sums in registers: each step broadcasts one element per row
 * and loads two to four vectors, which keeps both multiply units busy with loads to spare. Small structs go by value:
 * inlined, they are registers. Indices: i row, p summed element, v vector of columns. */
#pragma once

#include "nn/kernels/internal/blocks.h"

/* A left operand (rows, depth): element (i, p) at data[i*row + p*step]. */
typedef struct {
    const float *data;
    size_t row, step;
    int rows, depth;
} TileLeft;

/* A right operand or the sums: rows `ld` floats apart. */
typedef struct {
    const float *data;
    size_t ld;
} TileRight;
typedef struct {
    float *data;
    size_t ld;
} TileSums;

/* Rows of a full tile: 24 or 12 vectors of sums. Only sets with 32 registers have those for rows of four. */
#define TILE_ROWS(n_vecs)                                                                                              \
    ((n_vecs) == 4 ? 6 : (n_vecs) == 3 ? (VEC_REGISTERS > 16 ? 8 : LANES / 2) : VEC_REGISTERS > 16 ? 12 : 6)

/* c (n_rows, n_vecs*LANES) = [c +] a b of the first n_rows rows of a. The numbers of rows and vectors are constants at
 * every call, so that the sums stay in registers. */
INLINE void tile_product(TileSums c, TileLeft a, TileRight b, int add, const int n_rows, const int n_vecs) {
    Vec sums[12][4];
#pragma GCC unroll 12
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < n_vecs; v++) sums[i][v] = add ? vec_load(c.data + i * c.ld + v * LANES) : (Vec){0};
    }
    for (int p = 0; p < a.depth; p++, a.data += a.step, b.data += b.ld) {
        /* a row of b is loaded once and meets every row of a */
        Vec b_p[4];
#pragma GCC unroll 4
        for (int v = 0; v < n_vecs; v++) b_p[v] = vec_keep(vec_load(b.data + v * LANES));
#pragma GCC unroll 12
        for (int i = 0; i < n_rows; i++) {
            Vec a_i = vec_all(a.data[i * a.row]);
#pragma GCC unroll 4
            for (int v = 0; v < n_vecs; v++) sums[i][v] += a_i * b_p[v];
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < n_vecs; v++) vec_store(c.data + i * c.ld + v * LANES, sums[i][v]);
    }
}

/* All rows of a panel of columns: full tiles first, then ever smaller ones, with memory asked for between them (ahead:
 * NULL, none). An element's sum does not depend on the tile it falls into. */
INLINE void panel_product(TileSums c, TileLeft a, TileRight b, int add, Ahead *ahead, const int n_vecs) {
    int r = 0;
#define TILES_OF(n)                                                                                                    \
    for (; r + (n) <= a.rows; r += (n), c.data += (n)*c.ld, a.data += (n)*a.row) {                                     \
        tile_product(c, a, b, add, (n), n_vecs);                                                                       \
        if (ahead) ahead_ask(ahead);                                                                                   \
    }
    TILES_OF(TILE_ROWS(n_vecs))
#if VEC_REGISTERS > 16
    if (n_vecs < 4) TILES_OF(8)
#endif
    TILES_OF(4)
    TILES_OF(2)
    TILES_OF(1)
#undef TILES_OF
}

/* c (rows, padded; c.ld = padded) [+]= a b, with b (depth, padded): as many vectors of columns at a time as there are
 * registers for. */
INLINE void rows_product(TileSums c, TileLeft a, const float *b, int add, Ahead *ahead) {
    int d = 0, padded = (int)c.ld;
#define COLUMNS_OF(n) panel_product((TileSums){c.data + d, c.ld}, a, (TileRight){b + d, c.ld}, add, ahead, (n))
#if VEC_REGISTERS > 16
    for (; d + 4 * LANES <= padded; d += 4 * LANES) COLUMNS_OF(4);
#endif
    for (; d + 2 * LANES <= padded; d += 2 * LANES) COLUMNS_OF(2);
    if (d < padded) COLUMNS_OF(1);
#undef COLUMNS_OF
}
