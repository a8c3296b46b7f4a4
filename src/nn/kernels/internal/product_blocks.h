/* nn/kernels/internal/product_blocks - how a large product is cut into blocks, for every kernel that packs its
 * operands. See nn/kernels/internal/simd.h for how this file is compiled.
 *
 * The right operand is packed (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication") into
 * panels of columns, some of the summed dimension at a time. A block of it stays in the second-level cache while rows
 * of the result pass by, a tile after the other along the row: so every operand is read and the result written in runs
 * of kilobytes, which costs far fewer translations of addresses than going down columns does.
 *
 * While tiles multiply, what is packed next is asked for, a line of memory at a time: weights and gradients of a large
 * model come from far away, and a burst of requests would hold up the tiles' own loads. */
#pragma once

#include "nn/kernels/internal/blocks.h"
#include "nn/kernels/kernels.h"

#include <stdbool.h>

/* An operand: rows of the left or columns of the right one lie `across` apart, elements summed over `along`; one of the
 * two is 1. */
typedef struct {
    const float *data;
    size_t across, along;
} LargeOperand;

INLINE const float *large_at(const LargeOperand *operand, int across, int along) {
    return operand->data + (size_t)across * operand->across + (size_t)along * operand->along;
}

/* What sums are added to: rows that begin at rows + i*stride, and the same bias for all; NULL: nothing. */
typedef struct {
    const float *rows, *bias;
    size_t stride;
} LargeBase;

INLINE LargeBase large_base(LargeBase base, int row, int column) {
    if (base.rows) base.rows += (size_t)row * base.stride + (size_t)column;
    if (base.bias) base.bias += column;
    return base;
}

/* c (rows, columns) = base + a b: the rows of one tile or fewer, all columns of a block. Rows of a are `lda` floats
 * apart; b is the packed block. */
typedef struct {
    float *c;
    size_t ldc;
    const float *a;
    size_t lda;
    const float *b;
    int rows, columns, depth;
    LargeBase base;
} LargeStrip;

/* A kernel: its blocks, and what it does with them. Of its operands it packs `rows` or `columns` from the first on,
 * elements k to k + depth. */
typedef struct {
    int rows, group, strip;           /* of a tile; kept packed; packed at a time: multiples of a tile's */
    int width, columns;               /* of a tile; of a block: a multiple of it */
    int unit, depth;                  /* elements summed at a time: a multiple of unit, at most depth */
    size_t (*left_stride)(int depth); /* floats from one packed row to the next, over whole tiles */
    void (*pack_left)(float *to, const LargeOperand *a, int m, int k, int rows, int depth);
    void (*pack_right)(float *to, const LargeOperand *b, int n, int k, int columns, int depth);
    void (*multiply)(const LargeStrip *strip, Ahead *ahead);
} LargeMethod;

typedef struct {
    const LargeProduct *product;
    LargeOperand a, b;
    float *left, *right;    /* packed: all rows of a group, NULL to read them where they lie; a block of columns */
    int group, part, block; /* rows, elements summed and columns taken at a time */
} LargeWork;

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

/* The group of rows from m on, the block of columns from n on, elements k to k + part. The first block of a part packs
 * the rows as it goes, if they are to be packed; the others find them so. */
INLINE void large_block(const LargeMethod *method, const LargeWork *w, int m, int k, int n) {
    const LargeProduct *p = w->product;
    int rows = at_most(p->rows - m, w->group), depth = at_most(p->depth - k, w->part),
        columns = at_most(p->columns - n, w->block);
    /* the block that comes after this one, which is asked for meanwhile */
    bool last = n + w->block >= p->columns; /* of this part */
    int k_next = last ? k + w->part : k, n_next = last ? 0 : n + w->block;
    int depth_next = at_most(p->depth - k_next, w->part), columns_next = at_most(p->columns - n_next, w->block);
    /* the first part starts from base and bias, the others from what is in c */
    LargeBase base = k == 0 ? (LargeBase){p->base, p->bias, p->base_row} : (LargeBase){p->c, NULL, p->ldc};
    size_t packed = method->left_stride(depth);
    Ahead ahead = {.at = AHEAD_RUNS};
    large_ahead(&ahead, AHEAD_RIGHT, &w->b, n_next, columns_next, k_next, depth_next);
    method->pack_right(w->right, &w->b, n, k, columns, depth);
    for (int r = 0; r < rows; r += method->strip) {
        int strip = at_most(rows - r, method->strip), r_next = r + strip;
        const float *a = w->left ? w->left + (size_t)r * packed : large_at(&w->a, m + r, k);
        size_t lda = w->left ? packed : w->a.across;
        if (n == 0) {
            if (w->left) method->pack_left(w->left + (size_t)r * packed, &w->a, m + r, k, strip, depth);
            large_ahead(&ahead, AHEAD_LEFT, &w->a, m + r_next, at_most(rows - r_next, method->strip), k, depth);
        }
        if (last && r_next >= rows)
            large_ahead(&ahead, AHEAD_LEFT, &w->a, m, at_most(rows, method->strip), k_next, depth_next);
        for (int i = 0; i < strip; i += method->rows) {
            const LargeStrip tiles = {.c = p->c + (size_t)(m + r + i) * p->ldc + n,
                                      .ldc = p->ldc,
                                      .a = a + (size_t)i * lda,
                                      .lda = lda,
                                      .b = w->right,
                                      .rows = at_most(strip - i, method->rows),
                                      .columns = columns,
                                      .depth = depth,
                                      .base = large_base(base, m + r + i, n)};
            method->multiply(&tiles, &ahead);
        }
    }
}

/* Reads rows of the left operand where they lie, or packs them. */
INLINE void product_in_blocks(const LargeMethod *method, const LargeProduct *p, bool in_place, float *scratch) {
    size_t left = (size_t)method->group * method->left_stride(method->depth);
    const LargeWork work = {.product = p,
                            .a = {p->a, p->a_row, p->a_step},
                            .b = {p->b, p->b_column, p->b_step},
                            .left = in_place ? NULL : scratch,
                            .right = scratch + left,
                            .group = equal_blocks(p->rows, method->group, method->rows),
                            .part = equal_blocks(p->depth, method->depth, method->unit),
                            .block = equal_blocks(p->columns, method->columns, method->width)};
    for (int m = 0; m < p->rows; m += work.group) {
        for (int k = 0; k < p->depth; k += work.part) {
            for (int n = 0; n < p->columns; n += work.block) large_block(method, &work, m, k, n);
        }
    }
}
