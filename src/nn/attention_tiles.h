/* nn/attention_tiles - the register tiles all attention products are made of. See nn/attention_body.h.
 *
 * A tile holds up to 24 (AVX-512) or 12 vectors of sums in registers: each step broadcasts one element per row and
 * loads two or three vectors, which keeps both multiply units busy with loads to spare. */
#pragma once

#include "nn/attention_pack.h"

enum { TILE_ROWS = LANES == 16 ? 12 : 6 };

/* c (n_rows, n_vecs*LANES; row stride ldc) = [c +] sum over p of a[i*a_row + p*a_step] * b[p*ldb + ...]. The numbers of
 * rows and vectors are constants at every call, so that the sums stay in registers. */
INLINE void tile_product(float *c, size_t ldc, const float *a, size_t a_row, size_t a_step, const float *b, size_t ldb,
                         int depth, int add, const int n_rows, const int n_vecs) {
    Vec sums[12][3];
#pragma GCC unroll 12
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 3
        for (int v = 0; v < n_vecs; v++) sums[i][v] = add ? vec_load(c + i * ldc + v * LANES) : (Vec){0};
    }
    for (int p = 0; p < depth; p++, a += a_step, b += ldb) {
        Vec b_p[3];
#pragma GCC unroll 3
        for (int v = 0; v < n_vecs; v++) b_p[v] = vec_load(b + v * LANES);
#pragma GCC unroll 12
        for (int i = 0; i < n_rows; i++) {
            Vec a_i = vec_all(a[i * a_row]);
#pragma GCC unroll 3
            for (int v = 0; v < n_vecs; v++) sums[i][v] += a_i * b_p[v];
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 3
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
    TILES_OF(TILE_ROWS);
#if LANES == 16
    TILES_OF(8);
#endif
    TILES_OF(4);
    TILES_OF(2);
    TILES_OF(1);
#undef TILES_OF
}

INLINE void rows_product(float *c, const float *a, size_t a_row, size_t a_step, const float *b, int rows, int padded,
                         int depth, int add) {
    size_t ld = (size_t)padded;
    int d = 0;
    for (; d + 2 * LANES <= padded; d += 2 * LANES)
        panel_product(c + d, ld, a, a_row, a_step, b + d, ld, rows, depth, add, 2);
    if (d < padded) panel_product(c + d, ld, a, a_row, a_step, b + d, ld, rows, depth, add, 1);
}

/* c (queries, padded) [+]= P b, with P^T stored as scores are: (depth keys, QUERIES). */
static __attribute__((noinline)) void queries_product(float *c, const float *scores, const float *b, int queries,
                                                      int padded, int depth, int add) {
    rows_product(c, scores, 1, QUERIES, b, queries, padded, depth, add);
}

/* c (keys, padded) [+]= P^T b, with b (depth queries, padded). */
static __attribute__((noinline)) void keys_product(float *c, const float *scores, const float *b, int keys, int padded,
                                                   int depth, int add) {
    rows_product(c, scores, QUERIES, 1, b, keys, padded, depth, add);
}

/* scores (keys rounded up to LANES, QUERIES) = panels x columns, for n_vecs vectors of queries; two tiles a panel. */
static __attribute__((noinline)) void score_tiles(float *scores, const float *panels, const float *columns, int keys,
                                                  int width, int n_vecs) {
    for (int k = 0; k < keys; k += KEYS, scores += KEYS * QUERIES) {
        const float *half = panels + (size_t)(k / LANES * LANES) * (size_t)width + k % LANES;
        if (n_vecs == 3) tile_product(scores, QUERIES, half, 1, LANES, columns, QUERIES, width, 0, KEYS, 3);
        if (n_vecs == 2) tile_product(scores, QUERIES, half, 1, LANES, columns, QUERIES, width, 0, KEYS, 2);
        if (n_vecs == 1) tile_product(scores, QUERIES, half, 1, LANES, columns, QUERIES, width, 0, KEYS, 1);
    }
}
