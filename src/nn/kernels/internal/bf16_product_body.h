/* nn/kernels/internal/bf16_product_body - products of mixed precision in vector registers. See nn/kernels/kernels.h
 * for what is computed, nn/kernels/bf16.h for the layouts and the definition `pair`, nn/kernels/internal/simd.h for how
 * this file is compiled.
 *
 * A tile sums some rows of the left operand times one panel in registers, over the whole depth: a word of the left rows
 * is broadcast, a word of every column of the panel lies in the vectors. Rows are read where they lie. A tile's rows
 * stay in the first-level cache while it goes along a block of panels; the block stays in the second-level cache while
 * all rows pass by. So weights, which are packed once a step, come from memory once a product, and no sum is ever
 * written before it is complete. Sums go through a buffer of a few kilobytes to the finish. While tiles multiply, the
 * next rows and the next block are asked for, a line at a time.
 *
 * Invariant: an element is one chain over ascending pairs, whatever the blocks; the bits depend on the operands alone.
 */
#pragma once

#include "nn/kernels/internal/bf16_finish_body.h"
#include "nn/kernels/internal/blocks.h"

enum {
    PAIR_ROWS = LANES == 16  ? 14
                : LANES == 8 ? 4
                             : 2,   /* of a full tile */
    PAIR_VECS = 2,                  /* columns summed at once */
    PAIR_WIDTH = PAIR_VECS * LANES, /* divides a panel */
    PAIR_BLOCK = 112 * 1024,        /* words of the panels of a block */
    PAIR_PACE = 8,                  /* steps between two lines that are asked for */
    PAIR_AHEAD = 8,                 /* steps that words of the panel are asked for ahead */
};

/* What is asked for next: rows before panels. */
enum { AHEAD_PAIR_ROWS, AHEAD_PAIR_PANELS };

/* sums (n_rows, BF16_PANEL) of PAIR_WIDTH columns; left rows `stride` words apart. n_rows is a constant at every call.
 * Three pointers to rows five apart, and multiples of the stride, reach all rows without computing an address. */
INLINE void pair_tile(float *sums, const uint32_t *left, size_t stride, const uint32_t *right, int pairs, Ahead *ahead,
                      const int n_rows) {
    Vec sum[PAIR_ROWS][PAIR_VECS];
    const uint32_t *fifths[3] = {left, n_rows > 5 ? left + 5 * stride : left, n_rows > 10 ? left + 10 * stride : left};
    const size_t multiples[5] = {0, stride, 2 * stride, 3 * stride, 4 * stride};
#pragma GCC unroll 14
    for (int i = 0; i < n_rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < PAIR_VECS; v++) sum[i][v] = (Vec){0};
    for (; pairs > 0; pairs -= PAIR_PACE) {
        const uint32_t *end = right + (size_t)at_most(pairs, PAIR_PACE) * BF16_PANEL;
        for (; right < end; fifths[0]++, fifths[1]++, fifths[2]++, right += BF16_PANEL) {
            PairVec columns[PAIR_VECS];
#pragma GCC unroll 2
            for (int v = 0; v < PAIR_VECS; v++) {
                columns[v] = pair_vec(words_load(right + v * LANES));
                __builtin_prefetch(right + PAIR_AHEAD * BF16_PANEL + v * LANES);
            }
#pragma GCC unroll 14
            for (int i = 0; i < n_rows; i++) {
                const PairVec row = pair_all(fifths[i / 5][multiples[i % 5]]);
#pragma GCC unroll 2
                for (int v = 0; v < PAIR_VECS; v++) sum[i][v] = pair_step(sum[i][v], &row, &columns[v]);
            }
        }
        ahead_line(ahead);
    }
#pragma GCC unroll 14
    for (int i = 0; i < n_rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < PAIR_VECS; v++) vec_store(sums + i * BF16_PANEL + v * LANES, sum[i][v]);
}

/* The whole panel for up to PAIR_ROWS rows. */
static __attribute__((noinline)) void pair_sums(float *sums, const uint32_t *left, size_t stride, const uint32_t *right,
                                                int pairs, int rows, Ahead *ahead) {
    unsigned before = pair_begin();
    for (int c = 0; c < BF16_PANEL; c += PAIR_WIDTH) {
        int r = 0;
#define TILES_OF(count)                                                                                                \
    for (; r + (count) <= rows; r += (count))                                                                          \
    pair_tile(sums + r * BF16_PANEL + c, left + (size_t)r * stride, stride, right + c, pairs, ahead, (count))
        TILES_OF(PAIR_ROWS);
#if LANES == 16
        TILES_OF(8);
        TILES_OF(4);
#endif
        TILES_OF(2);
        TILES_OF(1);
#undef TILES_OF
    }
    pair_end(before);
}

static void bf16_product_body(const Bf16Product *p) {
    float sums[PAIR_ROWS * BF16_PANEL] __attribute__((aligned(64)));
    int pairs = (p->depth + 1) / 2, most = PAIR_BLOCK / (pairs * BF16_PANEL);
    int panels = (p->columns + BF16_PANEL - 1) / BF16_PANEL, block = equal_blocks(panels, most > 1 ? most : 1, 1);
    size_t stride = p->left_stride / 2, words = (size_t)pairs * BF16_PANEL;
    Ahead ahead = {.at = AHEAD_RUNS};
    for (int first = 0; first < panels; first += block) {
        int count = at_most(panels - first, block), next = first + count;
        const uint32_t *right = p->right + (size_t)first * p->right_panel;
        ahead_rows(&ahead, AHEAD_PAIR_PANELS, (const float *)(p->right + (size_t)next * p->right_panel), p->right_panel,
                   at_most(panels - next, block), (int)words);
        for (int m = 0; m < p->rows; m += PAIR_ROWS) {
            int rows = at_most(p->rows - m, PAIR_ROWS), m_next = m + rows < p->rows ? m + rows : 0;
            const uint32_t *left = (const uint32_t *)(p->left + (size_t)m * p->left_stride);
            ahead_rows(&ahead, AHEAD_PAIR_ROWS, (const float *)(p->left + (size_t)m_next * p->left_stride), stride,
                       at_most(p->rows - m_next, PAIR_ROWS), pairs);
            for (int n = 0; n < count; n++) {
                bf16_finish_ahead(&p->finish, m, rows, (first + n) * BF16_PANEL);
                pair_sums(sums, left, stride, right + (size_t)n * p->right_panel, pairs, rows, &ahead);
                bf16_finish(&p->finish, sums, m, rows, (first + n) * BF16_PANEL, p->columns);
            }
        }
    }
}

enum { PEAK_VECS = LANES == 16 ? 24 : 10 }; /* chains: more than the units have steps under way */
#define PEAK_FLOPS (4.0 * LANES * PEAK_VECS)

static __attribute__((noinline)) void bf16_peak_body(int64_t steps) {
    PairVec left = pair_all(0x3f803f80), right = pair_all(0x3f003f00);
    Vec sums[PEAK_VECS];
#pragma GCC unroll 24
    for (int i = 0; i < PEAK_VECS; i++) sums[i] = vec_all((float)i); /* all different, or one would do */
    for (int64_t s = 0; s < steps; s++) {
#pragma GCC unroll 24
        for (int i = 0; i < PEAK_VECS; i++) sums[i] = pair_step(sums[i], &left, &right);
        pair_touch(&left);
    }
#pragma GCC unroll 24
    for (int i = 1; i < PEAK_VECS; i++) sums[0] += sums[i];
    __asm__ volatile("" : : "m"(sums[0]));
}
