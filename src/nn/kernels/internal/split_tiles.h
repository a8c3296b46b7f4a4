/* nn/kernels/internal/split_tiles - products of floats in the tile units of AMX, to single precision. See
 * nn/kernels/internal/simd.h for how this file is compiled.
 *
 * The units multiply numbers of 8 significant bits (bfloat16) and sum in single precision, sixteen times as fast as the
 * vector units multiply single precision. The 24 bits of a float are three such numbers, x = x1 + x2 + x3 exactly, each
 * at most 2^-8 of the one before; of the nine products of x and y the three smallest are below 2^-25 of xy, half the
 * rounding error of a float, and are left out. Six are left (Henry, Tang and Heinecke 2019, "Leveraging the bfloat16
 * artificial intelligence datatype for higher-precision computations").
 *
 * Tiles sum the five small ones over the whole depth first and the large one, x1 y1, last. A tile product rounds as
 * often as multiply-adds do, 32 times for 32 elements (nn/kernels/bf16.h, definition `tile`); but sixteen elements at a
 * time are summed from zero before they join the rest, and short sums of small numbers lose less: the result ends
 * nearer to the exact one.
 *
 * What is not finite stays so, though an infinity may become a NaN, and the largest floats (from 2^128 - 2^119 on)
 * count as infinite. Parts below 2^-126, the smallest normal float, count as zero. */
#pragma once

#include "nn/kernels/internal/product_blocks.h"

#include <stdbool.h>

enum {
    SPLIT_PARTS = 3,
    SPLIT_TILE = 16,              /* rows of a tile, words of one: a word is a pair of numbers */
    SPLIT_STEP = 2 * SPLIT_TILE,  /* elements summed by a tile product: the pair (k, k + 16) is word k */
    SPLIT_WIDTH = 2 * SPLIT_TILE, /* rows and columns of the result that are summed together, in four tiles */
    SPLIT_WORDS = SPLIT_TILE * SPLIT_TILE,
    SPLIT_PART = 2 * SPLIT_WORDS,           /* words of one part of a step of a panel: two tiles */
    SPLIT_PANEL = SPLIT_PARTS * SPLIT_PART, /* words of a step of a panel of SPLIT_WIDTH rows or columns */
    SPLIT_ROW_BYTES = 4 * SPLIT_TILE,       /* of a packed tile */
};

INLINE int split_steps(int depth) {
    return (depth + SPLIT_STEP - 1) / SPLIT_STEP;
}

/* Rows of 16 elements, 16 rows: element (row, lane) lies at from + row*row_step + lane*lane_step, one of which is 1.
 * What lies outside n_rows x n_lanes is zero. */
INLINE void split_load(Vec rows[LANES], const float *from, size_t row_step, size_t lane_step, int n_rows, int n_lanes) {
    if (n_rows < 0) n_rows = 0;
    if (n_lanes < 0) n_lanes = 0;
    if (lane_step != 1) {
        load_transposed(rows, from, lane_step, n_lanes, n_rows, 1);
        return;
    }
    int lanes = at_most(n_lanes, LANES);
    for (int r = 0; r < LANES; r++) {
        if (n_rows >= LANES && n_lanes >= LANES)
            rows[r] = vec_load(from + (size_t)r * row_step);
        else
            rows[r] = r < n_rows ? vec_load_part(from + (size_t)r * row_step, lanes) : (Vec){0};
    }
}

/* The parts of 16 floats, each in the upper half of its word; the lower halves are zero. */
typedef struct {
    VecWords part[SPLIT_PARTS];
} SplitFloats;

/* A part is the nearest number of 8 significant bits to what is left. What is left for the last has no more, except
 * where it is below the smallest normal float: there its lower half, which belongs to another number, is cut off. */
INLINE SplitFloats split_floats(Vec x) {
    const uint32_t upper = 0xffff0000u;
    SplitFloats f;
    for (int i = 0; i < SPLIT_PARTS - 1; i++) {
        f.part[i] = ((VecWords)x + 0x8000u) & upper;
        x -= (Vec)f.part[i];
    }
    f.part[SPLIT_PARTS - 1] = (VecWords)x & upper;
    return f;
}

/* A row of a tile for each part, SPLIT_PART words apart: low half-words from the first half, high ones from the second.
 */
INLINE void split_store(float *to, const SplitFloats *first, const SplitFloats *second) {
    for (int i = 0; i < SPLIT_PARTS; i++) vec_store(to + i * SPLIT_PART, (Vec)(first->part[i] >> 16 | second->part[i]));
}
INLINE void split_store_row(float *to, Vec first, Vec second) {
    const SplitFloats low = split_floats(first), high = split_floats(second);
    split_store(to, &low, &high);
}

/* to: a panel for every SPLIT_WIDTH of `count` rows or columns. Rows of a tile are rows of the left operand, and
 * elements of the summed dimension of the right one. Tiles are taken in the order in which the operand lies in memory.
 */
INLINE void split_pack(float *to, const LargeOperand *from, int first, int k, int count, int depth, const bool right) {
    int n_across = 2 * ((count + SPLIT_WIDTH - 1) / SPLIT_WIDTH), n_along = split_steps(depth);
    bool along = from->along == 1;
    Vec halves[2][LANES];
    for (int i = 0; i < n_across * n_along; i++) {
        int tile = along ? i / n_along : i % n_across, step = along ? i % n_along : i / n_across;
        int across = tile * SPLIT_TILE, left = count - across;
        for (int h = 0; h < 2; h++) {
            int d = step * SPLIT_STEP + h * SPLIT_TILE;
            const float *at = large_at(from, first + across, k + d);
            if (right)
                split_load(halves[h], at, from->along, from->across, depth - d, left);
            else
                split_load(halves[h], at, from->across, from->along, left, depth - d);
        }
        float *packed = to + (tile / 2 * n_along + step) * SPLIT_PANEL + tile % 2 * SPLIT_WORDS;
        for (int r = 0; r < SPLIT_TILE; r++) split_store_row(packed + r * SPLIT_TILE, halves[0][r], halves[1][r]);
    }
}

/* Registers: 0 to 3 hold the sums, 4 and 5 two tiles of rows, 6 and 7 two of columns. */
INLINE void split_take_rows(const float *panel, int part, const bool both) {
    const float *at = panel + part * SPLIT_PART;
    _tile_loadd(4, at, SPLIT_ROW_BYTES);
    if (both) _tile_loadd(5, at + SPLIT_WORDS, SPLIT_ROW_BYTES);
}
INLINE void split_take_columns(const float *panel, int part) {
    const float *at = panel + part * SPLIT_PART;
    _tile_loadd(6, at, SPLIT_ROW_BYTES);
    _tile_loadd(7, at + SPLIT_WORDS, SPLIT_ROW_BYTES);
}
INLINE void split_multiply(const bool both) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if (!both) return;
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
}

/* sums (SPLIT_WIDTH, SPLIT_WIDTH) = a b of packed panels; the upper half only, if there are not both tiles of rows.
 * Each part is loaded as seldom as six products allow. `meanwhile` is called after each: as `call` of `calls`, it may
 * do a share of other work, which costs little as long as it is done before the tile units are. To the compiler the
 * tile instructions touch no memory: the two fences keep packing before them and the use of the sums behind them. */
INLINE void split_sums(float *sums, const float *a, const float *b, int steps, const bool both,
                       void (*const meanwhile)(void *context, int call, int calls), void *context) {
    enum { PRODUCTS = 6 };
    size_t row_bytes = SPLIT_WIDTH * sizeof(float);
    int call = 0, calls = PRODUCTS * steps;
    __asm__ volatile("" ::: "memory");
    _tile_zero(0);
    _tile_zero(1);
    if (both) _tile_zero(2);
    if (both) _tile_zero(3);
    for (int s = 0; s < steps; s++) {
        const float *a_s = a + s * SPLIT_PANEL, *b_s = b + s * SPLIT_PANEL;
        /* a1 b3, a1 b2, a2 b2, a2 b1, a3 b1: each step changes one operand only */
        split_take_rows(a_s, 0, both);
        split_take_columns(b_s, 2);
        split_multiply(both);
        meanwhile(context, call++, calls);
        split_take_columns(b_s, 1);
        split_multiply(both);
        meanwhile(context, call++, calls);
        split_take_rows(a_s, 1, both);
        split_multiply(both);
        meanwhile(context, call++, calls);
        split_take_columns(b_s, 0);
        split_multiply(both);
        meanwhile(context, call++, calls);
        split_take_rows(a_s, 2, both);
        split_multiply(both);
        meanwhile(context, call++, calls);
    }
    for (int s = 0; s < steps; s++) {
        /* a1 b1, the large one, last */
        split_take_rows(a + s * SPLIT_PANEL, 0, both);
        split_take_columns(b + s * SPLIT_PANEL, 0);
        split_multiply(both);
        meanwhile(context, call++, calls);
    }
    _tile_stored(0, sums, row_bytes);
    _tile_stored(1, sums + SPLIT_TILE, row_bytes);
    if (both) _tile_stored(2, sums + SPLIT_TILE * SPLIT_WIDTH, row_bytes);
    if (both) _tile_stored(3, sums + SPLIT_TILE * SPLIT_WIDTH + SPLIT_TILE, row_bytes);
    __asm__ volatile("" ::: "memory");
}

/* Between these two the tile registers may be used. */
INLINE void split_begin(void) {
    static const struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } tiles = {
        .palette = 1,
        .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
        .rows = {SPLIT_TILE, SPLIT_TILE, SPLIT_TILE, SPLIT_TILE, SPLIT_TILE, SPLIT_TILE, SPLIT_TILE, SPLIT_TILE}};
    _tile_loadconfig(&tiles);
}
INLINE void split_end(void) {
    _tile_release();
}
