/* nn/kernels/internal/attention_pack - brings one head's rows into the layouts its products want, and back. See
 * nn/kernels/internal/attention_body.h.
 *
 * Heads lie side by side in a token's row, so that the rows of one head are kilobytes apart: each is packed once and
 * then read in runs. `width` is the head's, `padded` the same up to whole vectors. */
#pragma once

#include "nn/kernels/internal/tiles.h"

enum {
    COLUMNS = 3 * LANES,                     /* tokens of a panel of columns: three vectors */
    KEYS = TILE_ROWS(3),                     /* keys of a score tile */
    KEY_PANEL = KEYS > LANES ? KEYS : LANES, /* keys packed together: whole vectors and whole tiles */
};
#define LOG2_E 1.44269504089f
#define LN_2   0.69314718056f

/* to: panels of KEY_PANEL rows, each (width, KEY_PANEL): a score tile reads its part of one with a single running
 * pointer. `rows` is rounded up to whole panels with zeros. */
static __attribute__((noinline)) void pack_panels(float *to, const float *from, size_t stride, int rows, int width) {
    Vec tile[LANES];
    for (int r = 0; r < rows || r % KEY_PANEL; r += LANES) {
        float *panel = to + (size_t)(r / KEY_PANEL * KEY_PANEL) * (size_t)width + r % KEY_PANEL;
        prefetch_rows(from + (size_t)(r + LANES) * stride, stride, rows - r - LANES, width);
        for (int d = 0; d < width; d += LANES) {
            load_transposed(tile, from + (size_t)r * stride + d, stride, rows - r, width - d, 1);
            store_columns(panel + (size_t)d * KEY_PANEL, KEY_PANEL, tile, width - d);
        }
    }
}

/* to: (width, COLUMNS), `rows` <= COLUMNS rows as columns, scaled; zeros up to a whole vector. */
static void pack_columns(float *to, const float *from, size_t stride, int rows, int width, float scale) {
    Vec tile[LANES];
    for (int r = 0; r < rows; r += LANES) {
        prefetch_rows(from + (size_t)(r + LANES) * stride, stride, rows - r - LANES, width);
        for (int d = 0; d < width; d += LANES) {
            load_transposed(tile, from + (size_t)r * stride + d, stride, rows - r, width - d, scale);
            store_columns(to + (size_t)d * COLUMNS + r, COLUMNS, tile, width - d);
        }
    }
}

/* to: (rows, padded) with padded = width rounded up to whole vectors, scaled. */
static void pack_rows(float *to, const float *from, size_t stride, int rows, int width, float scale) {
    size_t padded = round_up((size_t)width, LANES);
    for (int r = 0; r < rows; r++, to += padded, from += stride) {
        if (r % LANES == 0) prefetch_rows(from + LANES * stride, stride, rows - r - LANES, width);
        int d = 0;
        for (; d + LANES <= width; d += LANES) vec_store(to + d, vec_load(from + d) * scale);
        if (d < width) vec_store(to + d, vec_load_part(from + d, width - d) * scale);
    }
}

/* The way back: row r times scales[r] * scale. scales may be NULL. */
static void unpack_rows(float *to, size_t stride, TileSums from, int rows, int width, const float *scales,
                        float scale) {
    for (int r = 0; r < rows; r++, from.data += from.ld, to += stride) {
        float s = scales ? scale * scales[r] : scale;
        int d = 0;
        for (; d + LANES <= width; d += LANES) vec_store(to + d, vec_load(from.data + d) * s);
        if (d < width) vec_store_part(to + d, vec_load(from.data + d) * s, width - d);
    }
}
