/* nn/kernels/internal/product_large_body - the products of linear layers with large weight matrices. See
 * nn/layers/linear.h for who asks, nn/kernels/internal/product_blocks.h for the blocks, and nn/kernels/internal/simd.h
 * for how this file is compiled.
 *
 * Panels are two vectors of columns wide. A tile of the left operand's rows stays in the first-level cache while it
 * goes along a block; rows are read where they lie, or packed if they run across the summed dimension or lie whole
 * pages apart, where the cache holds few of them. A tile sums in registers and is then added. */
#pragma once

#include "nn/kernels/internal/product_blocks.h"
#include "nn/kernels/internal/tiles.h"

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
static void large_pack_columns(float *to, const LargeOperand *operand, int first, int k, int columns, int depth) {
    const float *b = large_at(operand, first, k);
    size_t step = operand->along, column = operand->across;
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

/* c (n_rows, LARGE_WIDTH) = base + a b of the first n_rows rows of a and a panel b; n_rows is a constant at every call.
 * Three pointers to rows five apart, and multiples of the stride, reach all rows without computing an address. */
INLINE void large_tile(TileSums c, TileLeft a, const float *b, LargeBase base, Ahead *ahead, const int n_rows) {
    Vec sums[LARGE_ROWS][LARGE_VECS];
    const size_t lda = a.row;
    /* an address of x86 is base + index times 1, 2, 4 or 8: five rows a pointer need four registers */
    const float *fifths[3] = {a.data, n_rows > 5 ? a.data + 5 * lda : a.data, n_rows > 10 ? a.data + 10 * lda : a.data};
    const size_t multiples[5] = {0, lda, 2 * lda, 3 * lda, 4 * lda};
#pragma GCC unroll 14
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < LARGE_VECS; v++) {
            sums[i][v] = (Vec){0};
            __builtin_prefetch(c.data + (size_t)i * c.ld + LARGE_WIDTH + v * LANES); /* of the next tile */
        }
    }
    for (int depth = a.depth; depth > 0; depth -= LARGE_PACE) {
        const float *end = b + (size_t)at_most(depth, LARGE_PACE) * LARGE_WIDTH;
        for (; b < end; fifths[0]++, fifths[1]++, fifths[2]++, b += LARGE_WIDTH) {
            /* one step: a row of the panel times an element of each row of a */
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
            /* what the sums are added to comes last: one addition an element */
            if (base.bias) sums[i][v] += vec_load(base.bias + v * LANES);
            if (base.rows) sums[i][v] += vec_load(base.rows + (size_t)i * base.stride + v * LANES);
            vec_store(c.data + (size_t)i * c.ld + v * LANES, sums[i][v]);
        }
    }
}

/* Rows of one tile, all column panels of a block. */
static __attribute__((noinline)) void large_rows(const LargeStrip *s, Ahead *ahead) {
    const float *b = s->b;
    for (int n = 0; n < s->columns; n += LARGE_WIDTH, b += (size_t)s->depth * LARGE_WIDTH) {
        int r = 0;
#define TILES_OF(count)                                                                                                \
    for (; r + (count) <= s->rows; r += (count))                                                                       \
    large_tile((TileSums){s->c + (size_t)r * s->ldc + n, s->ldc},                                                      \
               (TileLeft){s->a + (size_t)r * s->lda, s->lda, 1, (count), s->depth}, b, large_base(s->base, r, n),      \
               ahead, (count))
        TILES_OF(LARGE_ROWS);
        TILES_OF(6);
        TILES_OF(2);
        TILES_OF(1);
#undef TILES_OF
    }
}

static size_t large_left_stride(int depth) {
    (void)depth;
    return LARGE_LEFT;
}

static void product_large_body(const LargeProduct *p, float *scratch) {
    static const LargeMethod method = {.rows = LARGE_ROWS,
                                       .group = LARGE_GROUP,
                                       .strip = LARGE_STRIP,
                                       .width = LARGE_WIDTH,
                                       .columns = LARGE_COLUMNS,
                                       .unit = LANES,
                                       .depth = LARGE_DEPTH,
                                       .left_stride = large_left_stride,
                                       .pack_left = large_pack_rows,
                                       .pack_right = large_pack_columns,
                                       .multiply = large_rows};
    product_in_blocks(&method, p, p->a_step == 1 && p->a_row % PAGE_FLOATS != 0, scratch);
}
