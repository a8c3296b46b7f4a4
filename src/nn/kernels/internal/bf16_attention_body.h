/* nn/kernels/internal/bf16_attention_body - fused attention of one head in mixed precision, both passes. See
 * nn/kernels/kernels.h for what it is asked, nn/kernels/internal/attention_body.h for the same in floats, for its
 * indices and for the formulas of the way back.
 *
 * Forward. Queries lie along the vectors, a block of them at a time, and scores are kept (keys, queries): maxima and
 * sums over keys are plain vector operations, and two rows of rounded exponentials interleaved are words of two keys,
 * the left operand that the value product wants. Scores, maxima, exponentials and sums are floats. The output is the
 * sum over the rounded exponentials divided by their own sum, so that rounding moves no weight between tokens on the
 * whole; the log-sum-exp that the backward pass gets is that of the exponentials before rounding.
 *
 * Backward. The weights P = 2^(scores - log2 sum) are computed again from q, k and the log-sum-exp. Keys lie along the
 * vectors. A block of queries meets a block of keys: tiles of scores S = q k^T and of dP = dout v^T are summed side by
 * side into a few kilobytes, become P and dS = P (dP - dout out) as floats, and are rounded into the words that the
 * three products over them want: two queries interleaved for dv = P^T dout and dk = dS^T q, two neighboring keys for
 * dq = dS k. Sums of gradients are floats; they are scaled, summed over tokens for the biases, and then rounded.
 *
 * Invariant: each gradient is one chain over ascending pairs of queries or keys, whatever the blocks. A block of keys
 * is a link of a wave (base/system/wave.h), a block of queries a step: all links add to the dq of a step, each after
 * the one before. */
#pragma once

#include "base/system/arena.h"
#include "base/system/wave.h"
#include "nn/kernels/internal/bf16_attention_pack.h"

#include <math.h>
#include <stdbool.h>

/* ---- forward ---- */

enum {
    HEAD_QUERIES = 3 * LANES, /* of a block */
    HEAD_KEYS = LANES == 16  ? 16
                : LANES == 8 ? 4
                             : 2,         /* rows of keys are packed in multiples of this */
    HEAD_VALUES = LANES == 16 ? 160 : 64, /* keys whose values are near while a block of queries uses them */
};

typedef struct {
    uint32_t *k_rows, *v_rows, *v_panel; /* all keys */
    uint32_t *q_rows, *q_columns;        /* one block of queries */
    float *scores, *out;                 /* (keys, HEAD_QUERIES), then words of two keys; (HEAD_QUERIES, vector) */
} Bf16ForwardBuffers;

static Bf16ForwardBuffers bf16_forward_layout(Arena *arena, const Bf16HeadShape *shape) {
    HeadWidth w = head_width(shape->head_width);
    size_t keys = round_up((size_t)shape->n_keys, HEAD_KEYS);
    return (Bf16ForwardBuffers){.k_rows = arena_take(arena, keys * w.row * sizeof(uint32_t)),
                                .v_rows = arena_take(arena, keys * w.row * sizeof(uint32_t)),
                                .v_panel = arena_take(arena, (keys + 1) / 2 * w.vector * sizeof(uint32_t)),
                                .q_rows = arena_take(arena, HEAD_QUERIES * w.row * sizeof(uint32_t)),
                                .q_columns = arena_take(arena, w.row * HEAD_QUERIES * sizeof(uint32_t)),
                                .scores = arena_floats(arena, keys * HEAD_QUERIES),
                                .out = arena_floats(arena, HEAD_QUERIES * w.vector)};
}

/* scores (keys, HEAD_QUERIES) of n_vecs vectors of queries, and the largest of each query. Missing rows of the last
 * tile are computed but not looked at. */
INLINE void score_rows(float *scores, float *largest, HeadLeft keys, const uint32_t *columns, const int n_rows,
                       const int n_vecs) {
    Vec top[3];
#pragma GCC unroll 3
    for (int v = 0; v < n_vecs; v++) top[v] = vec_all(-INFINITY);
    for (; keys.rows > 0; keys.rows -= n_rows, keys.words += (size_t)n_rows * keys.row) {
        head_tile((TileSums){scores, HEAD_QUERIES}, keys, columns, HEAD_QUERIES, 0, n_rows, n_vecs);
        int rows = at_most(keys.rows, n_rows);
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
            for (int v = 0; v < n_vecs; v++)
                top[v] = vec_max(top[v], vec_load(scores + (size_t)i * HEAD_QUERIES + v * LANES));
        scores += (size_t)n_rows * HEAD_QUERIES;
    }
#pragma GCC unroll 3
    for (int v = 0; v < n_vecs; v++) vec_store(largest + v * LANES, top[v]);
}

static __attribute__((noinline)) void score_all(float *scores, float *largest, const uint32_t *keys,
                                                const uint32_t *columns, int n_keys, HeadWidth w, int n_vecs) {
    unsigned before = pair_begin();
    const HeadLeft rows = {keys, w.row, 1, n_keys, w.pairs};
    if (n_vecs == 3) score_rows(scores, largest, rows, columns, HEAD_KEYS / 2, 3);
    if (n_vecs == 2) score_rows(scores, largest, rows, columns, HEAD_KEYS / 2, 2);
    if (n_vecs == 1) score_rows(scores, largest, rows, columns, HEAD_KEYS, 1);
    pair_end(before);
}

/* Of each query: the sum of the exponentials and that of the rounded ones; both start as zero. */
typedef struct {
    Vec exact, rounded;
} ExponentialSums;

/* Two rows of scores become a row of words of 2^(scale * score - top). The second may be missing. */
INLINE VecWords exponential_words(const float *low, const float *high, Vec top, float scale, ExponentialSums *sums) {
    Vec first = vec_exp2(vec_load(low) * scale - top), second = {0};
    if (high) second = vec_exp2(vec_load(high) * scale - top);
    VecWords words = words_round(first, second);
    sums->exact += first + second;
    sums->rounded += (Vec)(words << 16) + (Vec)(words & 0xffff0000u);
    return words;
}

/* scores (keys, HEAD_QUERIES) -> words (pairs of keys, HEAD_QUERIES), in place. */
static __attribute__((noinline)) void softmax_words(float *scores, float *inverse_sum, float *lse, const float *largest,
                                                    int keys, int queries, float scale) {
    for (int q = 0; q < queries; q += LANES) {
        const Vec top = vec_load(largest + q) * scale;
        ExponentialSums sums = {{0}, {0}};
        float *row = scores + q;
        uint32_t *words = (uint32_t *)scores + q;
        int k = 0;
        for (; k + 2 <= keys; k += 2, row += 2 * HEAD_QUERIES, words += HEAD_QUERIES)
            words_store(words, exponential_words(row, row + HEAD_QUERIES, top, scale, &sums));
        if (k < keys) words_store(words, exponential_words(row, NULL, top, scale, &sums));
        for (int i = 0; i < at_most(queries - q, LANES); i++) {
            inverse_sum[q + i] = 1 / sums.rounded[i];
            lse[q + i] = (top[i] + log2f(sums.exact[i])) * LN_2;
        }
    }
}

static void bf16_attention_forward_body(Bf16 *out, float *lse, const Bf16HeadInputs *in, const Bf16HeadShape *shape,
                                        HeadQueries queries, void *scratch) {
    Arena arena = {.base = scratch, .capacity = SIZE_MAX};
    const Bf16ForwardBuffers f = bf16_forward_layout(&arena, shape);
    const HeadWidth w = head_width(shape->head_width);
    const float scale = LOG2_E / sqrtf((float)w.width);
    int keys = shape->n_keys;
    float largest[HEAD_QUERIES], inverse_sum[HEAD_QUERIES];
    /* 1. keys as rows, values as a panel, once for these queries */
    pack_head_rows(f.k_rows, in->k, shape->kv_stride, keys, HEAD_KEYS, w);
    pack_head_rows(f.v_rows, in->v, shape->kv_stride, keys, 1, w);
    pack_head_panel(f.v_panel, f.v_rows, keys, w);
    for (int q = queries.begin; q < queries.end; q += HEAD_QUERIES) {
        int count = at_most(queries.end - q, HEAD_QUERIES);
        /* 2. a block of queries as columns */
        pack_head_rows(f.q_rows, in->q + (size_t)q * shape->q_stride, shape->q_stride, count, 1, w);
        pack_head_columns(f.q_columns, HEAD_QUERIES, f.q_rows, count, w);
        /* 3. its scores and their maxima; 4. rounded powers of two, words of two keys, in place */
        score_all(f.scores, largest, f.k_rows, f.q_columns, keys, w, (count + LANES - 1) / LANES);
        softmax_words(f.scores, inverse_sum, lse + q, largest, keys, count, scale);
        /* 5. out = P v, some keys at a time, in ascending order */
        for (int k = 0; k < keys; k += HEAD_VALUES) {
            const uint32_t *weights = (const uint32_t *)f.scores + (size_t)(k / 2) * HEAD_QUERIES;
            int pairs = (at_most(keys - k, HEAD_VALUES) + 1) / 2;
            head_product((TileSums){f.out, w.vector}, (HeadLeft){weights, 1, HEAD_QUERIES, count, pairs},
                         f.v_panel + (size_t)(k / 2) * w.vector, k > 0);
        }
        for (int i = 0; i < count; i++)
            head_round_rows(out + (size_t)(q + i) * shape->out_stride, 0, f.out + (size_t)i * w.vector, 1, w,
                            inverse_sum[i], NULL);
    }
}

/* ---- backward ---- */

enum {
    BACK_VECS = 2,                                 /* of a tile of scores: words of dS pair the two */
    BACK_COLUMNS = BACK_VECS * LANES,              /* keys of a tile */
    BACK_ROWS = LANES == 16 ? 12 : 4,              /* queries of a tile */
    BACK_QUERIES = 16 * BACK_ROWS,                 /* of a block, at most: whole tiles */
    BACK_KEYS = 192 / BACK_COLUMNS * BACK_COLUMNS, /* the same */
};

static int bf16_query_block(const Bf16HeadShape *shape) {
    return equal_blocks(shape->n_queries, BACK_QUERIES, BACK_ROWS);
}
static int bf16_key_block(const Bf16HeadShape *shape) {
    return equal_blocks(shape->n_keys, BACK_KEYS, BACK_COLUMNS);
}

/* All queries, which the links of a head share. */
typedef struct {
    uint32_t *q_rows, *q_panel, *dout_rows, *dout_panel;
    float *dq, *log2_sum, *dout_out; /* sums; lse / ln 2; sum over the head of dout * out */
} Bf16QueryBuffers;

/* One block of keys. */
typedef struct {
    uint32_t *rows, *k_panel, *k_columns, *v_columns; /* columns in panels (w.row, BACK_COLUMNS) */
    float *dk, *dv;
    uint32_t *weights, *dscores; /* (BACK_QUERIES / 2, BACK_KEYS): P and dS, words of two queries */
    uint32_t *dscore_rows;       /* (BACK_QUERIES, BACK_KEYS / 2): dS, words of two keys */
} Bf16KeyBuffers;

/* First in a scratch. */
static Bf16KeyBuffers bf16_key_layout(Arena *arena, const Bf16HeadShape *shape) {
    HeadWidth w = head_width(shape->head_width);
    size_t word = sizeof(uint32_t);
    return (Bf16KeyBuffers){.rows = arena_take(arena, BACK_KEYS * w.row * word),
                            .k_panel = arena_take(arena, BACK_KEYS / 2 * w.vector * word),
                            .k_columns = arena_take(arena, BACK_KEYS * w.row * word),
                            .v_columns = arena_take(arena, BACK_KEYS * w.row * word),
                            .dk = arena_floats(arena, BACK_KEYS * w.vector),
                            .dv = arena_floats(arena, BACK_KEYS * w.vector),
                            .weights = arena_take(arena, BACK_QUERIES / 2 * BACK_KEYS * word),
                            .dscores = arena_take(arena, BACK_QUERIES / 2 * BACK_KEYS * word),
                            .dscore_rows = arena_take(arena, BACK_QUERIES * BACK_KEYS / 2 * word)};
}

/* After those of the keys. */
static Bf16QueryBuffers bf16_query_layout(Arena *arena, const Bf16HeadShape *shape) {
    HeadWidth w = head_width(shape->head_width);
    size_t queries = round_up((size_t)shape->n_queries, BACK_ROWS), word = sizeof(uint32_t);
    bf16_key_layout(arena, shape);
    return (Bf16QueryBuffers){.q_rows = arena_take(arena, queries * w.row * word),
                              .q_panel = arena_take(arena, queries / 2 * w.vector * word),
                              .dout_rows = arena_take(arena, queries * w.row * word),
                              .dout_panel = arena_take(arena, queries / 2 * w.vector * word),
                              .dq = arena_floats(arena, queries * w.vector),
                              .log2_sum = arena_floats(arena, queries),
                              .dout_out = arena_floats(arena, queries)};
}

typedef struct {
    const Bf16HeadShape *shape;
    HeadWidth w;
    float scale; /* of scores, to powers of two */
    Bf16QueryBuffers all;
    Bf16KeyBuffers at;
} Bf16Backward;

/* All queries; whole tiles: the missing rows of the last one are zero. */
static void pack_all_queries(Bf16Backward *b, const Bf16 *q, const Bf16 *dout, const Bf16 *out, const float *lse) {
    int queries = b->shape->n_queries, padded = (int)round_up((size_t)queries, BACK_ROWS);
    size_t stride = b->shape->out_stride;
    pack_head_rows(b->all.q_rows, q, b->shape->q_stride, queries, BACK_ROWS, b->w);
    pack_head_rows(b->all.dout_rows, dout, stride, queries, BACK_ROWS, b->w);
    pack_head_panel(b->all.q_panel, b->all.q_rows, padded, b->w);
    pack_head_panel(b->all.dout_panel, b->all.dout_rows, padded, b->w);
    for (int i = 0; i < padded; i++) {
        const Bf16 *row = (const Bf16 *)(b->all.dout_rows + (size_t)i * b->w.row), *o = out + (size_t)i * stride;
        Vec sum = {0};
        float tail = 0;
        int d = 0;
        b->all.log2_sum[i] = b->all.dout_out[i] = 0;
        if (i >= queries) continue;
        for (; d + LANES <= b->w.width; d += LANES)
            sum += halves_floats(halves_load(row + d)) * halves_floats(halves_load(o + d));
        for (; d < b->w.width; d++) tail += bf16_float(row[d]) * bf16_float(o[d]);
        b->all.dout_out[i] = vec_sum(sum) + tail;
        b->all.log2_sum[i] = lse[i] * LOG2_E;
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

/* Sums of a tile: S = q k^T and dP = dout v^T. */
typedef struct {
    float scores[BACK_ROWS * BACK_COLUMNS] __attribute__((aligned(64)));
    float dweights[BACK_ROWS * BACK_COLUMNS] __attribute__((aligned(64)));
} ScoreTile;

/* A tile of sums -> words. keys: those of the tile, whose vectors beyond n_vecs are zero. */
INLINE void score_words(Bf16Backward *b, const ScoreTile *tile, int q, int row, int column, int keys,
                        const int n_vecs) {
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
                weight[j] = weight_and_gradient(&dscore[j][v], tile->scores + from, tile->dweights + from, b->scale,
                                                b->all.log2_sum[q + i + j], b->all.dout_out[q + i + j]);
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
    ScoreTile tile;
    const uint32_t *k = b->at.k_columns + (size_t)column * b->w.row, *v = b->at.v_columns + (size_t)column * b->w.row;
    for (int i = 0; i < queries; i += BACK_ROWS) {
        size_t row = (size_t)(q + i) * b->w.row;
        const HeadLeft queries_left = {b->all.q_rows + row, b->w.row, 1, BACK_ROWS, b->w.pairs};
        HeadLeft dout_left = queries_left;
        dout_left.words = b->all.dout_rows + row;
        head_tile((TileSums){tile.scores, BACK_COLUMNS}, queries_left, k, BACK_COLUMNS, 0, BACK_ROWS, n_vecs);
        head_tile((TileSums){tile.dweights, BACK_COLUMNS}, dout_left, v, BACK_COLUMNS, 0, BACK_ROWS, n_vecs);
        score_words(b, &tile, q + i, i, column, keys, n_vecs);
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
static void backward_block_of_keys(Bf16Backward *b, bool first, int keys, const WaveLink *link) {
    const Bf16KeyBuffers *at = &b->at;
    int n_queries = b->shape->n_queries, block = bf16_query_block(b->shape);
    size_t vector = b->w.vector;
    for (int q = 0, step = 0; q < n_queries; q += block, step++) {
        int queries = at_most(n_queries - q, block), pairs = (queries + 1) / 2;
        size_t half = (size_t)q / 2 * vector;
        wave_wait(link, step);
        gradient_block(b, q, queries, keys);
        /* dv = P^T dout and dk = dS^T q add over queries, dq = dS k over keys */
        head_product((TileSums){at->dv, vector}, (HeadLeft){at->weights, 1, BACK_KEYS, keys, pairs},
                     b->all.dout_panel + half, q > 0);
        head_product((TileSums){at->dk, vector}, (HeadLeft){at->dscores, 1, BACK_KEYS, keys, pairs},
                     b->all.q_panel + half, q > 0);
        head_product((TileSums){b->all.dq + (size_t)q * vector, vector},
                     (HeadLeft){at->dscore_rows, BACK_KEYS / 2, 1, queries, (keys + 1) / 2}, at->k_panel, !first);
        wave_pass(link, step);
    }
}

static void bf16_attention_backward_body(const Bf16HeadBackward *head, int block, const WaveLink *link, void *scratch) {
    const Bf16HeadShape *shape = head->shape;
    const Bf16HeadGradients *d = head->d;
    Arena own = {.base = scratch, .capacity = SIZE_MAX}, shared = {.base = head->scratch, .capacity = SIZE_MAX};
    Bf16Backward b = {.shape = shape,
                      .w = head_width(shape->head_width),
                      .scale = LOG2_E / sqrtf((float)shape->head_width),
                      .all = bf16_query_layout(&shared, shape),
                      .at = bf16_key_layout(&own, shape)};
    const float unscale = 1 / sqrtf((float)shape->head_width);
    int key_block = bf16_key_block(shape), k = block * key_block, keys = at_most(shape->n_keys - k, key_block);
    size_t from = (size_t)k * shape->kv_stride;
    if (block == 0) pack_all_queries(&b, head->in->q, head->dout, head->out, head->lse);
    pack_block_of_keys(&b, head->in->k + from, head->in->v + from, keys);
    backward_block_of_keys(&b, block == 0, keys, link);
    head_round_rows(d->k + from, shape->kv_stride, b.at.dk, keys, b.w, unscale, NULL);
    head_round_rows(d->v + from, shape->kv_stride, b.at.dv, keys, b.w, 1, d->v_sums + block * shape->head_width);
    if (k + keys == shape->n_keys)
        head_round_rows(d->q, shape->q_stride, b.all.dq, shape->n_queries, b.w, unscale, d->q_sums);
}

static HeadBlocks bf16_attention_blocks_body(const Bf16HeadShape *shape) {
    return (HeadBlocks){.queries = blocks_of(shape->n_queries, bf16_query_block(shape)),
                        .keys = blocks_of(shape->n_keys, bf16_key_block(shape))};
}

static size_t bf16_attention_scratch_body(const Bf16HeadShape *shape, int backward) {
    Arena measure = {0};
    if (backward)
        bf16_query_layout(&measure, shape);
    else
        bf16_forward_layout(&measure, shape);
    return measure.used;
}
