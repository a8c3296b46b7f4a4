/* nn/kernels/internal/attention_body - fused attention of one head, both passes. See nn/layers/attention.h for what it
 * computes, nn/kernels/internal/simd.h for how this file is compiled.
 *
 * Forward. Scores are kept transposed, (keys, queries), for one block of QUERIES queries at a time: queries lie along
 * the vector, so maxima, sums and log-sum-exps over keys are plain vector operations, and the transposed block is
 * exactly the left operand the value product wants. Keys and values are packed once per head. Exponentials are powers
 * of two: the factor log2(e)/sqrt(width) goes into the queries.
 *
 * Backward. The weights P = 2^(scores - log2 sum) are computed again from q, k and the log-sum-exp. Keys are taken in
 * blocks, whose columns, rows and gradients stay in the second-level cache while all queries stream past, a block at a
 * time. Scores lie (queries, keys): keys along the vector, so queries and dout are wanted as rows only, and what
 * streams past is small enough for the second-level cache too. With dP = dout v^T the gradient of the scores is
 * dS = P (dP - sum over d of dout out), and dv = P^T dout, dk = dS^T q, dq = dS k. Each gradient is one chain of sums,
 * over keys or queries in ascending order, whatever the blocks. A block of keys is a link of a wave
 * (base/system/wave.h), a block of queries a step: all links add to the dq of a step, each after the one before.
 *
 * Indices: q query, k key, d element of the head, c column of a block, r row, v vector. */
#pragma once

#include "base/system/arena.h"
#include "base/system/wave.h"
#include "nn/kernels/internal/attention_pack.h"
#include "nn/kernels/kernels.h"

#include <math.h>
#include <stdbool.h>

/* ---- forward ---- */

enum {
    QUERIES = COLUMNS,  /* queries of a block */
    FORWARD_KEYS = 104, /* keys whose values stay in the first-level cache while a query block uses them */
};

typedef struct {
    float *k_panels, *v_rows;        /* all keys */
    float *q_columns, *scores, *out; /* one query block */
} ForwardBuffers;

static ForwardBuffers forward_layout(Arena *arena, const HeadShape *shape) {
    size_t keys = round_up((size_t)shape->n_keys, KEY_PANEL), width = (size_t)shape->head_width,
           padded = round_up(width, LANES);
    ForwardBuffers b;
    b.k_panels = arena_floats(arena, keys * width);
    b.v_rows = arena_floats(arena, keys * padded);
    b.q_columns = arena_floats(arena, width * QUERIES);
    b.scores = arena_floats(arena, keys * QUERIES);
    b.out = arena_floats(arena, QUERIES * padded);
    return b;
}

/* c (queries, padded) [+]= P b, with P^T stored as scores are: (depth keys, QUERIES). */
static __attribute__((noinline)) void queries_product(TileSums c, const float *scores, const float *b, int queries,
                                                      int depth, int add, Ahead *ahead) {
    rows_product(c, (TileLeft){scores, 1, QUERIES, queries, depth}, b, add, ahead);
}

/* scores (keys rounded up to KEYS, QUERIES) = panels x columns, for n_vecs vectors of queries; a tile at a time. */
static __attribute__((noinline)) void score_tiles(float *scores, const float *panels, const float *columns, int keys,
                                                  int width, int n_vecs, Ahead *ahead) {
    for (int k = 0; k < keys; k += KEYS, scores += KEYS * QUERIES) {
        const float *tile = panels + (size_t)(k / KEY_PANEL * KEY_PANEL) * (size_t)width + k % KEY_PANEL;
        const TileSums to = {scores, QUERIES};
        const TileLeft a = {tile, 1, KEY_PANEL, KEYS, width};
        const TileRight b = {columns, QUERIES};
        if (n_vecs == 3) tile_product(to, a, b, 0, KEYS, 3);
        if (n_vecs == 2) tile_product(to, a, b, 0, KEYS, 2);
        if (n_vecs == 1) tile_product(to, a, b, 0, KEYS, 1);
        ahead_ask(ahead);
    }
}

/* scores -> 2^(scores - largest) over keys; largest and sum of the powers for each query. */
INLINE void exponentials(float *scores, float *largest, float *sum, int keys, const int n_vecs) {
    Vec top[3], total[3];
    /* one query a lane: no sum across a vector anywhere */
    for (int v = 0; v < n_vecs; v++) {
        /* 1. the largest score of each query */
        top[v] = vec_load(scores + v * LANES);
        total[v] = (Vec){0};
    }
    for (int k = 1; k < keys; k++) {
        for (int v = 0; v < n_vecs; v++) top[v] = vec_max(top[v], vec_load(scores + (size_t)k * QUERIES + v * LANES));
    }
    for (int k = 0; k < keys; k++) {
        /* 2. powers in place, and their sum */
        float *row = scores + (size_t)k * QUERIES;
        for (int v = 0; v < n_vecs; v++) {
            Vec power = vec_exp2(vec_load(row + v * LANES) - top[v]);
            vec_store(row + v * LANES, power);
            total[v] += power;
        }
    }
    for (int v = 0; v < n_vecs; v++) {
        vec_store(largest + v * LANES, top[v]);
        vec_store(sum + v * LANES, total[v]);
    }
}

static __attribute__((noinline)) void softmax_block(float *scores, float *inverse_sum, float *lse, int keys,
                                                    int queries) {
    float largest[QUERIES], sum[QUERIES];
    int n_vecs = (queries + LANES - 1) / LANES;
    if (n_vecs == 3) exponentials(scores, largest, sum, keys, 3);
    if (n_vecs == 2) exponentials(scores, largest, sum, keys, 2);
    if (n_vecs == 1) exponentials(scores, largest, sum, keys, 1);
    for (int q = 0; q < queries; q++) {
        inverse_sum[q] = 1 / sum[q];
        lse[q] = (largest[q] + log2f(sum[q])) * LN_2;
    }
}

static void attention_forward_body(float *out, float *lse, const HeadInputs *in, const HeadShape *shape,
                                   HeadQueries queries, float *scratch) {
    Arena arena = {.base = (char *)scratch, .capacity = SIZE_MAX};
    const ForwardBuffers f = forward_layout(&arena, shape);
    int width = shape->head_width, keys = shape->n_keys, padded = (int)round_up((size_t)width, LANES);
    int key_block = equal_blocks(keys, FORWARD_KEYS, 1);
    float inverse_sum[QUERIES];
    const TileSums sums = {f.out, (size_t)padded};
    Ahead ahead = {.at = AHEAD_RUNS};
    /* 1. keys as panels, values as rows, once for these queries */
    pack_panels(f.k_panels, in->k, shape->kv_stride, keys, width);
    pack_rows(f.v_rows, in->v, shape->kv_stride, keys, width, 1);
    for (int q = queries.begin; q < queries.end; q += QUERIES) {
        int count = at_most(queries.end - q, QUERIES), next = q + QUERIES;
        /* 2. a block of queries as columns, scaled */
        pack_columns(f.q_columns, in->q + (size_t)q * shape->q_stride, shape->q_stride, count, width,
                     LOG2_E / sqrtf((float)width));
        if (next < queries.end && keys > FORWARD_KEYS) { /* the rows of a short head are near enough */
            ahead_rows(&ahead, 0, out + (size_t)q * shape->out_stride, shape->out_stride, count, width);
            ahead_rows(&ahead, 1, in->q + (size_t)next * shape->q_stride, shape->q_stride,
                       at_most(queries.end - next, QUERIES), width);
        }
        /* 3. all scores of the block, (keys, queries) */
        score_tiles(f.scores, f.k_panels, f.q_columns, keys, width, (count + LANES - 1) / LANES, &ahead);
        /* 4. their powers of two; the sums divide the output in the end */
        softmax_block(f.scores, inverse_sum, lse + q, keys, count);
        for (int k = 0; k < keys; k += key_block) {
            /* 5. out = P v, a block of keys at a time, in ascending order */
            int depth = at_most(keys - k, key_block);
            queries_product(sums, f.scores + (size_t)k * QUERIES, f.v_rows + (size_t)k * (size_t)padded, count, depth,
                            k > 0, &ahead);
        }
        unpack_rows(out + (size_t)q * shape->out_stride, shape->out_stride, sums, count, width, inverse_sum, 1);
    }
}

/* ---- backward ---- */

enum {
    QUERY_TILE = TILE_ROWS(3), /* queries of a score tile */
    BACKWARD_QUERIES = 112,    /* of a block, at most: whole tiles */
    BACKWARD_KEYS = 96,        /* the same: whole panels of columns */
};

/* Rows asked for ahead of time, the most urgent first. */
enum { AHEAD_Q, AHEAD_DOUT, AHEAD_OUT, AHEAD_DQ, AHEAD_DK, AHEAD_DV, AHEAD_K, AHEAD_V };

/* Equal blocks: a short last one would leave tiles half empty. */
static int backward_query_block(const HeadShape *shape) {
    return equal_blocks(shape->n_queries, BACKWARD_QUERIES, QUERY_TILE);
}
static int backward_key_block(const HeadShape *shape) {
    return equal_blocks(shape->n_keys, BACKWARD_KEYS, LANES);
}

/* All queries, which the links of a head share; q times log2(e)/sqrt(width). */
typedef struct {
    float *q_rows, *dout_rows, *dq;
    float *log2_sum, *dout_out; /* (queries) lse / ln 2; sum over d of dout * out */
} QueryBuffers;

/* One block of keys. */
typedef struct {
    float *k_columns, *v_columns; /* in panels (width, COLUMNS) */
    float *k_rows, *dk, *dv;
    float *weights, *dscores; /* (BACKWARD_QUERIES, BACKWARD_KEYS) */
} KeyBuffers;

/* First in a scratch. */
static KeyBuffers key_layout(Arena *arena, const HeadShape *shape) {
    size_t width = (size_t)shape->head_width, padded = round_up(width, LANES);
    KeyBuffers b;
    b.k_columns = arena_floats(arena, BACKWARD_KEYS * width);
    b.v_columns = arena_floats(arena, BACKWARD_KEYS * width);
    b.k_rows = arena_floats(arena, BACKWARD_KEYS * padded);
    b.dk = arena_floats(arena, BACKWARD_KEYS * padded);
    b.dv = arena_floats(arena, BACKWARD_KEYS * padded);
    b.weights = arena_floats(arena, BACKWARD_QUERIES * BACKWARD_KEYS);
    b.dscores = arena_floats(arena, BACKWARD_QUERIES * BACKWARD_KEYS);
    return b;
}

/* After those of the keys. */
static QueryBuffers query_layout(Arena *arena, const HeadShape *shape) {
    size_t queries = round_up((size_t)shape->n_queries, QUERY_TILE),
           padded = round_up((size_t)shape->head_width, LANES);
    key_layout(arena, shape);
    QueryBuffers b;
    b.q_rows = arena_floats(arena, queries * padded);
    b.dout_rows = arena_floats(arena, queries * padded);
    b.dq = arena_floats(arena, queries * padded);
    b.log2_sum = arena_floats(arena, queries);
    b.dout_out = arena_floats(arena, queries);
    return b;
}

/* One block of keys: what is read, what is written, what is kept meanwhile. */
typedef struct {
    const HeadInputs *in;
    const HeadShape *shape;
    const float *dout, *out, *lse;
    int width, padded;
    const HeadGradients *d;
    QueryBuffers all;
    KeyBuffers at;
    Ahead ahead;
} Backward;

/* What a query has of the forward pass, and its output gradient; rows of dout and out `stride` apart. */
typedef struct {
    const float *lse, *dout, *out;
    size_t stride;
} QueryRows;

static QueryRows query_rows(const float *lse, const float *dout, const float *out, const HeadShape *shape, int q) {
    size_t at = (size_t)q * shape->out_stride;
    return (QueryRows){lse + q, dout + at, out + at, shape->out_stride};
}

/* log2_sum = lse / ln 2, dout_out = sum over d of dout * out, of some queries. */
static void query_sums(float *log2_sum, float *dout_out, QueryRows from, int queries, int width) {
    const float *dout = from.dout, *out = from.out;
    for (int i = 0; i < queries; i++, dout += from.stride, out += from.stride) {
        Vec sum = {0};
        float tail = 0;
        int d = 0;
        /* whole vectors, then what is left of the width */
        for (; d + LANES <= width; d += LANES) sum += vec_load(dout + d) * vec_load(out + d);
        for (; d < width; d++) tail += dout[d] * out[d];
        dout_out[i] = vec_sum(sum) + tail;
        log2_sum[i] = from.lse[i] * LOG2_E;
    }
}

/* Whole tiles: the rows missing from the last one are zero. */
static void pack_queries(Backward *b, int q, int count) {
    const HeadShape *shape = b->shape;
    const QueryRows from = query_rows(b->lse, b->dout, b->out, shape, q);
    size_t row = (size_t)q * (size_t)b->padded;
    /* the factor log2(e)/sqrt(width) goes into q once, in place of every score */
    float *q_rows = b->all.q_rows + row, *dout_rows = b->all.dout_rows + row;
    pack_rows(q_rows, b->in->q + (size_t)q * shape->q_stride, shape->q_stride, count, b->width,
              LOG2_E / sqrtf((float)b->width));
    pack_rows(dout_rows, from.dout, from.stride, count, b->width, 1);
    query_sums(b->all.log2_sum + q, b->all.dout_out + q, from, count, b->width);
    for (int i = count; i % QUERY_TILE; i++) {
        memset(q_rows + (size_t)i * (size_t)b->padded, 0, (size_t)b->padded * sizeof(float));
        memset(dout_rows + (size_t)i * (size_t)b->padded, 0, (size_t)b->padded * sizeof(float));
        b->all.log2_sum[q + i] = b->all.dout_out[q + i] = 0;
    }
}

/* Keys and values as panels of columns, and keys as rows. */
static void pack_keys(Backward *b, int k, int keys) {
    size_t stride = b->shape->kv_stride;
    for (int c = 0; c < keys; c += COLUMNS) {
        int count = at_most(keys - c, COLUMNS);
        size_t from = (size_t)(k + c) * stride, to = (size_t)c * (size_t)b->width;
        pack_columns(b->at.k_columns + to, b->in->k + from, stride, count, b->width, 1);
        pack_columns(b->at.v_columns + to, b->in->v + from, stride, count, b->width, 1);
    }
    pack_rows(b->at.k_rows, b->in->k + (size_t)k * stride, stride, keys, b->width, 1);
}

/* weights: scores -> P = 2^(scores - log2_sum). dscores: dP -> dS = P (dP - dout_out). */
INLINE void score_gradients(float *weights, float *dscores, const float *log2_sum, const float *dout_out,
                            const int n_vecs) {
    for (int q = 0; q < QUERY_TILE; q++, weights += BACKWARD_KEYS, dscores += BACKWARD_KEYS) {
        Vec sum = vec_all(log2_sum[q]), dot = vec_all(dout_out[q]);
#pragma GCC unroll 3
        for (int v = 0; v < n_vecs; v++) {
            Vec p = vec_exp2(vec_load(weights + v * LANES) - sum);
            vec_store(weights + v * LANES, p);
            vec_store(dscores + v * LANES, p * (vec_load(dscores + v * LANES) - dot));
        }
    }
}

/* Weights and score gradients of some queries, whole tiles of them, with up to COLUMNS keys. */
INLINE void score_columns(Backward *b, int q, int queries, int c, const int n_vecs) {
    size_t ld = (size_t)b->padded, column = (size_t)c * (size_t)b->width;
    for (int i = 0; i < queries; i += QUERY_TILE) {
        size_t row = (size_t)(q + i) * ld, at = (size_t)i * BACKWARD_KEYS + (size_t)c;
        /* 1. scores = q k^T and dP = dout v^T of one tile */
        float *weights = b->at.weights + at, *dscores = b->at.dscores + at;
        tile_product((TileSums){weights, BACKWARD_KEYS}, (TileLeft){b->all.q_rows + row, ld, 1, QUERY_TILE, b->width},
                     (TileRight){b->at.k_columns + column, COLUMNS}, 0, QUERY_TILE, n_vecs);
        ahead_ask(&b->ahead);
        tile_product((TileSums){dscores, BACKWARD_KEYS},
                     (TileLeft){b->all.dout_rows + row, ld, 1, QUERY_TILE, b->width},
                     (TileRight){b->at.v_columns + column, COLUMNS}, 0, QUERY_TILE, n_vecs);
        ahead_ask(&b->ahead);
        /* 2. P and dS, while the tile is in the first-level cache */
        score_gradients(weights, dscores, b->all.log2_sum + q + i, b->all.dout_out + q + i, n_vecs);
    }
}

static __attribute__((noinline)) void score_block(Backward *b, int q, int queries, int keys) {
    for (int c = 0; c < keys; c += COLUMNS) {
        int n_vecs = (at_most(keys - c, COLUMNS) + LANES - 1) / LANES;
        if (n_vecs == 3) score_columns(b, q, queries, c, 3);
        if (n_vecs == 2) score_columns(b, q, queries, c, 2);
        if (n_vecs == 1) score_columns(b, q, queries, c, 1);
    }
}

/* c (keys, padded) [+]= P^T b, with b (depth queries, padded). */
static __attribute__((noinline)) void keys_gradient(TileSums c, const float *scores, const float *b, int keys,
                                                    int depth, int add, Ahead *ahead) {
    rows_product(c, (TileLeft){scores, 1, BACKWARD_KEYS, keys, depth}, b, add, ahead);
}

/* c (queries, padded) [+]= P b, with b (depth keys, padded). */
static __attribute__((noinline)) void queries_gradient(TileSums c, const float *scores, const float *b, int queries,
                                                       int depth, int add, Ahead *ahead) {
    rows_product(c, (TileLeft){scores, BACKWARD_KEYS, 1, queries, depth}, b, add, ahead);
}

/* One block of keys with one block of queries: adds to dq, dk, dv (or starts them where they are new). */
static void backward_block(Backward *b, int k, int keys, int q, int queries) {
    size_t ld = (size_t)b->padded, row = (size_t)q * ld;
    score_block(b, q, queries, keys);
    /* dv = P^T dout and dk = dS^T q add over queries, dq = dS k over keys: each sum in ascending order */
    keys_gradient((TileSums){b->at.dv, ld}, b->at.weights, b->all.dout_rows + row, keys, queries, q > 0, &b->ahead);
    keys_gradient((TileSums){b->at.dk, ld}, b->at.dscores, b->all.q_rows + row, keys, queries, q > 0, &b->ahead);
    queries_gradient((TileSums){b->all.dq + row, ld}, b->at.dscores, b->at.k_rows, queries, keys, k > 0, &b->ahead);
}

/* Where the gradients of this block of keys will go, and the next block. */
static void keys_ahead(Backward *b, int k, int keys, int next_keys) {
    size_t stride = b->shape->kv_stride, here = (size_t)k * stride, next = (size_t)(k + keys) * stride;
    ahead_rows(&b->ahead, AHEAD_DK, b->d->k + here, stride, keys, b->width);
    ahead_rows(&b->ahead, AHEAD_DV, b->d->v + here, stride, keys, b->width);
    ahead_rows(&b->ahead, AHEAD_K, b->in->k + next, stride, next_keys, b->width);
    ahead_rows(&b->ahead, AHEAD_V, b->in->v + next, stride, next_keys, b->width);
}

/* The next block of queries, which begins at `next`. */
static void queries_ahead(Backward *b, int next, int count) {
    size_t q_stride = b->shape->q_stride, out_stride = b->shape->out_stride, out_at = (size_t)next * out_stride;
    ahead_rows(&b->ahead, AHEAD_Q, b->in->q + (size_t)next * q_stride, q_stride, count, b->width);
    ahead_rows(&b->ahead, AHEAD_DOUT, b->dout + out_at, out_stride, count, b->width);
    ahead_rows(&b->ahead, AHEAD_OUT, b->out + out_at, out_stride, count, b->width);
}

/* A block of keys with all queries, which are packed when they are first seen and have their gradient when the last
 * keys have been. */
static void backward_keys(Backward *b, int k, int keys, const WaveLink *link) {
    int n_queries = b->shape->n_queries, query_block = backward_query_block(b->shape);
    size_t stride = b->shape->q_stride;
    bool first = k == 0, last = k + keys == b->shape->n_keys;
    for (int q = 0, step = 0; q < n_queries; q += query_block, step++) {
        int queries = at_most(n_queries - q, query_block), next = q + queries;
        float *dq = b->d->q + (size_t)q * stride;
        wave_wait(link, step);
        if (first) {
            pack_queries(b, q, queries);
            queries_ahead(b, next, at_most(n_queries - next, query_block));
        }
        /* dq of a block is complete with the last block of keys */
        if (last) ahead_rows(&b->ahead, AHEAD_DQ, dq, stride, queries, b->width);
        backward_block(b, k, keys, q, queries);
        if (last)
            unpack_rows(dq, stride, (TileSums){b->all.dq + (size_t)q * (size_t)b->padded, (size_t)b->padded}, queries,
                        b->width, NULL, 1 / sqrtf((float)b->width));
        wave_pass(link, step);
    }
}

static void attention_backward_body(const HeadBackward *head, int block, const WaveLink *link, float *scratch) {
    const HeadShape *shape = head->shape;
    Arena own = {.base = (char *)scratch, .capacity = SIZE_MAX},
          shared = {.base = (char *)head->scratch, .capacity = SIZE_MAX};
    Backward b = {.in = head->in,
                  .shape = shape,
                  .dout = head->dout,
                  .out = head->out,
                  .lse = head->lse,
                  .d = head->d,
                  .width = shape->head_width,
                  .padded = (int)round_up((size_t)shape->head_width, LANES),
                  .all = query_layout(&shared, shape),
                  .at = key_layout(&own, shape),
                  .ahead = {.at = AHEAD_RUNS}};
    int key_block = backward_key_block(shape), k = block * key_block, keys = at_most(shape->n_keys - k, key_block);
    size_t stride = shape->kv_stride, at = (size_t)k * stride;
    pack_keys(&b, k, keys);
    keys_ahead(&b, k, keys, at_most(shape->n_keys - k - keys, key_block));
    backward_keys(&b, k, keys, link);
    /* q carried log2(e)/sqrt(width); ln 2 takes log2(e) back out of dk */
    unpack_rows(head->d->k + at, stride, (TileSums){b.at.dk, (size_t)b.padded}, keys, b.width, NULL, LN_2);
    unpack_rows(head->d->v + at, stride, (TileSums){b.at.dv, (size_t)b.padded}, keys, b.width, NULL, 1);
}

static HeadBlocks attention_blocks_body(const HeadShape *shape) {
    return (HeadBlocks){.queries = blocks_of(shape->n_queries, backward_query_block(shape)),
                        .keys = blocks_of(shape->n_keys, backward_key_block(shape))};
}

static size_t attention_scratch_body(const HeadShape *shape, int backward) {
    Arena measure = {0};
    if (backward)
        query_layout(&measure, shape);
    else
        forward_layout(&measure, shape);
    return measure.used / sizeof(float);
}
