/* nn/kernels/internal/bf16_layout_body - brings floats and rows of bfloat16 into the layouts that products read. See
 * nn/kernels/bf16.h for the layouts, nn/kernels/kernels.h for the functions, nn/kernels/internal/simd.h for how this
 * file is compiled.
 *
 * What a product of the backward pass sums over tokens it wants token by token: the left operand as transposed rows,
 * the right one as panels. Both are made of words of two adjacent rows, which is one interleaving of two vectors;
 * transposed rows also turn tiles of LANES x LANES words in registers. Everything that lies outside a matrix is written
 * as zero, so that no product looks where its operands end. */
#pragma once

#include "nn/kernels/internal/bf16_vec.h"
#include "nn/kernels/internal/blocks.h"
#include "nn/kernels/internal/elementwise_body.h"

/* LANES columns of rows 2p and 2p + 1 of a matrix of `rows` rows. */
INLINE VecWords pair_of_rows(const Bf16 *from, size_t stride, int pair, int rows) {
    const Bf16 *at = from + (size_t)pair * 2 * stride;
    const VecHalves none = {0};
    return words_of(2 * pair < rows ? halves_load(at) : none, 2 * pair + 1 < rows ? halves_load(at + stride) : none);
}

/* Some columns at a time, so that their lines are read in runs and written before they leave the cache. */
static void bf16_transpose_body(Bf16 *to, size_t to_stride, const Bf16 *from, size_t from_stride, int rows,
                                int columns) {
    enum { TOGETHER = 8 * LANES };
    int pairs = (int)bf16_padded((size_t)rows) / 2;
    Vec tile[LANES];
    for (int first = 0; first < columns; first += TOGETHER) {
        for (int pair = 0; pair < pairs; pair += LANES) {
            for (int c = first; c < columns && c < first + TOGETHER; c += LANES) {
                for (int i = 0; i < LANES; i++) tile[i] = (Vec)pair_of_rows(from + c, from_stride, pair + i, rows);
                transpose(tile);
                Bf16 *at = to + (size_t)c * to_stride + 2 * pair;
                for (int i = 0; i < LANES; i++) vec_store((float *)(at + (size_t)i * to_stride), tile[i]);
            }
        }
    }
}

static void bf16_panels_body(uint32_t *to, const Bf16 *from, size_t from_stride, int rows, int columns) {
    enum { TOGETHER = 16 * BF16_PANEL }; /* columns whose rows are read in one go */
    int padded = (int)bf16_padded((size_t)columns), pairs = (int)bf16_padded((size_t)rows) / 2;
    size_t panel = bf16_panel_words((size_t)rows);
    for (int first = 0; first < padded; first += TOGETHER) {
        for (int pair = 0; pair < pairs; pair++) {
            for (int c = first; c < padded && c < first + TOGETHER; c += LANES)
                words_store(to + (size_t)(c / BF16_PANEL) * panel + (size_t)pair * BF16_PANEL + c % BF16_PANEL,
                            pair_of_rows(from + c, from_stride, pair, rows));
        }
    }
}

/* LANES floats of a row of `width`, from `column` on; zeros beyond it. */
INLINE Vec floats_or_zeros(const float *row, int column, int width) {
    int left = width - column;
    if (left >= LANES) return vec_load(row + column);
    return left > 0 ? vec_load_part(row + column, left) : (Vec){0};
}

/* Rows [first, end) and columns [column, column + columns), at most STRIP: rounded, and their sums added. */
enum { STRIP = 8 * LANES };
INLINE void round_strip(const Bf16Rounding *a, int first, int end, int column, const int columns) {
    Vec total[STRIP / LANES];
    for (int v = 0; v < STRIP / LANES; v++) total[v] = (Vec){0};
    for (int r = first; r < end; r++) {
        const float *row = a->x + (size_t)r * a->x_stride;
        float factor = a->factors ? a->factors[r / a->factor_rows] : 1;
#pragma GCC unroll 8
        for (int v = 0; v < columns / LANES; v++) {
            Vec value = factor * floats_or_zeros(row, column + v * LANES, a->width);
            total[v] += value;
            halves_store(a->rows + (size_t)r * a->stride + column + v * LANES, halves_round(value));
        }
    }
    for (int v = 0; a->sums && v < columns / LANES; v++) {
        int left = at_most(a->width - column - v * LANES, LANES);
        float *at = a->sums + column + v * LANES;
        if (left > 0) vec_store_part(at, vec_load_part(at, left) + total[v], left);
    }
}

/* Sums of sums keep the rounding error of thousands of rows small. */
static void bf16_round_rows_body(const Bf16Rounding *rounding) {
    enum { ROWS_A_PARTIAL = 64 };
    const Bf16Rounding a = *rounding;
    int padded = (int)bf16_padded((size_t)a.width);
    for (int first = 0; first < a.R; first += ROWS_A_PARTIAL) {
        int end = at_most(a.R, first + ROWS_A_PARTIAL);
        for (int column = 0; column < padded; column += STRIP) {
            int columns = at_most(padded - column, STRIP);
            if (columns == STRIP)
                round_strip(&a, first, end, column, STRIP);
            else
                round_strip(&a, first, end, column, columns);
        }
    }
}

/* A tile of BF16_PANEL x BF16_PANEL weights: rows o and columns k on. Each copy of it is one run of words. */
INLINE void pack_forward_tile(uint32_t *to, const float *W, int o, int k, int rows, int columns) {
    Vec tile[LANES];
    for (int half = 0; half < BF16_PANEL; half += LANES) {
        for (int p = 0; p < BF16_PANEL / 2; p += LANES) {
            for (int i = 0; i < LANES; i++) {
                const float *row = W + (size_t)(o + half + i) * (size_t)columns;
                int limit = o + half + i < rows ? columns : 0;
                tile[i] = (Vec)words_adjacent(floats_or_zeros(row, k + 2 * p, limit),
                                              floats_or_zeros(row, k + 2 * p + LANES, limit));
            }
            transpose(tile);
            for (int i = 0; i < LANES; i++) words_store(to + (size_t)(p + i) * BF16_PANEL + half, (VecWords)tile[i]);
        }
    }
}

INLINE void pack_backward_tile(uint32_t *to, const float *W, int o, int k, int rows, int columns) {
    for (int p = 0; p < BF16_PANEL / 2; p++) {
        const float *low = W + (size_t)(o + 2 * p) * (size_t)columns, *high = low + columns;
        int low_limit = o + 2 * p < rows ? columns : 0, high_limit = o + 2 * p + 1 < rows ? columns : 0;
        for (int v = 0; v < BF16_PANEL; v += LANES)
            words_stream(to + (size_t)p * BF16_PANEL + v,
                         words_round(floats_or_zeros(low, k + v, low_limit), floats_or_zeros(high, k + v, high_limit)));
    }
}

/* Rows of a tile lie kilobytes apart, which the processor does not foresee. */
INLINE void ask_for_tile(const float *W, int o, int k, int rows, int columns) {
    if (k >= columns) return;
    for (int i = o; i < rows && i < o + BF16_PANEL; i++) {
        const float *at = W + (size_t)i * (size_t)columns + k;
        __builtin_prefetch(at);
        __builtin_prefetch(at + LINE_FLOATS);
    }
}

static void bf16_pack_weights_body(uint32_t *forward, uint32_t *backward, size_t backward_panel, const float *W,
                                   int rows, int columns) {
    size_t forward_panel = bf16_panel_words((size_t)columns);
    for (int o = 0; o < rows; o += BF16_PANEL) {
        uint32_t *panel = forward + (size_t)(o / BF16_PANEL) * forward_panel;
        for (int k = 0; k < columns; k += BF16_PANEL) {
            ask_for_tile(W, o, k + 2 * BF16_PANEL, rows, columns);
            pack_forward_tile(panel + (size_t)k / 2 * BF16_PANEL, W, o, k, rows, columns);
            if (!backward) continue;
            uint32_t *to = backward + (size_t)(k / BF16_PANEL) * backward_panel + (size_t)o / 2 * BF16_PANEL;
            pack_backward_tile(to, W, o, k, rows, columns);
        }
    }
}

static void bf16_layernorm_body(Bf16 *y, size_t stride, const float *x, size_t rows, const NormParams *norm) {
    const float *weight = norm->weight, *bias = norm->bias;
    int width = norm->width;
    for (size_t r = 0; r < rows; r++, x += width, y += stride) {
        RowMoments m = row_moments(x, width, norm->eps);
        for (int i = 0; i < (int)stride; i += LANES) {
            Vec normal = (floats_or_zeros(x, i, width) - m.mean) * m.inverse_deviation;
            Vec value = normal * floats_or_zeros(weight, i, width) + floats_or_zeros(bias, i, width);
            halves_store(y + i, halves_round(value));
        }
    }
}
