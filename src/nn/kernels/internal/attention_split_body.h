/* nn/kernels/internal/attention_split_body - fused attention of one head in the tile units of AMX. See
 * nn/layers/attention.h for what it computes, nn/kernels/internal/split_tiles.h for the arithmetic, and
 * nn/kernels/internal/attention_split_backward_body.h for the way back.
 *
 * Scores are kept transposed, (keys, queries), for SPLIT_WIDTH queries at a time: queries lie along the vector, so
 * maxima and sums over keys are plain vector operations, and the weights come out as rows of the right operand of
 * out^T = v^T weights. Everything packed of one head stays in the second-level cache. Exponentials are powers of two:
 * the factor log2(e)/sqrt(width) is applied with the maximum. */
#pragma once

#include "nn/kernels/internal/attention_split_backward_body.h"

typedef struct {
    float *k, *v_turned;         /* all keys: rows; width as rows */
    float *q, *scores, *weights; /* one block of queries: columns; (keys, SPLIT_WIDTH); packed */
    float *out;                  /* (SPLIT_WIDTH of the width, SPLIT_WIDTH queries) */
} SplitForward;

static SplitForward split_forward_layout(Arena *arena, const HeadShape *shape) {
    SplitForward f;
    f.k = arena_floats(arena, split_size(shape->n_keys, shape->head_width));
    f.v_turned = arena_floats(arena, split_size(shape->head_width, shape->n_keys));
    f.q = arena_floats(arena, split_size(SPLIT_WIDTH, shape->head_width));
    f.scores = arena_floats(arena, round_up((size_t)shape->n_keys, SPLIT_WIDTH) * SPLIT_WIDTH);
    f.weights = arena_floats(arena, split_size(SPLIT_WIDTH, shape->n_keys));
    f.out = arena_floats(arena, SPLIT_WIDTH * SPLIT_WIDTH);
    return f;
}

/* weights = 2^(scale*scores - largest) over keys, packed; largest and sum of the powers for each query. Keys up to a
 * whole step get no weight. */
static __attribute__((noinline)) void split_softmax(float *weights, float *scores, int keys, float scale,
                                                    float *largest, float *sum) {
    Vec top[2], total[2] = {{0}, {0}};
    /* 1. the largest score of each query */
    for (int v = 0; v < 2; v++) top[v] = vec_load(scores + v * LANES);
    for (int k = 1; k < keys; k++) {
        for (int v = 0; v < 2; v++) top[v] = vec_max(top[v], vec_load(scores + k * SPLIT_WIDTH + v * LANES));
    }
    /* the factor is positive: it may be applied after the maximum */
    for (int v = 0; v < 2; v++) top[v] *= scale;
    for (int i = keys * SPLIT_WIDTH; i < split_steps(keys) * SPLIT_STEP * SPLIT_WIDTH; i++) scores[i] = -INFINITY;
    for (int k = 0; k < keys; k += SPLIT_STEP, weights += SPLIT_PANEL) {
        for (int r = 0; r < SPLIT_TILE; r++) {
            const float *row = scores + (k + r) * SPLIT_WIDTH, *second_row = row + SPLIT_TILE * SPLIT_WIDTH;
            for (int v = 0; v < 2; v++) {
                Vec first = vec_exp2(vec_load(row + v * LANES) * scale - top[v]);
                Vec second = vec_exp2(vec_load(second_row + v * LANES) * scale - top[v]);
                total[v] += first + second;
                split_store_row(weights + v * SPLIT_WORDS + r * SPLIT_TILE, first, second);
            }
        }
    }
    for (int v = 0; v < 2; v++) {
        vec_store(largest + v * LANES, top[v]);
        vec_store(sum + v * LANES, total[v]);
    }
}

static void attention_split_forward(float *out, float *lse, const HeadInputs *in, const HeadShape *shape,
                                    float *scratch) {
    Arena arena = {.base = (char *)scratch, .capacity = SIZE_MAX};
    const SplitForward f = split_forward_layout(&arena, shape);
    int width = shape->head_width, keys = shape->n_keys, w_steps = split_steps(width), key_steps = split_steps(keys);
    float largest[SPLIT_WIDTH], sum[SPLIT_WIDTH];
    Ahead ahead = {.at = AHEAD_RUNS};
    split_begin();
    /* keys as rows, values turned, once for all queries */
    split_pack_rows(f.k, &(LargeOperand){in->k, shape->kv_stride, 1}, 0, 0, keys, width);
    split_pack_rows(f.v_turned, &(LargeOperand){in->v, 1, shape->kv_stride}, 0, 0, width, keys);
    for (int q = 0; q < shape->n_queries; q += SPLIT_WIDTH) {
        int count = at_most(shape->n_queries - q, SPLIT_WIDTH), next = q + count;
        float *rows = out + (size_t)q * shape->out_stride;
        split_pack_columns(f.q, &(LargeOperand){in->q, shape->q_stride, 1}, q, 0, count, width);
        ahead_rows(&ahead, 0, rows, shape->out_stride, count, width);
        ahead_rows(&ahead, 1, in->q + (size_t)next * shape->q_stride, shape->q_stride,
                   at_most(shape->n_queries - next, SPLIT_WIDTH), width);
        for (int k = 0; k < keys; k += SPLIT_WIDTH)
            split_sums(f.scores + k * SPLIT_WIDTH, SPLIT_WIDTH, f.k + k / SPLIT_WIDTH * w_steps * SPLIT_PANEL, f.q,
                       w_steps, true, split_ahead, &ahead);
        split_softmax(f.weights, f.scores, keys, LOG2_E / sqrtf((float)width), largest, sum);
        for (int i = 0; i < count; i++) {
            lse[q + i] = (largest[i] + log2f(sum[i])) * LN_2;
            sum[i] = 1 / sum[i];
        }
        for (int w = 0; w < width; w += SPLIT_WIDTH) {
            split_sums(f.out, SPLIT_WIDTH, f.v_turned + w / SPLIT_WIDTH * key_steps * SPLIT_PANEL, f.weights, key_steps,
                       true, split_ahead, &ahead);
            split_turn(rows + w, shape->out_stride, f.out, SPLIT_WIDTH, count, at_most(width - w, SPLIT_WIDTH), sum);
        }
    }
    split_end();
}
