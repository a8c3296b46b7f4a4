/* nn/attention_backward_body - the backward pass of fused attention for one head. See nn/attention.h for what it
 * computes; the weights P = 2^(scores - log2 sum) are recomputed from q, k and the log-sum-exp.
 *
 * Keys are taken in blocks, whose columns, rows and gradients stay in the second-level cache while all queries stream
 * past, a block at a time; the weights and score gradients of one block with the other fill most of the first-level
 * cache. Scores lie (queries, keys): keys along the vector, so queries and dout are wanted as rows only, and what
 * streams is small enough for the second-level cache too. Each gradient is one chain of sums, over keys or queries in
 * ascending order, whatever the blocks. */
#pragma once

#include "base/arena.h"
#include "nn/attention_tiles.h"

#include <math.h>
#include <stdint.h>

enum {
    QUERY_TILE = TILE_ROWS(3), /* queries of a score tile */
    BACKWARD_QUERIES = 96,
    BACKWARD_KEYS = 96, /* whole panels of columns */
};

typedef struct {
    float *q_rows, *dout_rows, *dq; /* all queries; q times log2(e)/sqrt(width) */
    float *log2_sum, *dout_out;     /* (queries) lse / ln 2; sum over d of dout * out */
    float *k_columns, *v_columns;   /* one block of keys, in panels (width, COLUMNS) */
    float *k_rows, *dk, *dv;        /* the same block */
    float *weights, *dscores;       /* (BACKWARD_QUERIES, BACKWARD_KEYS) */
} BackwardBuffers;

static BackwardBuffers backward_layout(Arena *arena, const HeadShape *shape) {
    size_t queries = round_up((size_t)shape->n_queries, QUERY_TILE);
    size_t width = (size_t)shape->head_width, padded = round_up(width, LANES);
    BackwardBuffers b;
    b.q_rows = arena_floats(arena, queries * padded);
    b.dout_rows = arena_floats(arena, queries * padded);
    b.dq = arena_floats(arena, queries * padded);
    b.log2_sum = arena_floats(arena, queries);
    b.dout_out = arena_floats(arena, queries);
    b.k_columns = arena_floats(arena, BACKWARD_KEYS * width);
    b.v_columns = arena_floats(arena, BACKWARD_KEYS * width);
    b.k_rows = arena_floats(arena, BACKWARD_KEYS * padded);
    b.dk = arena_floats(arena, BACKWARD_KEYS * padded);
    b.dv = arena_floats(arena, BACKWARD_KEYS * padded);
    b.weights = arena_floats(arena, BACKWARD_QUERIES * BACKWARD_KEYS);
    b.dscores = arena_floats(arena, BACKWARD_QUERIES * BACKWARD_KEYS);
    return b;
}

typedef struct {
    const HeadInputs *in;
    const HeadShape *shape;
    const float *dout, *out, *lse;
    int width, padded;
    BackwardBuffers at;
} Backward;

/* Whole tiles: the rows missing from the last one are zero. */
static void pack_queries(const Backward *b, int q, int count) {
    const HeadShape *shape = b->shape;
    const float *dout = b->dout + (size_t)q * shape->out_stride, *out = b->out + (size_t)q * shape->out_stride;
    size_t row = (size_t)q * (size_t)b->padded;
    float *q_rows = b->at.q_rows + row, *dout_rows = b->at.dout_rows + row;
    pack_rows(q_rows, b->in->q + (size_t)q * shape->q_stride, shape->q_stride, count, b->width,
              LOG2_E / sqrtf((float)b->width));
    pack_rows(dout_rows, dout, shape->out_stride, count, b->width, 1);
    for (int i = q; i < q + count; i++, dout += shape->out_stride, out += shape->out_stride) {
        Vec sum = {0};
        float tail = 0;
        int d = 0;
        for (; d + LANES <= b->width; d += LANES) sum += vec_load(dout + d) * vec_load(out + d);
        for (; d < b->width; d++) tail += dout[d] * out[d];
        b->at.dout_out[i] = vec_sum(sum) + tail;
        b->at.log2_sum[i] = b->lse[i] * LOG2_E;
    }
    for (int i = count; i % QUERY_TILE; i++) {
        memset(q_rows + (size_t)i * (size_t)b->padded, 0, (size_t)b->padded * sizeof(float));
        memset(dout_rows + (size_t)i * (size_t)b->padded, 0, (size_t)b->padded * sizeof(float));
        b->at.log2_sum[q + i] = b->at.dout_out[q + i] = 0;
    }
}

/* Keys and values as panels of columns, and keys as rows. */
static void pack_keys(const Backward *b, int k, int keys) {
    size_t stride = b->shape->kv_stride;
    for (int c = 0; c < keys; c += COLUMNS) {
        int count = keys - c < COLUMNS ? keys - c : COLUMNS;
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
INLINE void score_columns(const Backward *b, int q, int queries, int c, const int n_vecs) {
    size_t ld = (size_t)b->padded, column = (size_t)c * (size_t)b->width;
    for (int i = 0; i < queries; i += QUERY_TILE) {
        size_t row = (size_t)(q + i) * ld, at = (size_t)i * BACKWARD_KEYS + (size_t)c;
        float *weights = b->at.weights + at, *dscores = b->at.dscores + at;
        tile_product(weights, BACKWARD_KEYS, b->at.q_rows + row, ld, 1, b->at.k_columns + column, COLUMNS, b->width, 0,
                     QUERY_TILE, n_vecs);
        tile_product(dscores, BACKWARD_KEYS, b->at.dout_rows + row, ld, 1, b->at.v_columns + column, COLUMNS, b->width,
                     0, QUERY_TILE, n_vecs);
        score_gradients(weights, dscores, b->at.log2_sum + q + i, b->at.dout_out + q + i, n_vecs);
    }
}

static __attribute__((noinline)) void score_block(const Backward *b, int q, int queries, int keys) {
    for (int c = 0; c < keys; c += COLUMNS) {
        int n_vecs = keys - c < COLUMNS ? (keys - c + LANES - 1) / LANES : 3;
        if (n_vecs == 3) score_columns(b, q, queries, c, 3);
        if (n_vecs == 2) score_columns(b, q, queries, c, 2);
        if (n_vecs == 1) score_columns(b, q, queries, c, 1);
    }
}

/* c (keys, padded) [+]= P^T b, with b (depth queries, padded). */
static __attribute__((noinline)) void keys_gradient(float *c, const float *scores, const float *b, int keys, int padded,
                                                    int depth, int add) {
    rows_product(c, scores, 1, BACKWARD_KEYS, b, keys, padded, depth, add);
}

/* c (queries, padded) [+]= P b, with b (depth keys, padded). */
static __attribute__((noinline)) void queries_gradient(float *c, const float *scores, const float *b, int queries,
                                                       int padded, int depth, int add) {
    rows_product(c, scores, BACKWARD_KEYS, 1, b, queries, padded, depth, add);
}

/* One block of keys with one block of queries: adds to dq, dk, dv (or starts them where they are new). */
static void backward_block(const Backward *b, int k, int keys, int q, int queries) {
    size_t row = (size_t)q * (size_t)b->padded;
    score_block(b, q, queries, keys);
    keys_gradient(b->at.dv, b->at.weights, b->at.dout_rows + row, keys, b->padded, queries, q > 0);
    keys_gradient(b->at.dk, b->at.dscores, b->at.q_rows + row, keys, b->padded, queries, q > 0);
    queries_gradient(b->at.dq + row, b->at.dscores, b->at.k_rows, queries, b->padded, keys, k > 0);
}

/* The size of blocks, a multiple of `unit` and at most `most`, that makes them as few and as equal as possible. */
static int equal_blocks(int count, int most, int unit) {
    int blocks = (count + most - 1) / most;
    return (int)round_up((size_t)((count + blocks - 1) / blocks), (size_t)unit);
}

static void attention_backward_body(float *dq, float *dk, float *dv, const float *dout, const float *out,
                                    const float *lse, const HeadInputs *in, const HeadShape *shape, float *scratch) {
    Arena arena = {.base = (char *)scratch, .capacity = SIZE_MAX};
    const Backward b = {.in = in,
                        .shape = shape,
                        .dout = dout,
                        .out = out,
                        .lse = lse,
                        .width = shape->head_width,
                        .padded = (int)round_up((size_t)shape->head_width, LANES),
                        .at = backward_layout(&arena, shape)};
    int query_block = equal_blocks(shape->n_queries, BACKWARD_QUERIES, QUERY_TILE);
    int key_block = equal_blocks(shape->n_keys, BACKWARD_KEYS, LANES);
    for (int k = 0; k < shape->n_keys; k += key_block) {
        int keys = shape->n_keys - k < key_block ? shape->n_keys - k : key_block;
        pack_keys(&b, k, keys);
        for (int q = 0; q < shape->n_queries; q += query_block) {
            int queries = shape->n_queries - q < query_block ? shape->n_queries - q : query_block;
            if (k == 0) pack_queries(&b, q, queries);
            backward_block(&b, k, keys, q, queries);
        }
        unpack_rows(dk + (size_t)k * shape->kv_stride, shape->kv_stride, b.at.dk, keys, b.width, NULL, LN_2);
        unpack_rows(dv + (size_t)k * shape->kv_stride, shape->kv_stride, b.at.dv, keys, b.width, NULL, 1);
    }
    unpack_rows(dq, shape->q_stride, b.at.dq, shape->n_queries, b.width, NULL, 1 / sqrtf((float)b.width));
}
