/* nn/kernels/internal/bf16_attention_backward_body - the backward pass of fused attention for one head in mixed
 * precision. See nn/kernels/bf16_job.h for what it is asked, nn/kernels/internal/attention_backward_body.h for the same
 * in floats.
 *
 * The weights P = 2^(scores - log2 sum) are computed again from q, k and the log-sum-exp. Keys lie along the vectors.
 * A block of queries meets a block of keys: tiles of scores S = q k^T and of dP = dout v^T are summed side by side into
 * a few kilobytes, become P and dS = P (dP - dout out) as floats, and are rounded into the words that the three
 * products over them want: two queries interleaved for dv = P^T dout and dk = dS^T q, two neighboring keys for dq = dS
 * k. Sums of gradients are floats; they are scaled, summed over tokens for the biases, and then rounded.
 *
 * Invariant: each gradient is one chain over ascending pairs of queries or keys, whatever the blocks. */
#pragma once

#include "base/system/arena.h"
#include "nn/kernels/internal/bf16_attention_pack.h"

#include <math.h>
#include <stdbool.h>

enum {
    BACK_VECS = 2,                                 /* of a tile of scores: words of dS pair the two */
    BACK_COLUMNS = BACK_VECS * LANES,              /* keys of a tile */
    BACK_ROWS = LANES == 16 ? 12 : 4,              /* queries of a tile */
    BACK_QUERIES = 16 * BACK_ROWS,                 /* of a block, at most: whole tiles */
    BACK_KEYS = 192 / BACK_COLUMNS * BACK_COLUMNS, /* the same */
};

typedef struct {
    uint32_t *q_rows, *q_panel, *dout_rows, *dout_panel; /* all queries */
    float *dq, *log2_sum, *dout_out;                     /* sums; lse / ln 2; sum over the head of dout * out */
    uint32_t *rows, *k_panel, *k_columns, *v_columns;    /* a block of keys; columns in panels (w.row, BACK_COLUMNS) */
    float *dk, *dv;
    uint32_t *weights, *dscores; /* (BACK_QUERIES / 2, BACK_KEYS): P and dS, words of two queries */
    uint32_t *dscore_rows;       /* (BACK_QUERIES, BACK_KEYS / 2): dS, words of two keys */
} Bf16BackwardBuffers;

static Bf16BackwardBuffers bf16_backward_layout(Arena *arena, const Bf16HeadShape *shape) {
    HeadWidth w = head_width(shape->head_width);
    size_t queries = round_up((size_t)shape->n_queries, BACK_ROWS), word = sizeof(uint32_t);
    return (Bf16BackwardBuffers){.q_rows = arena_take(arena, queries * w.row * word),
                                 .q_panel = arena_take(arena, queries / 2 * w.vector * word),
                                 .dout_rows = arena_take(arena, queries * w.row * word),
                                 .dout_panel = arena_take(arena, queries / 2 * w.vector * word),
                                 .dq = arena_floats(arena, queries * w.vector),
                                 .log2_sum = arena_floats(arena, queries),
                                 .dout_out = arena_floats(arena, queries),
                                 .rows = arena_take(arena, BACK_KEYS * w.row * word),
                                 .k_panel = arena_take(arena, BACK_KEYS / 2 * w.vector * word),
                                 .k_columns = arena_take(arena, BACK_KEYS * w.row * word),
                                 .v_columns = arena_take(arena, BACK_KEYS * w.row * word),
                                 .dk = arena_floats(arena, BACK_KEYS * w.vector),
                                 .dv = arena_floats(arena, BACK_KEYS * w.vector),
                                 .weights = arena_take(arena, BACK_QUERIES / 2 * BACK_KEYS * word),
                                 .dscores = arena_take(arena, BACK_QUERIES / 2 * BACK_KEYS * word),
                                 .dscore_rows = arena_take(arena, BACK_QUERIES * BACK_KEYS / 2 * word)};
}

typedef struct {
    const Bf16HeadShape *shape;
    HeadWidth w;
    float scale; /* of scores, to powers of two */
    Bf16BackwardBuffers at;
} Bf16Backward;

/* All queries; whole tiles: the missing rows of the last one are zero. */
static void pack_all_queries(Bf16Backward *b, const Bf16 *q, const Bf16 *dout, const Bf16 *out, const float *lse) {
    int queries = b->shape->n_queries, padded = (int)round_up((size_t)queries, BACK_ROWS);
    size_t stride = b->shape->out_stride;
    pack_head_rows(b->at.q_rows, q, b->shape->q_stride, queries, BACK_ROWS, b->w);
    pack_head_rows(b->at.dout_rows, dout, stride, queries, BACK_ROWS, b->w);
    pack_head_panel(b->at.q_panel, b->at.q_rows, padded, b->w);
    pack_head_panel(b->at.dout_panel, b->at.dout_rows, padded, b->w);
    for (int i = 0; i < padded; i++) {
        const Bf16 *row = (const Bf16 *)(b->at.dout_rows + (size_t)i * b->w.row), *o = out + (size_t)i * stride;
        Vec sum = {0};
        float tail = 0;
        int d = 0;
        b->at.log2_sum[i] = b->at.dout_out[i] = 0;
        if (i >= queries) continue;
        for (; d + LANES <= b->w.width; d += LANES)
            sum += halves_floats(halves_load(row + d)) * halves_floats(halves_load(o + d));
        for (; d < b->w.width; d++) tail += bf16_float(row[d]) * bf16_float(o[d]);
        b->at.dout_out[i] = vec_sum(sum) + tail;
        b->at.log2_sum[i] = lse[i] * LOG2_E;
    }
}

static void pack_head_panels_of_columns(uint32_t *to, const uint32_t *rows, int count, HeadWidth w) {
    for (int k = 0; k < count; k += BACK_COLUMNS)
        pack_head_columns(to + (size_t)k * w.row, BACK_COLUMNS, rows + (size_t)k * w.row,
                          at_most(count - k, BACK_COLUMNS), w);
}

static void pack_block_of_keys(Bf16Backward *b, const Bf16 *k, const Bf16 *v, int count) {
    pack_head_rows(b->at.rows, v, b->shape->kv_stride, count, 1, b->w);
    pack_head_panels_of_columns(b->at.v_columns, b->at.rows, count, b->w);
    pack_head_rows(b->at.rows, k, b->shape->kv_stride, count, 1, b->w);
    pack_head_panels_of_columns(b->at.k_columns, b->at.rows, count, b->w);
    pack_head_panel(b->at.k_panel, b->at.rows, count, b->w);
}

/* P and dS of one query and a vector of keys. */
INLINE Vec weight_and_gradient(Vec *dscore, const float *score, const float *dweight, float scale, float log2_sum,
                               float dout_out) {
    Vec weight = vec_exp2(vec_load(score) * scale - log2_sum);
    *dscore = weight * (vec_load(dweight) - dout_out);
    return weight;
}

/* A tile of sums -> words. keys: those of the tile, whose vectors beyond n_vecs are zero. */
INLINE void score_words(Bf16Backward *b, const float *scores, const float *dweights, int q, int row, int column,
                        int keys, const int n_vecs) {
    VecBits lane;
    for (int i = 0; i < LANES; i++) lane[i] = i;
    for (int i = 0; i < BACK_ROWS; i += 2) {
        Vec dscore[2][BACK_VECS] = {{{0}}};
        size_t at = (size_t)(row + i) / 2 * BACK_KEYS + (size_t)column;
#pragma GCC unroll 2
        for (int v = 0; v < n_vecs; v++) {
            Vec weight[2];
#pragma GCC unroll 2
            for (int j = 0; j < 2; j++) {
                int from = (i + j) * BACK_COLUMNS + v * LANES;
                weight[j] = weight_and_gradient(&dscore[j][v], scores + from, dweights + from, b->scale,
                                                b->at.log2_sum[q + i + j], b->at.dout_out[q + i + j]);
                /* A missing key has a weight, too, and no part in the gradient of queries. */
                if ((v + 1) * LANES > keys) dscore[j][v] = (Vec)((VecBits)dscore[j][v] & (lane + v * LANES < keys));
            }
            words_store(b->at.weights + at + v * LANES, words_round(weight[0], weight[1]));
            words_store(b->at.dscores + at + v * LANES, words_round(dscore[0][v], dscore[1][v]));
        }
        for (int j = 0; j < 2; j++)
            words_store(b->at.dscore_rows + ((size_t)(row + i + j) * BACK_KEYS + (size_t)column) / 2,
                        words_adjacent(dscore[j][0], dscore[j][1]));
    }
}

/* Weights and score gradients of a block of queries, whole tiles, with up to BACK_COLUMNS keys. */
INLINE void gradient_columns(Bf16Backward *b, int q, int queries, int column, int keys, const int n_vecs) {
    float scores[BACK_ROWS * BACK_COLUMNS] __attribute__((aligned(64)));
    float dweights[BACK_ROWS * BACK_COLUMNS] __attribute__((aligned(64)));
    const uint32_t *k = b->at.k_columns + (size_t)column * b->w.row, *v = b->at.v_columns + (size_t)column * b->w.row;
    for (int i = 0; i < queries; i += BACK_ROWS) {
        size_t row = (size_t)(q + i) * b->w.row;
        head_tile(scores, BACK_COLUMNS, b->at.q_rows + row, b->w.row, 1, k, BACK_COLUMNS, b->w.pairs, 0, BACK_ROWS,
                  n_vecs);
        head_tile(dweights, BACK_COLUMNS, b->at.dout_rows + row, b->w.row, 1, v, BACK_COLUMNS, b->w.pairs, 0, BACK_ROWS,
                  n_vecs);
        score_words(b, scores, dweights, q + i, i, column, keys, n_vecs);
    }
}

static __attribute__((noinline)) void gradient_block(Bf16Backward *b, int q, int queries, int keys) {
    unsigned before = pair_begin();
    for (int c = 0; c < keys; c += BACK_COLUMNS) {
        if (keys - c > LANES)
            gradient_columns(b, q, queries, c, keys - c, 2);
        else
            gradient_columns(b, q, queries, c, keys - c, 1);
    }
    pair_end(before);
}

/* A block of keys with all queries, a block at a time: adds to dq, or starts it; starts dk and dv and completes them.
 */
static void backward_block_of_keys(Bf16Backward *b, bool first, int keys) {
    const Bf16BackwardBuffers *at = &b->at;
    int n_queries = b->shape->n_queries, block = equal_blocks(n_queries, BACK_QUERIES, BACK_ROWS);
    size_t vector = b->w.vector;
    for (int q = 0; q < n_queries; q += block) {
        int queries = at_most(n_queries - q, block), pairs = (queries + 1) / 2;
        size_t half = (size_t)q / 2 * vector;
        gradient_block(b, q, queries, keys);
        head_product(at->dv, vector, at->weights, 1, BACK_KEYS, at->dout_panel + half, keys, pairs, q > 0);
        head_product(at->dk, vector, at->dscores, 1, BACK_KEYS, at->q_panel + half, keys, pairs, q > 0);
        head_product(at->dq + (size_t)q * vector, vector, at->dscore_rows, BACK_KEYS / 2, 1, at->k_panel, queries,
                     (keys + 1) / 2, !first);
    }
}

static void bf16_attention_backward_body(const Bf16HeadGradients *d, const Bf16 *dout, const Bf16 *out,
                                         const float *lse, const Bf16HeadInputs *in, const Bf16HeadShape *shape,
                                         void *scratch) {
    Arena arena = {.base = scratch, .capacity = SIZE_MAX};
    Bf16Backward b = {.shape = shape,
                      .w = head_width(shape->head_width),
                      .scale = LOG2_E / sqrtf((float)shape->head_width),
                      .at = bf16_backward_layout(&arena, shape)};
    const float unscale = 1 / sqrtf((float)shape->head_width);
    int block = equal_blocks(shape->n_keys, BACK_KEYS, BACK_COLUMNS);
    pack_all_queries(&b, in->q, dout, out, lse);
    for (int k = 0; k < shape->n_keys; k += block) {
        int keys = at_most(shape->n_keys - k, block);
        size_t from = (size_t)k * shape->kv_stride;
        pack_block_of_keys(&b, in->k + from, in->v + from, keys);
        backward_block_of_keys(&b, k == 0, keys);
        head_round_rows(d->k + from, shape->kv_stride, b.at.dk, keys, b.w, unscale, NULL);
        head_round_rows(d->v + from, shape->kv_stride, b.at.dv, keys, b.w, 1, d->v_bias);
    }
    head_round_rows(d->q, shape->q_stride, b.at.dq, shape->n_queries, b.w, unscale, d->q_bias);
}
