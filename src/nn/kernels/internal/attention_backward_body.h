/* nn/kernels/internal/attention_backward_body - the backward pass of fused attention for one head. See
 * nn/layers/attention.h for what it computes; the weights P = 2^(scores - log2 sum) are recomputed from q, k and the
 * log-sum-exp.
 *
 * Keys are taken in blocks, whose columns, rows and gradients stay in the second-level cache while all queries stream
 * past, a block at a time. Scores lie (queries, keys): keys along the vector, so queries and dout are wanted as rows
 * only, and what streams past is small enough for the second-level cache too. Each gradient is one chain of sums, over
 * keys or queries in ascending order, whatever the blocks. */
#pragma once

#include "base/system/arena.h"
#include "nn/kernels/internal/attention_tiles.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    QUERY_TILE = TILE_ROWS(3), /* queries of a score tile */
    BACKWARD_QUERIES = 112,    /* of a block, at most: whole tiles */
    BACKWARD_KEYS = 96,        /* the same: whole panels of columns */
};

/* Rows asked for ahead of time, the most urgent first. */
enum { AHEAD_Q, AHEAD_DOUT, AHEAD_OUT, AHEAD_DQ, AHEAD_DK, AHEAD_DV, AHEAD_K, AHEAD_V };

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

/* One head: what is read, what is written, what is kept meanwhile. */
typedef struct {
    const HeadInputs *in;
    const HeadShape *shape;
    const float *dout, *out, *lse;
    int width, padded;
    float *dq, *dk, *dv;
    BackwardBuffers at;
    Ahead ahead;
} Backward;

/* log2_sum = lse / ln 2, dout_out = sum over d of dout * out, of some queries; rows of dout and out `stride` apart. */
static void query_sums(float *log2_sum, float *dout_out, const float *lse, const float *dout, const float *out,
                       size_t stride, int queries, int width) {
    for (int i = 0; i < queries; i++, dout += stride, out += stride) {
        Vec sum = {0};
        float tail = 0;
        int d = 0;
        /* whole vectors, then what is left of the width */
        for (; d + LANES <= width; d += LANES) sum += vec_load(dout + d) * vec_load(out + d);
        for (; d < width; d++) tail += dout[d] * out[d];
        dout_out[i] = vec_sum(sum) + tail;
        log2_sum[i] = lse[i] * LOG2_E;
    }
}

/* Whole tiles: the rows missing from the last one are zero. */
static void pack_queries(Backward *b, int q, int count) {
    const HeadShape *shape = b->shape;
    const float *dout = b->dout + (size_t)q * shape->out_stride, *out = b->out + (size_t)q * shape->out_stride;
    size_t row = (size_t)q * (size_t)b->padded;
    /* the factor log2(e)/sqrt(width) goes into q once, in place of every score */
    float *q_rows = b->at.q_rows + row, *dout_rows = b->at.dout_rows + row;
    pack_rows(q_rows, b->in->q + (size_t)q * shape->q_stride, shape->q_stride, count, b->width,
              LOG2_E / sqrtf((float)b->width));
    pack_rows(dout_rows, dout, shape->out_stride, count, b->width, 1);
    query_sums(b->at.log2_sum + q, b->at.dout_out + q, b->lse + q, dout, out, shape->out_stride, count, b->width);
    for (int i = count; i % QUERY_TILE; i++) {
        memset(q_rows + (size_t)i * (size_t)b->padded, 0, (size_t)b->padded * sizeof(float));
        memset(dout_rows + (size_t)i * (size_t)b->padded, 0, (size_t)b->padded * sizeof(float));
        b->at.log2_sum[q + i] = b->at.dout_out[q + i] = 0;
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
        tile_product(weights, BACKWARD_KEYS, b->at.q_rows + row, ld, 1, b->at.k_columns + column, COLUMNS, b->width, 0,
                     QUERY_TILE, n_vecs);
        ahead_ask(&b->ahead);
        tile_product(dscores, BACKWARD_KEYS, b->at.dout_rows + row, ld, 1, b->at.v_columns + column, COLUMNS, b->width,
                     0, QUERY_TILE, n_vecs);
        ahead_ask(&b->ahead);
        /* 2. P and dS, while the tile is in the first-level cache */
        score_gradients(weights, dscores, b->at.log2_sum + q + i, b->at.dout_out + q + i, n_vecs);
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
static __attribute__((noinline)) void keys_gradient(float *c, const float *scores, const float *b, int keys, int padded,
                                                    int depth, int add, Ahead *ahead) {
    rows_product(c, scores, 1, BACKWARD_KEYS, b, keys, padded, depth, add, ahead);
}

/* c (queries, padded) [+]= P b, with b (depth keys, padded). */
static __attribute__((noinline)) void queries_gradient(float *c, const float *scores, const float *b, int queries,
                                                       int padded, int depth, int add, Ahead *ahead) {
    rows_product(c, scores, BACKWARD_KEYS, 1, b, queries, padded, depth, add, ahead);
}

/* One block of keys with one block of queries: adds to dq, dk, dv (or starts them where they are new). */
static void backward_block(Backward *b, int k, int keys, int q, int queries) {
    size_t row = (size_t)q * (size_t)b->padded;
    score_block(b, q, queries, keys);
    /* dv = P^T dout and dk = dS^T q add over queries, dq = dS k over keys: each sum in ascending order */
    keys_gradient(b->at.dv, b->at.weights, b->at.dout_rows + row, keys, b->padded, queries, q > 0, &b->ahead);
    keys_gradient(b->at.dk, b->at.dscores, b->at.q_rows + row, keys, b->padded, queries, q > 0, &b->ahead);
    queries_gradient(b->at.dq + row, b->at.dscores, b->at.k_rows, queries, b->padded, keys, k > 0, &b->ahead);
}

/* Where the gradients of this block of keys will go, and the next block. */
static void keys_ahead(Backward *b, int k, int keys, int next_keys) {
    size_t stride = b->shape->kv_stride, here = (size_t)k * stride, next = (size_t)(k + keys) * stride;
    ahead_rows(&b->ahead, AHEAD_DK, b->dk + here, stride, keys, b->width);
    ahead_rows(&b->ahead, AHEAD_DV, b->dv + here, stride, keys, b->width);
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
static void backward_keys(Backward *b, int k, int keys, int query_block) {
    int n_queries = b->shape->n_queries;
    size_t stride = b->shape->q_stride;
    bool first = k == 0, last = k + keys == b->shape->n_keys;
    for (int q = 0; q < n_queries; q += query_block) {
        int queries = at_most(n_queries - q, query_block), next = q + queries;
        float *dq = b->dq + (size_t)q * stride;
        if (first) {
            pack_queries(b, q, queries);
            queries_ahead(b, next, at_most(n_queries - next, query_block));
        }
        /* dq of a block is complete with the last block of keys */
        if (last) ahead_rows(&b->ahead, AHEAD_DQ, dq, stride, queries, b->width);
        backward_block(b, k, keys, q, queries);
        if (last)
            unpack_rows(dq, stride, b->at.dq + (size_t)q * (size_t)b->padded, (size_t)b->padded, queries, b->width,
                        NULL, 1 / sqrtf((float)b->width));
    }
}

static void attention_backward_body(float *dq, float *dk, float *dv, const float *dout, const float *out,
                                    const float *lse, const HeadInputs *in, const HeadShape *shape, float *scratch) {
    Arena arena = {.base = (char *)scratch, .capacity = SIZE_MAX};
    Backward b = {.in = in,
                  .shape = shape,
                  .dout = dout,
                  .out = out,
                  .lse = lse,
                  .dq = dq,
                  .dk = dk,
                  .dv = dv,
                  .width = shape->head_width,
                  .padded = (int)round_up((size_t)shape->head_width, LANES),
                  .at = backward_layout(&arena, shape)};
    /* equal blocks: a short last one would leave tiles half empty */
    int query_block = equal_blocks(shape->n_queries, BACKWARD_QUERIES, QUERY_TILE);
    int key_block = equal_blocks(shape->n_keys, BACKWARD_KEYS, LANES);
    for (int k = 0; k < shape->n_keys; k += key_block) {
        int keys = at_most(shape->n_keys - k, key_block);
        size_t stride = shape->kv_stride, at = (size_t)k * stride;
        pack_keys(&b, k, keys);
        keys_ahead(&b, k, keys, at_most(shape->n_keys - k - keys, key_block));
        backward_keys(&b, k, keys, query_block);
        /* q carried log2(e)/sqrt(width); ln 2 takes log2(e) back out of dk */
        unpack_rows(dk + at, stride, b.at.dk, (size_t)b.padded, keys, b.width, NULL, LN_2);
        unpack_rows(dv + at, stride, b.at.dv, (size_t)b.padded, keys, b.width, NULL, 1);
    }
}
