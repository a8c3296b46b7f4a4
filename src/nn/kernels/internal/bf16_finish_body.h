/* nn/kernels/internal/bf16_finish_body - what becomes of the sums of a product of mixed precision: biases, residuals,
 * GELU and its slope, rounding, column sums. See nn/kernels/kernels.h for the kinds, nn/kernels/internal/simd.h for
 * how this file is compiled.
 *
 * The sums of a few rows and one panel of columns lie in the first-level cache. Rows of bfloat16 are written whole
 * panels at a time: the sums of missing columns are zero, and so becomes the padding. Everything is computed in floats,
 * on values that were rounded only if the result keeps them rounded: GELU and its slope see the hidden values that the
 * backward pass will see. */
#pragma once

#include "nn/kernels/internal/bf16_vec.h"
#include "nn/kernels/internal/blocks.h"
#include "nn/kernels/internal/elementwise_body.h"

#include <stdbool.h>

/* A panel's share of a vector of `columns` floats, zero beyond them. NULL: zeros. */
INLINE void finish_vector(Vec out[BF16_PANEL / LANES], const float *from, int column, int columns) {
    for (int v = 0; v < BF16_PANEL / LANES; v++) {
        int left = columns - column - v * LANES;
        out[v] = (Vec){0};
        if (from && left >= LANES)
            out[v] = vec_load(from + column + v * LANES);
        else if (from && left > 0)
            out[v] = vec_load_part(from + column + v * LANES, left);
    }
}

INLINE void finish_floats(const Bf16Finish *f, const float *sums, int row, int rows, int column, int columns) {
    Vec bias[BF16_PANEL / LANES];
    finish_vector(bias, f->bias, column, columns);
    for (int r = 0; r < rows; r++, sums += BF16_PANEL) {
        size_t at = (size_t)(row + r);
        float *to = f->floats + at * f->floats_stride + column;
        float factor = f->factors ? f->factors[(row + r) / f->factor_rows] : 1;
#pragma GCC unroll 8
        for (int v = 0; v < BF16_PANEL; v += LANES) {
            int left = columns - column - v;
            Vec sum = factor * (vec_load(sums + v) + bias[v / LANES]);
            if (left >= LANES) {
                if (f->base) sum += vec_load(f->base + at * f->base_stride + column + v);
                vec_store(to + v, sum);
            } else if (left > 0) {
                if (f->base) sum += vec_load_part(f->base + at * f->base_stride + column + v, left);
                vec_store_part(to + v, sum, left);
            }
        }
    }
}

INLINE void finish_rows(const Bf16Finish *f, const float *sums, int row, int rows, int column, int columns,
                        const bool with_gelu) {
    Vec bias[BF16_PANEL / LANES];
    finish_vector(bias, f->bias, column, columns);
    for (int r = 0; r < rows; r++, sums += BF16_PANEL) {
        size_t at = (size_t)(row + r) * f->rows_stride + (size_t)column;
#pragma GCC unroll 8
        for (int v = 0; v < BF16_PANEL; v += LANES) {
            VecHalves rounded = halves_round(vec_load(sums + v) + bias[v / LANES]);
            halves_store(f->rows + at + v, rounded);
            if (!with_gelu) continue;
            Vec x = halves_floats(rounded);
            halves_store(f->gelu + at + v, halves_round(x * (vec_normal_half(x) + 0.5f)));
        }
    }
}

INLINE void finish_gelu_gradient(const Bf16Finish *f, const float *sums, int row, int rows, int column, int columns) {
    Vec total[BF16_PANEL / LANES];
    finish_vector(total, f->column_sums, column, columns);
    for (int r = 0; r < rows; r++, sums += BF16_PANEL) {
        size_t at = (size_t)(row + r) * f->rows_stride + (size_t)column;
#pragma GCC unroll 8
        for (int v = 0; v < BF16_PANEL; v += LANES) {
            Vec gelu, d = gelu_and_slope(&gelu, halves_floats(halves_load(f->hidden + at + v))) * vec_load(sums + v);
            total[v / LANES] += d;
            halves_store(f->gelu + at + v, halves_round(gelu));
            halves_store(f->rows + at + v, halves_round(d));
        }
    }
    for (int v = 0; v < BF16_PANEL; v += LANES) {
        int left = columns - column - v;
        if (left > 0) vec_store_part(f->column_sums + column + v, total[v / LANES], left < LANES ? left : LANES);
    }
}

/* Asks for what the finish of these sums will read and write, before they are computed. */
INLINE void bf16_finish_ahead(const Bf16Finish *f, int row, int rows, int column) {
    bool floats = f->kind == BF16_TO_FLOATS;
    for (int r = 0; r < rows; r++) {
        if (floats) {
            size_t at = (size_t)(row + r) * f->floats_stride + (size_t)column;
            __builtin_prefetch(f->floats + at, 1);
            __builtin_prefetch(f->floats + at + LINE_FLOATS, 1);
            if (!f->base || f->base == f->floats) continue;
            at = (size_t)(row + r) * f->base_stride + (size_t)column;
            __builtin_prefetch(f->base + at);
            __builtin_prefetch(f->base + at + LINE_FLOATS);
        } else {
            size_t at = (size_t)(row + r) * f->rows_stride + (size_t)column;
            __builtin_prefetch(f->rows + at, 1);
            if (f->kind == BF16_TO_GELU_GRADIENT) __builtin_prefetch(f->hidden + at);
            if (f->kind != BF16_TO_ROWS) __builtin_prefetch(f->gelu + at, 1);
        }
    }
}

static __attribute__((noinline)) void bf16_finish(const Bf16Finish *f, const float *sums, int row, int rows, int column,
                                                  int columns) {
    switch (f->kind) {
    case BF16_TO_FLOATS: finish_floats(f, sums, row, rows, column, columns); break;
    case BF16_TO_ROWS: finish_rows(f, sums, row, rows, column, columns, false); break;
    case BF16_TO_GELU: finish_rows(f, sums, row, rows, column, columns, true); break;
    case BF16_TO_GELU_GRADIENT: finish_gelu_gradient(f, sums, row, rows, column, columns); break;
    }
}
