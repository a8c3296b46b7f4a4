/* nn/product_large_body - the products of linear layers with large weight matrices. See nn/linear.h for who asks, and
 * nn/simd.h for how this file is compiled.
 *
 * Both operands are packed (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication"), the left
 * one into panels of LARGE_ROWS rows, the right one into panels of two vectors of columns, LARGE_DEPTH of the summed
 * dimension at a time. A block of the right operand stays in the second-level cache while rows of the result pass by, a
 * tile after the other along the row: so every operand is read and the result written in runs of kilobytes, which costs
 * far fewer translations of addresses than going down columns does. A tile sums in registers and is then added. */
#pragma once

#include "nn/transpose.h"

enum {
    LARGE_ROWS = 14, /* of a full tile: 28 vectors of sums, two of columns, one of a row's element */
    LARGE_VECS = 2,  /* columns of a tile */
    LARGE_WIDTH = LARGE_VECS * LANES,
    LARGE_DEPTH = 256,                /* summed at a time */
    LARGE_COLUMNS = 24 * LARGE_WIDTH, /* of a packed block */
    LARGE_GROUP = 224 * LARGE_ROWS,   /* rows packed at a time */
    LARGE_AHEAD = 8,                  /* steps that the right operand is asked for ahead */
    LARGE_SCRATCH = LARGE_DEPTH * (LARGE_GROUP / LARGE_ROWS * LANES + LARGE_COLUMNS),
};

/* Equal parts of at most `most`, multiples of `unit`. */
INLINE int large_part(int count, int most, int unit) {
    int parts = (count + most - 1) / most;
    return ((count + parts - 1) / parts + unit - 1) / unit * unit;
}

/* to: (depth, LANES) for every LARGE_ROWS rows of `a`. What lies beyond the rows is zero or a neighbor, never used. */
static void large_pack_rows(float *to, const float *a, size_t row, size_t step, int rows, int depth) {
    Vec tile[LANES];
    size_t panel = (size_t)depth * LANES;
    if (row == 1) {
        for (int d = 0; d < depth; d++) {
            const float *from = a + (size_t)d * step;
            float *at = to + d * LANES;
            for (int r = 0; r < rows; r += LARGE_ROWS, at += panel)
                vec_store(at, rows - r >= LANES ? vec_load(from + r) : vec_load_part(from + r, rows - r));
        }
        return;
    }
    for (int r = 0; r < rows; r += LARGE_ROWS, to += panel) {
        for (int d = 0; d < depth; d += LANES) {
            load_transposed(tile, a + (size_t)r * row + d, row, rows - r, depth - d, 1);
            store_columns(to + d * LANES, LANES, tile, depth - d);
        }
    }
}

/* to: (depth, LARGE_WIDTH) for every LARGE_WIDTH columns of `b`. */
static void large_pack_columns(float *to, const float *b, size_t step, size_t column, int depth, int columns) {
    Vec tile[LANES];
    if (column == 1) {
        for (int d = 0; d < depth; d++) {
            const float *from = b + (size_t)d * step;
            for (int n = 0; n < columns; n += LARGE_WIDTH) {
                float *at = to + (size_t)n * (size_t)depth + d * LARGE_WIDTH;
                for (int v = 0; v < LARGE_WIDTH; v += LANES) vec_store(at + v, vec_load(from + n + v));
            }
        }
        return;
    }
    for (int n = 0; n < columns; n += LANES) {
        float *panel = to + (size_t)(n / LARGE_WIDTH * LARGE_WIDTH) * (size_t)depth + n % LARGE_WIDTH;
        for (int d = 0; d < depth; d += LANES) {
            load_transposed(tile, b + (size_t)n * column + d, column, LANES, depth - d, 1);
            store_columns(panel + d * LARGE_WIDTH, LARGE_WIDTH, tile, depth - d);
        }
    }
}

/* c (n_rows, LARGE_WIDTH) = [c +] a b of two panels; n_rows is a constant at every call. */
INLINE void large_tile(float *c, size_t ldc, const float *a, const float *b, int depth, int add, const int n_rows) {
    Vec sums[LARGE_ROWS][LARGE_VECS];
#pragma GCC unroll 14
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < LARGE_VECS; v++) {
            sums[i][v] = (Vec){0};
            __builtin_prefetch(c + (size_t)i * ldc + LARGE_WIDTH + v * LANES); /* of the next tile */
        }
    }
    for (int p = 0; p < depth; p++, a += LANES, b += LARGE_WIDTH) {
        Vec b_p[LARGE_VECS];
#pragma GCC unroll 2
        for (int v = 0; v < LARGE_VECS; v++) {
            b_p[v] = vec_load(b + v * LANES);
            __builtin_prefetch(b + LARGE_AHEAD * LARGE_WIDTH + v * LANES);
        }
#pragma GCC unroll 14
        for (int i = 0; i < n_rows; i++) {
            Vec a_i = vec_all(a[i]);
#pragma GCC unroll 2
            for (int v = 0; v < LARGE_VECS; v++) sums[i][v] += a_i * b_p[v];
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < LARGE_VECS; v++) {
            float *to = c + (size_t)i * ldc + v * LANES;
            vec_store(to, add ? (Vec)(vec_load(to) + sums[i][v]) : sums[i][v]);
        }
    }
}

/* Rows of one panel, all column panels of a block. */
static __attribute__((noinline)) void large_rows(float *c, size_t ldc, const float *a, const float *b, int rows,
                                                 int columns, int depth, int add) {
    for (int n = 0; n < columns; n += LARGE_WIDTH, b += (size_t)depth * LARGE_WIDTH, c += LARGE_WIDTH) {
        int r = 0;
#define TILES_OF(count)                                                                                                \
    for (; r + (count) <= rows; r += (count)) large_tile(c + (size_t)r * ldc, ldc, a + r, b, depth, add, (count))
        TILES_OF(LARGE_ROWS);
        TILES_OF(6);
        TILES_OF(2);
        TILES_OF(1);
#undef TILES_OF
    }
}

static void product_large_body(const LargeProduct *p, float *scratch) {
    float *left = scratch, *right = scratch + LARGE_DEPTH * (LARGE_GROUP / LARGE_ROWS * LANES);
    int part = large_part(p->depth, LARGE_DEPTH, LANES), group = large_part(p->rows, LARGE_GROUP, LARGE_ROWS),
        block = large_part(p->columns, LARGE_COLUMNS, LARGE_WIDTH);
    for (int m = 0; m < p->rows; m += group) {
        int rows = p->rows - m < group ? p->rows - m : group;
        for (int k = 0; k < p->depth; k += part) {
            int depth = p->depth - k < part ? p->depth - k : part;
            const float *a = p->a + (size_t)m * p->a_row + (size_t)k * p->a_step;
            large_pack_rows(left, a, p->a_row, p->a_step, rows, depth);
            for (int n = 0; n < p->columns; n += block) {
                int columns = p->columns - n < block ? p->columns - n : block;
                const float *b = p->b + (size_t)k * p->b_step + (size_t)n * p->b_column;
                large_pack_columns(right, b, p->b_step, p->b_column, depth, columns);
                for (int r = 0; r < rows; r += LARGE_ROWS)
                    large_rows(p->c + (size_t)(m + r) * p->ldc + n, p->ldc,
                               left + (size_t)(r / LARGE_ROWS) * (size_t)depth * LANES, right,
                               rows - r < LARGE_ROWS ? rows - r : LARGE_ROWS, columns, depth, p->add || k > 0);
            }
        }
    }
}
