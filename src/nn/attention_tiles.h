/* nn/attention_tiles - the products of attention on tiles. See nn/attention_body.h. */
#pragma once

#include "nn/attention_pack.h"
#include "nn/tiles.h"

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
