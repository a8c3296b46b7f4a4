/* nn/kernels/internal/attention_tiles - the products of attention whose right operand is rows of one head. See
 * nn/kernels/internal/attention_body.h. */
#pragma once

#include "nn/kernels/internal/ahead.h"
#include "nn/kernels/internal/attention_pack.h"
#include "nn/kernels/internal/tiles.h"

/* All rows of a panel of columns: full tiles first, then ever smaller ones, with memory asked for between them. */
INLINE void column_tiles(float *c, const float *a, size_t a_row, size_t a_step, const float *b, int rows, size_t ld,
                         int depth, int add, Ahead *ahead, const int n_vecs) {
    int r = 0;
#define TILES_OF(n)                                                                                                    \
    for (; r + (n) <= rows; r += (n), ahead_ask(ahead))                                                                \
    tile_product(c + (size_t)r * ld, ld, a + (size_t)r * a_row, a_row, a_step, b, ld, depth, add, (n), n_vecs)
    TILES_OF(TILE_ROWS(n_vecs));
#if VEC_REGISTERS > 16
    if (n_vecs < 4) TILES_OF(8);
#endif
    TILES_OF(4);
    TILES_OF(2);
    TILES_OF(1);
#undef TILES_OF
}

/* c (rows, padded) [+]= a b; a(i, p) at a[i*a_row + p*a_step]; b (depth, padded). */
INLINE void rows_product(float *c, const float *a, size_t a_row, size_t a_step, const float *b, int rows, int padded,
                         int depth, int add, Ahead *ahead) {
    int d = 0;
#if VEC_REGISTERS > 16
    for (; d + 4 * LANES <= padded; d += 4 * LANES)
        column_tiles(c + d, a, a_row, a_step, b + d, rows, (size_t)padded, depth, add, ahead, 4);
#endif
    for (; d + 2 * LANES <= padded; d += 2 * LANES)
        column_tiles(c + d, a, a_row, a_step, b + d, rows, (size_t)padded, depth, add, ahead, 2);
    if (d < padded) column_tiles(c + d, a, a_row, a_step, b + d, rows, (size_t)padded, depth, add, ahead, 1);
}
