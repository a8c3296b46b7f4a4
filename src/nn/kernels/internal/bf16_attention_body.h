/* nn/kernels/internal/bf16_attention_body - fused attention of one head in mixed precision, forward. See
 * nn/kernels/bf16_job.h for what it is asked, nn/kernels/internal/attention_body.h for the same in floats,
 * nn/kernels/internal/bf16_attention_backward_body.h for the way back.
 *
 * Queries lie along the vectors, a block of them at a time, and scores are kept (keys, queries): maxima and sums over
 * keys are plain vector operations, and two rows of rounded exponentials interleaved are words of two keys, the left
 * operand that the value product wants. Scores, maxima, exponentials and sums are floats. The output is the sum over
 * the rounded exponentials divided by their own sum, so that rounding moves no weight between tokens on the whole; the
 * log-sum-exp that the backward pass gets is that of the exponentials before rounding. */
#pragma once

#include "base/system/arena.h"
#include "nn/kernels/internal/bf16_attention_backward_body.h"

#include <math.h>

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

/* scores (keys, HEAD_QUERIES) of n_vecs vectors of queries, and the largest of each query. */
INLINE void score_rows(float *scores, float *largest, const uint32_t *keys, const uint32_t *columns, int n_keys,
                       HeadWidth w, const int n_rows, const int n_vecs) {
    Vec top[3];
#pragma GCC unroll 3
    for (int v = 0; v < n_vecs; v++) top[v] = vec_all(-INFINITY);
    for (int k = 0; k < n_keys; k += n_rows, scores += (size_t)n_rows * HEAD_QUERIES, keys += (size_t)n_rows * w.row) {
        head_tile(scores, HEAD_QUERIES, keys, w.row, 1, columns, HEAD_QUERIES, w.pairs, 0, n_rows, n_vecs);
        int rows = at_most(n_keys - k, n_rows);
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
            for (int v = 0; v < n_vecs; v++)
                top[v] = vec_max(top[v], vec_load(scores + (size_t)i * HEAD_QUERIES + v * LANES));
    }
#pragma GCC unroll 3
    for (int v = 0; v < n_vecs; v++) vec_store(largest + v * LANES, top[v]);
}

static __attribute__((noinline)) void score_all(float *scores, float *largest, const uint32_t *keys,
                                                const uint32_t *columns, int n_keys, HeadWidth w, int n_vecs) {
    unsigned before = pair_begin();
    if (n_vecs == 3) score_rows(scores, largest, keys, columns, n_keys, w, HEAD_KEYS / 2, 3);
    if (n_vecs == 2) score_rows(scores, largest, keys, columns, n_keys, w, HEAD_KEYS / 2, 2);
    if (n_vecs == 1) score_rows(scores, largest, keys, columns, n_keys, w, HEAD_KEYS, 1);
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
                                        void *scratch) {
    Arena arena = {.base = scratch, .capacity = SIZE_MAX};
    const Bf16ForwardBuffers f = bf16_forward_layout(&arena, shape);
    const HeadWidth w = head_width(shape->head_width);
    const float scale = LOG2_E / sqrtf((float)w.width);
    int keys = shape->n_keys;
    float largest[HEAD_QUERIES], inverse_sum[HEAD_QUERIES];
    pack_head_rows(f.k_rows, in->k, shape->kv_stride, keys, HEAD_KEYS, w);
    pack_head_rows(f.v_rows, in->v, shape->kv_stride, keys, 1, w);
    pack_head_panel(f.v_panel, f.v_rows, keys, w);
    for (int q = 0; q < shape->n_queries; q += HEAD_QUERIES) {
        int count = at_most(shape->n_queries - q, HEAD_QUERIES);
        pack_head_rows(f.q_rows, in->q + (size_t)q * shape->q_stride, shape->q_stride, count, 1, w);
        pack_head_columns(f.q_columns, HEAD_QUERIES, f.q_rows, count, w);
        score_all(f.scores, largest, f.k_rows, f.q_columns, keys, w, (count + LANES - 1) / LANES);
        softmax_words(f.scores, inverse_sum, lse + q, largest, keys, count, scale);
        for (int k = 0; k < keys; k += HEAD_VALUES) {
            const uint32_t *weights = (const uint32_t *)f.scores + (size_t)(k / 2) * HEAD_QUERIES;
            head_product(f.out, w.vector, weights, 1, HEAD_QUERIES, f.v_panel + (size_t)(k / 2) * w.vector, count,
                         (at_most(keys - k, HEAD_VALUES) + 1) / 2, k > 0);
        }
        for (int i = 0; i < count; i++)
            head_round_rows(out + (size_t)(q + i) * shape->out_stride, 0, f.out + (size_t)i * w.vector, 1, w,
                            inverse_sum[i], NULL);
    }
}

static size_t bf16_attention_scratch_body(const Bf16HeadShape *shape, int backward) {
    Arena measure = {0};
    if (backward)
        bf16_backward_layout(&measure, shape);
    else
        bf16_forward_layout(&measure, shape);
    return measure.used;
}
