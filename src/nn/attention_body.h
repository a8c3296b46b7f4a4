/* nn/attention_body - fused attention of one head, forward and backward. See nn/attention.h for what it computes.
 *
 * Scores are kept transposed, (keys, queries), for one block of QUERIES queries at a time: queries lie along the
 * vector, so maxima, sums and log-sum-exps over keys are plain vector operations, and the transposed block is exactly
 * the left operand the value product wants. Keys and values are packed once per head. Exponentials are powers of two:
 * the factor log2(e)/sqrt(width) goes into the queries.
 *
 * The backward pass takes keys in blocks of BACKWARD_KEYS, whose gradients stay in the second-level cache while all
 * queries stream past; scores are recomputed from q, k and the log-sum-exp. */
#pragma once

#include "base/arena.h"
#include "nn/attention_tiles.h"

#include <math.h>
#include <stdint.h>

enum {
    FORWARD_KEYS = 96, /* keys whose values stay in the first-level cache while a query block uses them */
    BACKWARD_KEYS = 240,
};
#define LOG2_E 1.44269504089f
#define LN_2   0.69314718056f

typedef struct {
    float *k_panels, *v_rows;        /* all keys */
    float *q_columns, *scores, *out; /* one query block */
} ForwardBuffers;

static ForwardBuffers forward_layout(Arena *arena, const HeadShape *shape) {
    size_t keys = round_up((size_t)shape->n_keys, LANES), width = (size_t)shape->head_width,
           padded = round_up(width, LANES);
    ForwardBuffers b;
    b.k_panels = arena_floats(arena, keys * width);
    b.v_rows = arena_floats(arena, keys * padded);
    b.q_columns = arena_floats(arena, width * QUERIES);
    b.scores = arena_floats(arena, keys * QUERIES);
    b.out = arena_floats(arena, QUERIES * padded);
    return b;
}

typedef struct {
    float *k_panels, *v_panels, *k_rows, *dk, *dv;             /* all keys */
    float *q_columns, *dout_columns, *q_rows, *dout_rows, *dq; /* all queries; columns in blocks */
    float *log2_sum, *dout_out;                                /* (queries) lse / ln 2; sum over d of dout * out */
    float *weights, *dscores;                                  /* (BACKWARD_KEYS, QUERIES) */
} BackwardBuffers;

static BackwardBuffers backward_layout(Arena *arena, const HeadShape *shape) {
    size_t keys = round_up((size_t)shape->n_keys, LANES), queries = round_up((size_t)shape->n_queries, QUERIES);
    size_t width = (size_t)shape->head_width, padded = round_up(width, LANES);
    BackwardBuffers b;
    b.k_panels = arena_floats(arena, keys * width);
    b.v_panels = arena_floats(arena, keys * width);
    b.k_rows = arena_floats(arena, keys * padded);
    b.dk = arena_floats(arena, keys * padded);
    b.dv = arena_floats(arena, keys * padded);
    b.q_columns = arena_floats(arena, queries * width);
    b.dout_columns = arena_floats(arena, queries * width);
    b.q_rows = arena_floats(arena, queries * padded);
    b.dout_rows = arena_floats(arena, queries * padded);
    b.dq = arena_floats(arena, queries * padded);
    b.log2_sum = arena_floats(arena, queries);
    b.dout_out = arena_floats(arena, queries);
    b.weights = arena_floats(arena, BACKWARD_KEYS * QUERIES);
    b.dscores = arena_floats(arena, BACKWARD_KEYS * QUERIES);
    return b;
}

static size_t attention_scratch_body(const HeadShape *shape, int backward) {
    Arena measure = {0};
    if (backward)
        backward_layout(&measure, shape);
    else
        forward_layout(&measure, shape);
    return measure.used / sizeof(float);
}

/* scores -> 2^(scores - largest) over keys; largest and sum of the powers for each query. */
INLINE void exponentials(float *scores, float *largest, float *sum, int keys, const int n_vecs) {
    Vec top[3], total[3];
    for (int v = 0; v < n_vecs; v++) {
        top[v] = vec_load(scores + v * LANES);
        total[v] = (Vec){0};
    }
    for (int k = 1; k < keys; k++) {
        for (int v = 0; v < n_vecs; v++) top[v] = vec_max(top[v], vec_load(scores + (size_t)k * QUERIES + v * LANES));
    }
    for (int k = 0; k < keys; k++) {
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
    float inverse_sum[QUERIES];
    pack_panels(f.k_panels, in->k, shape->kv_stride, keys, width);
    pack_rows(f.v_rows, in->v, shape->kv_stride, keys, width, 1);
    for (int q = 0; q < shape->n_queries; q += QUERIES) {
        int count = shape->n_queries - q < QUERIES ? shape->n_queries - q : QUERIES;
        pack_columns(f.q_columns, in->q + (size_t)q * shape->q_stride, shape->q_stride, count, width,
                     LOG2_E / sqrtf((float)width));
        score_tiles(f.scores, f.k_panels, f.q_columns, keys, width, (count + LANES - 1) / LANES);
        softmax_block(f.scores, inverse_sum, lse + q, keys, count);
        for (int k = 0; k < keys; k += FORWARD_KEYS) {
            int depth = keys - k < FORWARD_KEYS ? keys - k : FORWARD_KEYS;
            queries_product(f.out, f.scores + (size_t)k * QUERIES, f.v_rows + (size_t)k * (size_t)padded, count, padded,
                            depth, k > 0);
        }
        unpack_rows(out + (size_t)q * shape->out_stride, shape->out_stride, f.out, count, width, inverse_sum, 1);
    }
}

static void pack_backward(const BackwardBuffers *b, const float *dout, const float *out, const float *lse,
                          const HeadInputs *in, const HeadShape *shape) {
    int width = shape->head_width, queries = shape->n_queries, keys = shape->n_keys;
    float scale = 1 / sqrtf((float)width);
    pack_panels(b->k_panels, in->k, shape->kv_stride, keys, width);
    pack_panels(b->v_panels, in->v, shape->kv_stride, keys, width);
    pack_rows(b->k_rows, in->k, shape->kv_stride, keys, width, 1);
    pack_rows(b->q_rows, in->q, shape->q_stride, queries, width, scale);
    pack_rows(b->dout_rows, dout, shape->out_stride, queries, width, 1);
    for (int q = 0; q < queries; q += QUERIES) {
        int count = queries - q < QUERIES ? queries - q : QUERIES;
        size_t at = (size_t)q * (size_t)width;
        pack_columns(b->q_columns + at, in->q + (size_t)q * shape->q_stride, shape->q_stride, count, width,
                     LOG2_E * scale);
        pack_columns(b->dout_columns + at, dout + (size_t)q * shape->out_stride, shape->out_stride, count, width, 1);
    }
    for (int q = 0; q < queries; q++) {
        const float *dout_q = dout + (size_t)q * shape->out_stride, *out_q = out + (size_t)q * shape->out_stride;
        Vec sum = {0};
        float tail = 0;
        int d = 0;
        for (; d + LANES <= width; d += LANES) sum += vec_load(dout_q + d) * vec_load(out_q + d);
        for (; d < width; d++) tail += dout_q[d] * out_q[d];
        b->dout_out[q] = vec_sum(sum) + tail;
        b->log2_sum[q] = lse[q] * LOG2_E;
    }
}

/* weights: scores -> P^T = 2^(scores - log2 sum). dscores: dP^T -> dS^T = P^T (dP^T - dout_out). */
INLINE void score_gradients(float *weights, float *dscores, const float *log2_sum, const float *dout_out, int keys,
                            const int n_vecs) {
    Vec sum[3], dot[3];
    for (int v = 0; v < n_vecs; v++) {
        sum[v] = vec_load(log2_sum + v * LANES);
        dot[v] = vec_load(dout_out + v * LANES);
    }
    for (int k = 0; k < keys; k++) {
        float *weights_k = weights + (size_t)k * QUERIES, *dscores_k = dscores + (size_t)k * QUERIES;
        for (int v = 0; v < n_vecs; v++) {
            Vec p = vec_exp2(vec_load(weights_k + v * LANES) - sum[v]);
            vec_store(weights_k + v * LANES, p);
            vec_store(dscores_k + v * LANES, p * (vec_load(dscores_k + v * LANES) - dot[v]));
        }
    }
}

/* One block of keys with one block of queries: adds to dq, dk, dv (or starts them where they are new). */
static void backward_block(const BackwardBuffers *b, int k, int keys, int q, int queries, int width) {
    int padded = (int)round_up((size_t)width, LANES), n_vecs = (queries + LANES - 1) / LANES;
    size_t k_at = (size_t)k * (size_t)width, q_at = (size_t)q * (size_t)width;
    size_t k_row = (size_t)k * (size_t)padded, q_row = (size_t)q * (size_t)padded;
    score_tiles(b->weights, b->k_panels + k_at, b->q_columns + q_at, keys, width, n_vecs);
    score_tiles(b->dscores, b->v_panels + k_at, b->dout_columns + q_at, keys, width, n_vecs);
    const float *log2_sum = b->log2_sum + q, *dout_out = b->dout_out + q;
    if (n_vecs == 3) score_gradients(b->weights, b->dscores, log2_sum, dout_out, keys, 3);
    if (n_vecs == 2) score_gradients(b->weights, b->dscores, log2_sum, dout_out, keys, 2);
    if (n_vecs == 1) score_gradients(b->weights, b->dscores, log2_sum, dout_out, keys, 1);
    keys_product(b->dv + k_row, b->weights, b->dout_rows + q_row, keys, padded, queries, q > 0);
    keys_product(b->dk + k_row, b->dscores, b->q_rows + q_row, keys, padded, queries, q > 0);
    queries_product(b->dq + q_row, b->dscores, b->k_rows + k_row, queries, padded, keys, k > 0);
}

static void attention_backward_body(float *dq, float *dk, float *dv, const float *dout, const float *out,
                                    const float *lse, const HeadInputs *in, const HeadShape *shape, float *scratch) {
    Arena arena = {.base = (char *)scratch, .capacity = SIZE_MAX};
    const BackwardBuffers b = backward_layout(&arena, shape);
    int width = shape->head_width;
    pack_backward(&b, dout, out, lse, in, shape);
    for (int k = 0; k < shape->n_keys; k += BACKWARD_KEYS) {
        int keys = shape->n_keys - k < BACKWARD_KEYS ? shape->n_keys - k : BACKWARD_KEYS;
        for (int q = 0; q < shape->n_queries; q += QUERIES) {
            int queries = shape->n_queries - q < QUERIES ? shape->n_queries - q : QUERIES;
            backward_block(&b, k, keys, q, queries, width);
        }
    }
    unpack_rows(dq, shape->q_stride, b.dq, shape->n_queries, width, NULL, 1 / sqrtf((float)width));
    unpack_rows(dk, shape->kv_stride, b.dk, shape->n_keys, width, NULL, 1);
    unpack_rows(dv, shape->kv_stride, b.dv, shape->n_keys, width, NULL, 1);
}
