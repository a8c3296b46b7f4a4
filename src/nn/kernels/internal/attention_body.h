/* nn/kernels/internal/attention_body - fused attention of one head, forward. See nn/layers/attention.h for what it
 * computes, and nn/kernels/internal/attention_backward_body.h for the way back.
 *
 * Scores are kept transposed, (keys, queries), for one block of QUERIES queries at a time: queries lie along the
 * vector, so maxima, sums and log-sum-exps over keys are plain vector operations, and the transposed block is exactly
 * the left operand the value product wants. Keys and values are packed once per head. Exponentials are powers of two:
 * the factor log2(e)/sqrt(width) goes into the queries. */
#pragma once

#include "base/system/arena.h"
#include "nn/kernels/internal/attention_backward_body.h"
#include "nn/kernels/internal/attention_tiles.h"

#include <math.h>
#include <stdint.h>

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
static __attribute__((noinline)) void queries_product(float *c, const float *scores, const float *b, int queries,
                                                      int padded, int depth, int add, Ahead *ahead) {
    rows_product(c, scores, 1, QUERIES, b, queries, padded, depth, add, ahead);
}

/* scores (keys rounded up to KEYS, QUERIES) = panels x columns, for n_vecs vectors of queries; a tile at a time. */
static __attribute__((noinline)) void score_tiles(float *scores, const float *panels, const float *columns, int keys,
                                                  int width, int n_vecs, Ahead *ahead) {
    for (int k = 0; k < keys; k += KEYS, scores += KEYS * QUERIES) {
        const float *tile = panels + (size_t)(k / KEY_PANEL * KEY_PANEL) * (size_t)width + k % KEY_PANEL;
        if (n_vecs == 3) tile_product(scores, QUERIES, tile, 1, KEY_PANEL, columns, QUERIES, width, 0, KEYS, 3);
        if (n_vecs == 2) tile_product(scores, QUERIES, tile, 1, KEY_PANEL, columns, QUERIES, width, 0, KEYS, 2);
        if (n_vecs == 1) tile_product(scores, QUERIES, tile, 1, KEY_PANEL, columns, QUERIES, width, 0, KEYS, 1);
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
                                   float *scratch) {
    Arena arena = {.base = (char *)scratch, .capacity = SIZE_MAX};
    const ForwardBuffers f = forward_layout(&arena, shape);
    int width = shape->head_width, keys = shape->n_keys, padded = (int)round_up((size_t)width, LANES);
    int key_block = equal_blocks(keys, FORWARD_KEYS, 1);
    float inverse_sum[QUERIES];
    Ahead ahead = {.at = AHEAD_RUNS};
    /* 1. keys as panels, values as rows, once for all queries */
    pack_panels(f.k_panels, in->k, shape->kv_stride, keys, width);
    pack_rows(f.v_rows, in->v, shape->kv_stride, keys, width, 1);
    for (int q = 0; q < shape->n_queries; q += QUERIES) {
        int count = at_most(shape->n_queries - q, QUERIES), next = q + QUERIES;
        /* 2. a block of queries as columns, scaled */
        pack_columns(f.q_columns, in->q + (size_t)q * shape->q_stride, shape->q_stride, count, width,
                     LOG2_E / sqrtf((float)width));
        if (next < shape->n_queries && keys > FORWARD_KEYS) { /* the rows of a short head are near enough */
            ahead_rows(&ahead, 0, out + (size_t)q * shape->out_stride, shape->out_stride, count, width);
            ahead_rows(&ahead, 1, in->q + (size_t)next * shape->q_stride, shape->q_stride,
                       at_most(shape->n_queries - next, QUERIES), width);
        }
        /* 3. all scores of the block, (keys, queries) */
        score_tiles(f.scores, f.k_panels, f.q_columns, keys, width, (count + LANES - 1) / LANES, &ahead);
        /* 4. their powers of two; the sums divide the output in the end */
        softmax_block(f.scores, inverse_sum, lse + q, keys, count);
        for (int k = 0; k < keys; k += key_block) {
            /* 5. out = P v, a block of keys at a time, in ascending order */
            int depth = at_most(keys - k, key_block);
            queries_product(f.out, f.scores + (size_t)k * QUERIES, f.v_rows + (size_t)k * (size_t)padded, count, padded,
                            depth, k > 0, &ahead);
        }
        unpack_rows(out + (size_t)q * shape->out_stride, shape->out_stride, f.out, (size_t)padded, count, width,
                    inverse_sum, 1);
    }
}

static size_t attention_scratch_body(const HeadShape *shape, int backward) {
    Arena measure = {0};
    if (backward)
        backward_layout(&measure, shape);
    else
        forward_layout(&measure, shape);
    return measure.used / sizeof(float);
}
