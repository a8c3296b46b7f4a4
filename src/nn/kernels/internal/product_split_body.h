/* nn/kernels/internal/product_split_body - the products of linear layers with large weight matrices in the tile units
 * of AMX. See nn/layers/linear.h for who asks, nn/kernels/internal/product_blocks.h for the blocks,
 * nn/kernels/internal/split_tiles.h for the arithmetic, and nn/kernels/internal/simd.h for how this file is compiled.
 */
#pragma once

#include "nn/kernels/internal/product_blocks.h"
#include "nn/kernels/internal/split_tiles.h"

enum {
    SPLIT_DEPTH = 16 * SPLIT_STEP,   /* summed at a time */
    SPLIT_COLUMNS = 8 * SPLIT_WIDTH, /* of a packed block */
    SPLIT_GROUP = 98 * SPLIT_WIDTH,  /* rows that are kept packed */
    SPLIT_STRIP = 4 * SPLIT_WIDTH,   /* rows packed at a time */
    SPLIT_LINES = 2,                 /* asked for ahead at a time */
    SPLIT_SCRATCH = (SPLIT_GROUP + SPLIT_COLUMNS) * (SPLIT_DEPTH / SPLIT_STEP) * (SPLIT_PANEL / SPLIT_WIDTH),
};

static size_t split_stride(int depth) {
    return (size_t)split_steps(depth) * (SPLIT_PANEL / SPLIT_WIDTH);
}

static void split_pack_rows(float *to, const LargeOperand *a, int m, int k, int rows, int depth) {
    split_pack(to, a, m, k, rows, depth, false);
}

static void split_pack_columns(float *to, const LargeOperand *b, int n, int k, int columns, int depth) {
    split_pack(to, b, n, k, columns, depth, true);
}

/* Sums of two by two tiles, and where they go: rows from `row` on are still to be added. */
typedef struct {
    _Alignas(64) float sums[SPLIT_WIDTH * SPLIT_WIDTH];
    float *c;
    size_t ldc;
    LargeBase base;
    int row, rows;
} SplitTiles;

/* What happens while the tile units multiply: the tiles before are added, the next one's place and what is packed next
 * are asked for. */
typedef struct {
    SplitTiles *done;
    const SplitTiles *next;
    Ahead *ahead;
} SplitMeanwhile;

/* Adds as many of its rows as are due, and asks for as many of the next. */
INLINE void split_finish(SplitTiles *done, const SplitTiles *next, int call, int calls) {
    int until = done->rows * (call + 1) / calls;
    for (; done->row < until; done->row++) {
        size_t r = (size_t)done->row;
        const LargeBase under = large_base(done->base, done->row, 0);
        for (int v = 0; v < SPLIT_WIDTH; v += LANES) {
            Vec sum = vec_load(done->sums + r * SPLIT_WIDTH + v);
            if (under.bias) sum += vec_load(under.bias + v);
            if (under.rows) sum += vec_load(under.rows + v);
            vec_store(done->c + r * done->ldc + v, sum);
            __builtin_prefetch(next->c + r * next->ldc + v, 1);
        }
    }
}

INLINE void split_meanwhile(void *context, int call, int calls) {
    SplitMeanwhile *m = context;
    split_finish(m->done, m->next, call, calls);
    for (int i = 0; i < SPLIT_LINES; i++) ahead_line(m->ahead);
}

/* Rows of two tiles, all column panels of a block. */
static void split_rows(const LargeStrip *s, Ahead *ahead) {
    SplitTiles pair[2];
    const float *b = s->b;
    int steps = split_steps(s->depth), turn = 0;
    pair[1].row = pair[1].rows = 0;
    for (int n = 0; n < s->columns; n += SPLIT_WIDTH, b += steps * SPLIT_PANEL, turn = !turn) {
        SplitTiles *next = &pair[turn];
        next->c = s->c + n;
        next->ldc = s->ldc;
        next->base = large_base(s->base, 0, n);
        next->row = 0;
        next->rows = s->rows;
        /* two buffers take turns: one is being multiplied while the other is added and stored */
        SplitMeanwhile meanwhile = {&pair[!turn], next, ahead};
        if (s->rows > SPLIT_TILE)
            split_sums(next->sums, s->a, b, steps, true, split_meanwhile, &meanwhile);
        else
            split_sums(next->sums, s->a, b, steps, false, split_meanwhile, &meanwhile);
    }
    split_finish(&pair[!turn], &pair[!turn], 0, 1);
}

static void product_split_body(const LargeProduct *p, float *scratch) {
    static const LargeMethod method = {.rows = SPLIT_WIDTH,
                                       .group = SPLIT_GROUP,
                                       .strip = SPLIT_STRIP,
                                       .width = SPLIT_WIDTH,
                                       .columns = SPLIT_COLUMNS,
                                       .unit = SPLIT_STEP,
                                       .depth = SPLIT_DEPTH,
                                       .left_stride = split_stride,
                                       .pack_left = split_pack_rows,
                                       .pack_right = split_pack_columns,
                                       .multiply = split_rows};
    split_begin();
    product_in_blocks(&method, p, false, scratch);
    split_end();
}
