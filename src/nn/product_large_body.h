/* nn/product_large_body - the products of linear layers with large weight matrices. See nn/linear.h for who asks, and
 * nn/simd.h for how this file is compiled.
 *
 * The right operand is packed (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication") into
 * panels of two vectors of columns, LARGE_DEPTH of the summed dimension at a time. A block of it stays in the
 * second-level cache while rows of the result pass by, a tile after the other along the row: so every operand is read
 * and the result written in runs of kilobytes, which costs far fewer translations of addresses than going down columns
 * does. A tile of the left operand's rows stays in the first-level cache meanwhile; rows are read where they lie, or
 * packed if they run across the summed dimension or lie whole pages apart, where the cache holds few of them. A tile
 * sums in registers and is then added.
 *
 * While tiles multiply, what is packed next is asked for, a line of memory at a time: weights and gradients of a large
 * model come from far away, and a burst of requests would hold up the tiles' own loads. */
#pragma once

#include "nn/ahead.h"
#include "nn/blocks.h"
#include "nn/transpose.h"

#include <stdbool.h>

enum {
    LARGE_ROWS = 14, /* of a full tile: 28 vectors of sums, two of columns, one of a row's element */
    LARGE_VECS = 2,  /* columns of a tile */
    LARGE_WIDTH = LARGE_VECS * LANES,
    LARGE_DEPTH = 256,                      /* summed at a time */
    LARGE_COLUMNS = 24 * LARGE_WIDTH,       /* of a packed block */
    LARGE_GROUP = 224 * LARGE_ROWS,         /* rows that are kept packed */
    LARGE_STRIP = 8 * LARGE_ROWS,           /* rows packed at a time */
    LARGE_AHEAD = 8,                        /* steps that the right operand is asked for ahead */
    LARGE_PACE = 16,                        /* steps of a tile between two lines asked for of what is packed next */
    LARGE_LEFT = LARGE_DEPTH + LINE_FLOATS, /* from one packed row to the next: never whole pages */
    LARGE_SCRATCH = LARGE_GROUP * LARGE_LEFT + LARGE_DEPTH * LARGE_COLUMNS,
    PAGE_FLOATS = 1024,
};

/* An operand: rows of the left or columns of the right one lie `across` apart, elements summed over `along`; one of the
 * two is 1. */
typedef struct {
    const float *data;
    size_t across, along;
} LargeOperand;

INLINE const float *large_at(const LargeOperand *operand, int across, int along) {
    return operand->data + (size_t)across * operand->across + (size_t)along * operand->along;
}

/* to (rows, LARGE_LEFT): `rows` rows from the m-th on, elements k to k + depth. */
static void large_pack_rows(float *to, const LargeOperand *a, int m, int k, int rows, int depth) {
    Vec tile[LANES];
    if (a->along == 1) {
        for (int r = 0; r < rows; r++) memcpy(to + r * LARGE_LEFT, large_at(a, m + r, k), (size_t)depth * sizeof *to);
        return;
    }
    for (int d = 0; d < depth; d += LANES) {
        for (int r = 0; r < rows; r += LANES) {
            load_transposed(tile, large_at(a, m + r, k + d), a->along, depth - d, rows - r, 1);
            store_columns(to + r * LARGE_LEFT + d, LARGE_LEFT, tile, rows - r);
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
            prefetch_rows(b + (size_t)(n + LANES) * column + d, column, columns - n - LANES, 1);
            load_transposed(tile, b + (size_t)n * column + d, column, LANES, depth - d, 1);
            store_columns(panel + d * LARGE_WIDTH, LARGE_WIDTH, tile, depth - d);
        }
    }
}

/* What is packed next of both operands, the more urgent first. */
enum { AHEAD_LEFT, AHEAD_RIGHT };

/* `count` rows or columns from `first` on, elements k to k + depth; neither: nothing. */
static void large_ahead(Ahead *ahead, int run, const LargeOperand *operand, int first, int count, int k, int depth) {
    if (count <= 0 || depth <= 0) return;
    const float *from = large_at(operand, first, k);
    if (operand->along == 1)
        ahead_rows(ahead, run, from, operand->across, count, depth);
    else
        ahead_rows(ahead, run, from, operand->along, depth, count);
}

/* What sums are added to: rows that begin at rows + i*stride, and the same bias for all; NULL: nothing. */
typedef struct {
    const float *rows, *bias;
    size_t stride;
} LargeBase;

/* c (n_rows, LARGE_WIDTH) = base + a b, with rows of a `lda` apart and a panel b; n_rows is a constant at every call.
 * Three pointers to rows five apart, and multiples of lda, reach all rows without computing an address. */
INLINE void large_tile(float *c, size_t ldc, const float *a, size_t lda, const float *b, int depth, LargeBase base,
                       Ahead *ahead, const int n_rows) {
    Vec sums[LARGE_ROWS][LARGE_VECS];
    const float *fifths[3] = {a, n_rows > 5 ? a + 5 * lda : a, n_rows > 10 ? a + 10 * lda : a};
    const size_t multiples[5] = {0, lda, 2 * lda, 3 * lda, 4 * lda};
#pragma GCC unroll 14
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < LARGE_VECS; v++) {
            sums[i][v] = (Vec){0};
            __builtin_prefetch(c + (size_t)i * ldc + LARGE_WIDTH + v * LANES); /* of the next tile */
        }
    }
    for (; depth > 0; depth -= LARGE_PACE) {
        const float *end = b + (size_t)at_most(depth, LARGE_PACE) * LARGE_WIDTH;
        for (; b < end; fifths[0]++, fifths[1]++, fifths[2]++, b += LARGE_WIDTH) {
            Vec b_p[LARGE_VECS];
#pragma GCC unroll 2
            for (int v = 0; v < LARGE_VECS; v++) {
                b_p[v] = vec_load(b + v * LANES);
                __builtin_prefetch(b + LARGE_AHEAD * LARGE_WIDTH + v * LANES);
            }
#pragma GCC unroll 14
            for (int i = 0; i < n_rows; i++) {
                Vec a_i = vec_all(fifths[i / 5][multiples[i % 5]]);
#pragma GCC unroll 2
                for (int v = 0; v < LARGE_VECS; v++) sums[i][v] += a_i * b_p[v];
            }
        }
        ahead_line(ahead);
    }
#pragma GCC unroll 14
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < LARGE_VECS; v++) {
            if (base.bias) sums[i][v] += vec_load(base.bias + v * LANES);
            if (base.rows) sums[i][v] += vec_load(base.rows + (size_t)i * base.stride + v * LANES);
            vec_store(c + (size_t)i * ldc + v * LANES, sums[i][v]);
        }
    }
}

INLINE LargeBase large_base(LargeBase base, int row, int column) {
    if (base.rows) base.rows += (size_t)row * base.stride + (size_t)column;
    if (base.bias) base.bias += column;
    return base;
}

/* Rows of one tile, all column panels of a block. */
static __attribute__((noinline)) void large_rows(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                                                 int rows, int columns, int depth, LargeBase base, Ahead *ahead) {
    for (int n = 0; n < columns; n += LARGE_WIDTH, b += (size_t)depth * LARGE_WIDTH, c += LARGE_WIDTH) {
        int r = 0;
#define TILES_OF(count)                                                                                                \
    for (; r + (count) <= rows; r += (count))                                                                          \
    large_tile(c + (size_t)r * ldc, ldc, a + (size_t)r * lda, lda, b, depth, large_base(base, r, n), ahead, (count))
        TILES_OF(LARGE_ROWS);
        TILES_OF(6);
        TILES_OF(2);
        TILES_OF(1);
#undef TILES_OF
    }
}

typedef struct {
    const LargeProduct *product;
    LargeOperand a, b;
    float *left, *right;    /* packed: all rows of a group, NULL to read them where they lie; a block of columns */
    int group, part, block; /* rows, elements summed and columns taken at a time */
} LargeWork;

/* The group of rows from m on, the block of columns from n on, elements k to k + part. The first block of a part packs
 * the rows as it goes, if they are to be packed; the others find them so. */
static void large_block(const LargeWork *w, int m, int k, int n) {
    const LargeProduct *p = w->product;
    int rows = at_most(p->rows - m, w->group), depth = at_most(p->depth - k, w->part),
        columns = at_most(p->columns - n, w->block);
    bool last = n + w->block >= p->columns; /* of this part */
    int k_next = last ? k + w->part : k, n_next = last ? 0 : n + w->block;
    int depth_next = at_most(p->depth - k_next, w->part), columns_next = at_most(p->columns - n_next, w->block);
    LargeBase base = k == 0 ? (LargeBase){p->base, p->bias, p->base_row} : (LargeBase){p->c, NULL, p->ldc};
    Ahead ahead = {.at = AHEAD_RUNS};
    large_ahead(&ahead, AHEAD_RIGHT, &w->b, n_next, columns_next, k_next, depth_next);
    large_pack_columns(w->right, large_at(&w->b, n, k), w->b.along, w->b.across, depth, columns);
    for (int r = 0; r < rows; r += LARGE_STRIP) {
        int strip = at_most(rows - r, LARGE_STRIP), r_next = r + strip;
        const float *a = w->left ? w->left + (size_t)r * LARGE_LEFT : large_at(&w->a, m + r, k);
        size_t lda = w->left ? LARGE_LEFT : w->a.across;
        if (n == 0) {
            if (w->left) large_pack_rows(w->left + (size_t)r * LARGE_LEFT, &w->a, m + r, k, strip, depth);
            large_ahead(&ahead, AHEAD_LEFT, &w->a, m + r_next, at_most(rows - r_next, LARGE_STRIP), k, depth);
        }
        if (last && r_next >= rows)
            large_ahead(&ahead, AHEAD_LEFT, &w->a, m, at_most(rows, LARGE_STRIP), k_next, depth_next);
        for (int i = 0; i < strip; i += LARGE_ROWS)
            large_rows(p->c + (size_t)(m + r + i) * p->ldc + n, p->ldc, a + (size_t)i * lda, lda, w->right,
                       at_most(strip - i, LARGE_ROWS), columns, depth, large_base(base, m + r + i, n), &ahead);
    }
}

static void product_large_body(const LargeProduct *p, float *scratch) {
    bool in_place = p->a_step == 1 && p->a_row % PAGE_FLOATS != 0;
    const LargeWork work = {.product = p,
                            .a = {p->a, p->a_row, p->a_step},
                            .b = {p->b, p->b_column, p->b_step},
                            .left = in_place ? NULL : scratch,
                            .right = scratch + LARGE_GROUP * LARGE_LEFT,
                            .group = equal_blocks(p->rows, LARGE_GROUP, LARGE_ROWS),
                            .part = equal_blocks(p->depth, LARGE_DEPTH, LANES),
                            .block = equal_blocks(p->columns, LARGE_COLUMNS, LARGE_WIDTH)};
    for (int m = 0; m < p->rows; m += work.group) {
        for (int k = 0; k < p->depth; k += work.part) {
            for (int n = 0; n < p->columns; n += work.block) large_block(&work, m, k, n);
        }
    }
}
