/* nn/kernels/internal/bf16_attention_pack - brings one head's rows of bfloat16 into the layouts that its products want,
 * and its tiles. See nn/kernels/internal/bf16_attention_body.h, and nn/kernels/internal/simd.h for how this file is
 * compiled.
 *
 * A head is packed once: its rows lie kilobytes apart, where the caches hold few of them. Three layouts: rows (rows,
 * HEAD words), for left operands; columns (HEAD words, LANES * n_vecs), words of two numbers of a row, for right
 * operands that are summed along the head; panels (pairs of rows, vectors of the head), for those summed over rows.
 * Missing numbers of a head, and missing rows up to whole tiles, are zero. */
#pragma once

#include "nn/kernels/internal/attention_pack.h"
#include "nn/kernels/internal/bf16_vec.h"

enum { PACK_STEP = 2 * LANES }; /* numbers that become a vector of words */

typedef struct {
    int width;
    int pairs;          /* words of a row that hold numbers */
    size_t row, vector; /* words from row to row; floats or words of a row of sums: whole vectors */
} HeadWidth;

INLINE HeadWidth head_width(int width) {
    return (HeadWidth){width, (width + 1) / 2, round_up((size_t)width, PACK_STEP) / 2, round_up((size_t)width, LANES)};
}

/* to (count rounded up to `unit` rows, w.row words). */
static void pack_head_rows(uint32_t *to, const Bf16 *from, size_t stride, int count, int unit, HeadWidth w) {
    for (int r = 0; r < count; r++, to += w.row, from += stride) {
        Bf16 *row = (Bf16 *)to;
        int d = 0;
        for (; d + LANES <= w.width; d += LANES) halves_store(row + d, halves_load(from + d));
        memset(row + d, 0, w.row * sizeof *to - (size_t)d * sizeof *row);
        memcpy(row + d, from + d, (size_t)(w.width - d) * sizeof *row);
    }
    memset(to, 0, (round_up((size_t)count, (size_t)unit) - (size_t)count) * w.row * sizeof *to);
}

/* to (w.row, columns): rows, packed ones, become columns; `count` rounded up to whole vectors of them, zero beyond. */
static void pack_head_columns(uint32_t *to, size_t columns, const uint32_t *rows, int count, HeadWidth w) {
    Vec tile[LANES];
    for (int r = 0; r < count; r += LANES) {
        for (size_t word = 0; word < w.row; word += LANES) {
            load_transposed(tile, (const float *)(rows + (size_t)r * w.row + word), w.row, count - r, LANES, 1);
            store_columns((float *)(to + word * columns + r), columns, tile, LANES);
        }
    }
}

/* to (pairs of rows, w.vector): packed rows, interleaved. */
static void pack_head_panel(uint32_t *to, const uint32_t *rows, int count, HeadWidth w) {
    const VecHalves none = {0};
    for (int r = 0; r < count; r += 2, rows += 2 * w.row, to += w.vector) {
        const Bf16 *low = (const Bf16 *)rows, *high = (const Bf16 *)(rows + w.row);
        for (size_t d = 0; d < w.vector; d += LANES)
            words_store(to + d, words_of(halves_load(low + d), r + 1 < count ? halves_load(high + d) : none));
    }
}

/* A left operand (rows, pairs): word p of row i at words[i*row + p*step]. */
typedef struct {
    const uint32_t *words;
    size_t row, step;
    int rows, pairs;
} HeadLeft;

/* c (n_rows, n_vecs*LANES) = [c +] a b of the first n_rows rows of a; rows of b are `ldb` words apart. The numbers of
 * rows and vectors are constants at every call, so that the sums stay in registers. */
INLINE void head_tile(TileSums c, HeadLeft a, const uint32_t *b, size_t ldb, int add, const int n_rows,
                      const int n_vecs) {
    Vec sums[16][3];
#pragma GCC unroll 16
    for (int i = 0; i < n_rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < n_vecs; v++) sums[i][v] = add ? vec_load(c.data + (size_t)i * c.ld + v * LANES) : (Vec){0};
    for (int p = 0; p < a.pairs; p++, a.words += a.step, b += ldb) {
        PairVec columns[3];
#pragma GCC unroll 3
        for (int v = 0; v < n_vecs; v++) columns[v] = pair_vec(words_load(b + v * LANES));
#pragma GCC unroll 16
        for (int i = 0; i < n_rows; i++) {
            const PairVec row = pair_all(a.words[(size_t)i * a.row]);
#pragma GCC unroll 3
            for (int v = 0; v < n_vecs; v++) sums[i][v] = pair_step(sums[i][v], &row, &columns[v]);
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < n_rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < n_vecs; v++) vec_store(c.data + (size_t)i * c.ld + v * LANES, sums[i][v]);
}

/* All rows of a, full tiles first; rows of b as far apart as those of c. */
INLINE void head_tiles(TileSums c, HeadLeft a, const uint32_t *b, int add, const int n_vecs) {
#define TILES_OF(n)                                                                                                    \
    for (; (n) <= a.rows; a.rows -= (n), c.data += (n)*c.ld, a.words += (n)*a.row)                                     \
    head_tile(c, a, b, c.ld, add, (n), n_vecs)
    TILES_OF(TILE_ROWS(2));
    TILES_OF(4);
    TILES_OF(2);
    TILES_OF(1);
#undef TILES_OF
}

/* c (rows, c.ld) = [c +] a b with b (pairs, c.ld) a panel: rows of c are whole vectors. */
static __attribute__((noinline)) void head_product(TileSums c, HeadLeft a, const uint32_t *b, int add) {
    unsigned before = pair_begin();
    size_t d = 0;
    for (; d + 2 * LANES <= c.ld; d += 2 * LANES) head_tiles((TileSums){c.data + d, c.ld}, a, b + d, add, 2);
    if (d < c.ld) head_tiles((TileSums){c.data + d, c.ld}, a, b + d, add, 1);
    pair_end(before);
}

/* Rows of sums, times scale, rounded into `to`; sums = those of their columns, unless NULL. */
static void head_round_rows(Bf16 *to, size_t stride, const float *from, int rows, HeadWidth w, float scale,
                            float *sums) {
    for (int d = 0; d < w.width; d += LANES) {
        int count = at_most(w.width - d, LANES);
        Vec total = {0};
        for (int r = 0; r < rows; r++) {
            Vec value = vec_load(from + (size_t)r * w.vector + d) * scale;
            VecHalves rounded = halves_round(value);
            total += value;
            memcpy(to + (size_t)r * stride + d, &rounded, (size_t)count * sizeof *to);
        }
        if (sums) vec_store_part(sums + d, total, count);
    }
}
