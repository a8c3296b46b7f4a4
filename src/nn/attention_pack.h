/* nn/attention_pack - brings one head's rows into the layouts its products want. See nn/attention_body.h. */
#pragma once

#include "nn/simd.h"

enum {
    QUERIES = 3 * LANES, /* queries of a block: three vectors */
    KEYS = LANES / 2,    /* keys of a score tile */
};

INLINE size_t round_up(size_t count, size_t unit) {
    return (count + unit - 1) / unit * unit;
}

/* rows[i][j] <-> rows[j][i], by repeated perfect shuffles of the first with the second half. */
INLINE void transpose(Vec rows[LANES]) {
    VecBits low, high;
    for (int i = 0; i < LANES; i++) {
        low[i] = i / 2 + i % 2 * LANES;
        high[i] = LANES / 2 + low[i];
    }
    for (int round = 1; round < LANES; round *= 2) {
        Vec next[LANES];
#pragma GCC unroll 8
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = __builtin_shuffle(rows[i], rows[i + LANES / 2], low);
            next[2 * i + 1] = __builtin_shuffle(rows[i], rows[i + LANES / 2], high);
        }
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++) rows[i] = next[i];
    }
}

/* The LANES x LANES tile at from[0], transposed and scaled; what lies outside n_rows x n_columns is zero. */
INLINE void load_transposed(Vec tile[LANES], const float *from, size_t stride, int n_rows, int n_columns, float scale) {
    if (n_rows >= LANES && n_columns >= LANES) {
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++) tile[i] = vec_load(from + (size_t)i * stride) * scale;
    } else {
        int columns = n_columns < LANES ? n_columns : LANES;
        for (int i = 0; i < LANES; i++) {
            tile[i] = vec_all(0);
            if (i < n_rows) tile[i] = vec_load_part(from + (size_t)i * stride, columns) * scale;
        }
    }
    transpose(tile);
}

/* to: panels of KEYS rows, each (width, KEYS): what a score tile reads with one running pointer. `rows` is rounded up
 * to whole vectors with zeros. */
static void pack_panels(float *to, const float *from, size_t stride, int rows, int width) {
    Vec tile[LANES];
    for (int r = 0; r < rows; r += LANES) {
        float *low = to + (size_t)r * (size_t)width, *high = low + KEYS * (size_t)width;
        for (int d = 0; d < width; d += LANES) {
            load_transposed(tile, from + (size_t)r * stride + d, stride, rows - r, width - d, 1);
            int columns = width - d < LANES ? width - d : LANES;
            for (int j = 0; j < columns; j++) {
                memcpy(low + (d + j) * KEYS, &tile[j], KEYS * sizeof(float));
                memcpy(high + (d + j) * KEYS, (const float *)&tile[j] + KEYS, KEYS * sizeof(float));
            }
        }
    }
}

/* to: (width, QUERIES), `rows` <= QUERIES rows as columns, scaled; zeros up to a whole vector. */
static void pack_columns(float *to, const float *from, size_t stride, int rows, int width, float scale) {
    Vec tile[LANES];
    for (int r = 0; r < rows; r += LANES) {
        for (int d = 0; d < width; d += LANES) {
            load_transposed(tile, from + (size_t)r * stride + d, stride, rows - r, width - d, scale);
            int columns = width - d < LANES ? width - d : LANES;
            for (int j = 0; j < columns; j++) vec_store(to + (size_t)(d + j) * QUERIES + r, tile[j]);
        }
    }
}

/* to: (rows, padded) with padded = width rounded up to whole vectors, scaled. */
static void pack_rows(float *to, const float *from, size_t stride, int rows, int width, float scale) {
    size_t padded = round_up((size_t)width, LANES);
    for (int r = 0; r < rows; r++, to += padded, from += stride) {
        int d = 0;
        for (; d + LANES <= width; d += LANES) vec_store(to + d, vec_load(from + d) * scale);
        if (d < width) vec_store(to + d, vec_load_part(from + d, width - d) * scale);
    }
}

/* The way back: row r times scales[r] * scale. scales may be NULL. */
static void unpack_rows(float *to, size_t stride, const float *from, int rows, int width, const float *scales,
                        float scale) {
    size_t padded = round_up((size_t)width, LANES);
    for (int r = 0; r < rows; r++, from += padded, to += stride) {
        float s = scales ? scale * scales[r] : scale;
        int d = 0;
        for (; d + LANES <= width; d += LANES) vec_store(to + d, vec_load(from + d) * s);
        if (d < width) vec_store_part(to + d, vec_load(from + d) * s, width - d);
    }
}
