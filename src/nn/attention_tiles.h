/* nn/attention_tiles - the products of attention whose right operand is rows of one head. See nn/attention_body.h. */
#pragma once

#include "nn/attention_pack.h"
#include "nn/tiles.h"

/* n_rows rows of c (padded columns) [+]= a b; b (depth, padded). */
INLINE void row_tiles(float *c, const float *a, size_t a_row, size_t a_step, const float *b, int padded, int depth,
                      int add, const int n_rows) {
    size_t ld = (size_t)padded;
    int d = 0;
    for (; d + 2 * LANES <= padded; d += 2 * LANES)
        tile_product(c + d, ld, a, a_row, a_step, b + d, ld, depth, add, n_rows, 2);
    if (d < padded) tile_product(c + d, ld, a, a_row, a_step, b + d, ld, depth, add, n_rows, 1);
}

/* All rows: full tiles first, then ever smaller ones. A tile's part of `a` is read while it is near: for all columns
 * before the next rows. */
INLINE void rows_product(float *c, const float *a, size_t a_row, size_t a_step, const float *b, int rows, int padded,
                         int depth, int add) {
    int r = 0;
#define TILES_OF(n)                                                                                                    \
    for (; r + (n) <= rows; r += (n))                                                                                  \
    row_tiles(c + (size_t)r * (size_t)padded, a + (size_t)r * a_row, a_row, a_step, b, padded, depth, add, (n))
    TILES_OF(TILE_ROWS(2));
#if LANES == 16
    TILES_OF(8);
#endif
    TILES_OF(4);
    TILES_OF(2);
    TILES_OF(1);
#undef TILES_OF
}
