/* nn/product_split_body - products of linear layers in the tile units of AMX, to single precision. See nn/linear.h for
 * who asks, nn/product_blocks.h for the blocks, and nn/simd.h for how this file is compiled.
 *
 * The units multiply numbers of 8 significant bits (bfloat16) and sum in single precision, sixteen times as fast as the
 * vector units multiply single precision. The 24 bits of a float are three such numbers, x = x1 + x2 + x3 exactly, each
 * at most 2^-8 of the one before; of the nine products of x and y the three smallest are below 2^-25 of xy, half the
 * rounding error of a float, and are left out. Six are left (Henry, Tang and Heinecke 2019, "Leveraging the bfloat16
 * artificial intelligence datatype for higher-precision computations").
 *
 * Tiles sum the five small ones over the whole depth first and the large one, x1 y1, last: two elements at a time, so
 * that a sum is rounded half as often as one of multiply-adds is, and ends nearer to the exact one.
 *
 * What is not finite stays so, though an infinity may become a NaN; parts below 2^-126, the smallest normal float,
 * count as zero. */
#pragma once

#include "nn/product_blocks.h"
#include "nn/transpose.h"

enum {
    SPLIT_PARTS = 3,
    SPLIT_TILE = 16,              /* rows of a tile, words of one: a word is a pair of numbers */
    SPLIT_STEP = 2 * SPLIT_TILE,  /* elements summed by a tile product: the pair (k, k + 16) is word k */
    SPLIT_WIDTH = 2 * SPLIT_TILE, /* rows and columns of the result that are summed together, in four tiles */
    SPLIT_WORDS = SPLIT_TILE * SPLIT_TILE,
    SPLIT_PANEL = SPLIT_PARTS * 2 * SPLIT_WORDS, /* words of a step of a panel: for each part two tiles */
    SPLIT_DEPTH = 16 * SPLIT_STEP,               /* summed at a time */
    SPLIT_COLUMNS = 8 * SPLIT_WIDTH,             /* of a packed block */
    SPLIT_GROUP = 98 * SPLIT_WIDTH,              /* rows that are kept packed */
    SPLIT_STRIP = 4 * SPLIT_WIDTH,               /* rows packed at a time */
    SPLIT_LINES = 12,                            /* asked for ahead in a step */
    SPLIT_ROW_BYTES = 4 * SPLIT_TILE,            /* of a packed tile */
    SPLIT_SUMS_BYTES = 4 * SPLIT_WIDTH,          /* a row of the sums */
    SPLIT_SCRATCH = (SPLIT_GROUP + SPLIT_COLUMNS) * (SPLIT_DEPTH / SPLIT_STEP) * (SPLIT_PANEL / SPLIT_WIDTH),
};

typedef uint32_t SplitWords __attribute__((vector_size(4 * LANES), may_alias));

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

/* The nearest number of 8 significant bits, in the upper half of each word. */
INLINE SplitWords split_nearest(Vec x) {
    return ((SplitWords)x + 0x8000u) & 0xffff0000u;
}

/* The parts of 16 rows of two halves, one tile each, SPLIT_PANEL / SPLIT_PARTS words apart: low half-words from the
 * first half, high ones from the second. */
INLINE void split_store(float *to, const Vec first[LANES], const Vec second[LANES]) {
    for (int r = 0; r < LANES; r++) {
        Vec x = first[r], y = second[r];
        for (int part = 0; part < SPLIT_PARTS; part++) {
            SplitWords low = split_nearest(x), high = split_nearest(y);
            vec_store(to + part * (SPLIT_PANEL / SPLIT_PARTS) + r * SPLIT_TILE, (Vec)(low >> 16 | high));
            x -= (Vec)low;
            y -= (Vec)high;
        }
    }
}

INLINE int split_steps(int depth) {
    return (depth + SPLIT_STEP - 1) / SPLIT_STEP;
}

static size_t split_stride(int depth) {
    return (size_t)split_steps(depth) * (SPLIT_PANEL / SPLIT_WIDTH);
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
        split_store(to + (tile / 2 * n_along + step) * SPLIT_PANEL + tile % 2 * SPLIT_WORDS, halves[0], halves[1]);
    }
}

static void split_pack_rows(float *to, const LargeOperand *a, int m, int k, int rows, int depth) {
    split_pack(to, a, m, k, rows, depth, false);
}

static void split_pack_columns(float *to, const LargeOperand *b, int n, int k, int columns, int depth) {
    split_pack(to, b, n, k, columns, depth, true);
}

/* Registers: 0 to 3 hold the sums, 4 and 5 two tiles of rows, 6 and 7 two of columns. */
INLINE void split_take_rows(const float *panel, int part, const bool both) {
    const float *at = panel + part * (SPLIT_PANEL / SPLIT_PARTS);
    _tile_loadd(4, at, SPLIT_ROW_BYTES);
    if (both) _tile_loadd(5, at + SPLIT_WORDS, SPLIT_ROW_BYTES);
}
INLINE void split_take_columns(const float *panel, int part) {
    const float *at = panel + part * (SPLIT_PANEL / SPLIT_PARTS);
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

/* Sums of two by two tiles, and where they go: rows from `row` on are still to be added. */
typedef struct {
    _Alignas(64) float sums[SPLIT_WIDTH * SPLIT_WIDTH];
    float *c;
    size_t ldc;
    LargeBase base;
    int row, rows;
} SplitTiles;

/* Adds as many of its rows as step s of `steps` is due, while the tile units multiply the next, whose rows it asks for.
 */
INLINE void split_finish(SplitTiles *done, const SplitTiles *next, int s, int steps) {
    int until = done->rows * (s + 1) / steps;
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

/* next->sums = a b of packed panels; the upper half only, if there are not both tiles of rows. Each part is loaded as
 * seldom as six products allow. To the compiler the tile instructions touch no memory: the two fences keep packing
 * before them and the use of the sums behind them. */
INLINE void split_sums(SplitTiles *next, const float *a, const float *b, int steps, SplitTiles *done, Ahead *ahead,
                       const bool both) {
    float *sums = next->sums;
    __asm__ volatile("" ::: "memory");
    _tile_zero(0);
    _tile_zero(1);
    if (both) _tile_zero(2);
    if (both) _tile_zero(3);
    for (int s = 0; s < steps; s++) {
        const float *a_s = a + s * SPLIT_PANEL, *b_s = b + s * SPLIT_PANEL;
        split_take_rows(a_s, 0, both);
        split_take_columns(b_s, 2);
        split_multiply(both);
        split_take_columns(b_s, 1);
        split_multiply(both);
        split_take_rows(a_s, 1, both);
        split_multiply(both);
        split_take_columns(b_s, 0);
        split_multiply(both);
        split_take_rows(a_s, 2, both);
        split_multiply(both);
        split_finish(done, next, s, steps);
        for (int i = 0; i < SPLIT_LINES; i++) ahead_line(ahead);
    }
    for (int s = 0; s < steps; s++) {
        split_take_rows(a + s * SPLIT_PANEL, 0, both);
        split_take_columns(b + s * SPLIT_PANEL, 0);
        split_multiply(both);
    }
    _tile_stored(0, sums, SPLIT_SUMS_BYTES);
    _tile_stored(1, sums + SPLIT_TILE, SPLIT_SUMS_BYTES);
    if (both) _tile_stored(2, sums + SPLIT_TILE * SPLIT_WIDTH, SPLIT_SUMS_BYTES);
    if (both) _tile_stored(3, sums + SPLIT_TILE * SPLIT_WIDTH + SPLIT_TILE, SPLIT_SUMS_BYTES);
    __asm__ volatile("" ::: "memory");
}

static void split_rows(float *c, size_t ldc, const float *a, size_t lda, const float *b, int rows, int columns,
                       int depth, LargeBase base, Ahead *ahead) {
    (void)lda;
    SplitTiles pair[2];
    int steps = split_steps(depth), turn = 0;
    pair[1].row = pair[1].rows = 0;
    for (int n = 0; n < columns; n += SPLIT_WIDTH, b += steps * SPLIT_PANEL, turn = !turn) {
        SplitTiles *next = &pair[turn], *done = &pair[!turn];
        next->c = c + n;
        next->ldc = ldc;
        next->base = large_base(base, 0, n);
        next->row = 0;
        next->rows = rows;
        if (rows > SPLIT_TILE)
            split_sums(next, a, b, steps, done, ahead, true);
        else
            split_sums(next, a, b, steps, done, ahead, false);
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
    static const struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } tiles = {
        .palette = 1,
        .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
        .rows = {SPLIT_TILE, SPLIT_TILE, SPLIT_TILE, SPLIT_TILE, SPLIT_TILE, SPLIT_TILE, SPLIT_TILE, SPLIT_TILE}};
    _tile_loadconfig(&tiles);
    product_in_blocks(&method, p, false, scratch);
    _tile_release();
}
