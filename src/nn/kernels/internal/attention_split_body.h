/* nn/kernels/internal/attention_split_body - fused attention of one head in the tile units of AMX, both passes. See
 * nn/layers/attention.h for what it computes, nn/kernels/internal/attention_body.h for its indices and the formulas of
 * the way back, and nn/kernels/internal/split_tiles.h for the arithmetic.
 *
 * Forward. Scores are kept transposed, (keys, queries), for SPLIT_WIDTH queries at a time: queries lie along the
 * vector, so maxima and sums over keys are plain vector operations, and the weights come out as rows of the right
 * operand of out^T = v^T weights. Everything packed of one head stays in the second-level cache. Exponentials are
 * powers of two: the factor log2(e)/sqrt(width) is applied with the maximum.
 *
 * Backward. Keys are taken in blocks, past which all queries stream, a block at a time. Weights and score gradients of
 * a block are packed as they are computed, while the tile units multiply the next scores: rows of queries are rows of
 * the right operand of dv^T = dout^T P and dk^T = q^T dS, and of the left one of dq = dS k. Each gradient is one chain
 * of sums over blocks in ascending order. A block of keys is a link of a wave (base/system/wave.h), a block of queries
 * a step. */
#pragma once

#include "base/system/arena.h"
#include "nn/kernels/internal/attention_body.h"
#include "nn/kernels/internal/product_split_body.h"

enum { SPLIT_BLOCK = 4 * SPLIT_WIDTH }; /* queries and keys of a block, at most */

/* Floats of packed panels: `count` rows or columns of `depth` elements. */
INLINE size_t split_size(int count, int depth) {
    return round_up((size_t)count, SPLIT_WIDTH) * split_stride(depth);
}

/* While the tile units multiply: a line. */
INLINE void split_ahead(void *context, int call, int calls) {
    (void)call;
    (void)calls;
    ahead_line(context);
}

/* to (rows, columns) = scales[row] times the transposed sums, (columns, rows) with rows `ld` floats apart. Up to
 * SPLIT_WIDTH of both. */
static void split_turn(float *to, size_t stride, const float *sums, int ld, int rows, int columns,
                       const float *scales) {
    Vec tile[LANES];
    for (int c = 0; c < columns; c += LANES) {
        for (int r = 0; r < rows; r += LANES) {
            Vec scale = vec_load(scales + r);
            for (int i = 0; i < LANES; i++) tile[i] = vec_load(sums + (c + i) * ld + r) * scale;
            transpose(tile);
            for (int i = 0; i < at_most(rows - r, LANES); i++) {
                float *at = to + (size_t)(r + i) * stride + c;
                if (columns - c >= LANES)
                    vec_store(at, tile[i]);
                else
                    vec_store_part(at, tile[i], columns - c);
            }
        }
    }
}

/* ---- forward ---- */

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
                                    HeadQueries queries, float *scratch) {
    Arena arena = {.base = (char *)scratch, .capacity = SIZE_MAX};
    const SplitForward f = split_forward_layout(&arena, shape);
    int width = shape->head_width, keys = shape->n_keys, w_steps = split_steps(width), key_steps = split_steps(keys);
    float largest[SPLIT_WIDTH], sum[SPLIT_WIDTH];
    Ahead ahead = {.at = AHEAD_RUNS};
    split_begin();
    /* 1. keys as rows, values turned, once for these queries */
    split_pack_rows(f.k, &(LargeOperand){in->k, shape->kv_stride, 1}, 0, 0, keys, width);
    split_pack_rows(f.v_turned, &(LargeOperand){in->v, 1, shape->kv_stride}, 0, 0, width, keys);
    for (int q = queries.begin; q < queries.end; q += SPLIT_WIDTH) {
        int count = at_most(queries.end - q, SPLIT_WIDTH), next = q + count;
        float *rows = out + (size_t)q * shape->out_stride;
        /* 2. a block of queries as columns */
        split_pack_columns(f.q, &(LargeOperand){in->q, shape->q_stride, 1}, q, 0, count, width);
        ahead_rows(&ahead, 0, rows, shape->out_stride, count, width);
        ahead_rows(&ahead, 1, in->q + (size_t)next * shape->q_stride, shape->q_stride,
                   at_most(queries.end - next, SPLIT_WIDTH), width);
        /* 3. all scores of the block, then 4. their powers of two, packed; the sums divide the output in the end */
        for (int k = 0; k < keys; k += SPLIT_WIDTH)
            split_sums(f.scores + k * SPLIT_WIDTH, f.k + k / SPLIT_WIDTH * w_steps * SPLIT_PANEL, f.q, w_steps, true,
                       split_ahead, &ahead);
        split_softmax(f.weights, f.scores, keys, LOG2_E / sqrtf((float)width), largest, sum);
        for (int i = 0; i < count; i++) {
            lse[q + i] = (largest[i] + log2f(sum[i])) * LN_2;
            sum[i] = 1 / sum[i];
        }
        /* 5. out^T = v^T P, turned on the way out */
        for (int w = 0; w < width; w += SPLIT_WIDTH) {
            split_sums(f.out, f.v_turned + w / SPLIT_WIDTH * key_steps * SPLIT_PANEL, f.weights, key_steps, true,
                       split_ahead, &ahead);
            split_turn(rows + w, shape->out_stride, f.out, SPLIT_WIDTH, count, at_most(width - w, SPLIT_WIDTH), sum);
        }
    }
    split_end();
}

/* ---- backward ---- */

static int split_query_block(const HeadShape *shape) {
    return equal_blocks(shape->n_queries, SPLIT_BLOCK, SPLIT_WIDTH);
}
static int split_key_block(const HeadShape *shape) {
    return equal_blocks(shape->n_keys, SPLIT_BLOCK, SPLIT_WIDTH);
}

/* All queries, a block after the other, which the links of a head share. */
typedef struct {
    float *q, *dout, *q_turned, *dout_turned; /* rows; width as rows */
    float *dq;                                /* (queries, width), both whole panels */
    float *log2_sum, *dout_out;               /* (queries) lse / ln 2; sum over d of dout * out */
} SplitQueryBuffers;

/* One block of keys. */
typedef struct {
    float *k, *v, *k_turned;                /* columns; width as columns */
    float *dk, *dv;                         /* (width, SPLIT_BLOCK) */
    float *weights, *dscores, *dscore_rows; /* (SPLIT_BLOCK, SPLIT_BLOCK): keys as columns, twice; queries as rows */
} SplitKeyBuffers;

/* First in a scratch. */
static SplitKeyBuffers split_key_layout(Arena *arena, const HeadShape *shape) {
    int width = shape->head_width, padded = (int)round_up((size_t)width, SPLIT_WIDTH);
    SplitKeyBuffers b;
    b.k = arena_floats(arena, split_size(SPLIT_BLOCK, width));
    b.v = arena_floats(arena, split_size(SPLIT_BLOCK, width));
    b.k_turned = arena_floats(arena, split_size(width, SPLIT_BLOCK));
    b.dk = arena_floats(arena, (size_t)padded * SPLIT_BLOCK);
    b.dv = arena_floats(arena, (size_t)padded * SPLIT_BLOCK);
    b.weights = arena_floats(arena, split_size(SPLIT_BLOCK, SPLIT_BLOCK));
    b.dscores = arena_floats(arena, split_size(SPLIT_BLOCK, SPLIT_BLOCK));
    b.dscore_rows = arena_floats(arena, split_size(SPLIT_BLOCK, SPLIT_BLOCK));
    return b;
}

/* After those of the keys. */
static SplitQueryBuffers split_query_layout(Arena *arena, const HeadShape *shape) {
    int width = shape->head_width, padded = (int)round_up((size_t)width, SPLIT_WIDTH);
    int queries = (int)round_up((size_t)shape->n_queries, SPLIT_BLOCK);
    split_key_layout(arena, shape);
    SplitQueryBuffers b;
    b.q = arena_floats(arena, split_size(queries, width));
    b.dout = arena_floats(arena, split_size(queries, width));
    b.q_turned = arena_floats(arena, split_size(queries, width));
    b.dout_turned = arena_floats(arena, split_size(queries, width));
    b.dq = arena_floats(arena, (size_t)queries * (size_t)padded);
    b.log2_sum = arena_floats(arena, (size_t)queries);
    b.dout_out = arena_floats(arena, (size_t)queries);
    return b;
}

/* SPLIT_WIDTH queries with SPLIT_WIDTH keys: products, and where weights and score gradients are packed. */
typedef struct {
    _Alignas(64) float scores[SPLIT_WIDTH * SPLIT_WIDTH], dweights[SPLIT_WIDTH * SPLIT_WIDTH];
    const float *log2_sum, *dout_out;
    float *weights, *dscores, *dscore_rows;
    float scale;
    int keys; /* the others, up to a whole panel, get no weight */
} SplitScores;

/* P = 2^(scale*scores - log2_sum), dS = P (dweights - dout_out), of queries row and row + 16. */
INLINE void split_score_rows(const SplitScores *s, int row) {
    SplitFloats dscores[2][2];
    for (int v = 0; v < 2; v++) {
        SplitFloats weights[2];
        for (int half = 0; half < 2; half++) {
            int query = row + half * SPLIT_TILE, at = query * SPLIT_WIDTH + v * LANES;
            VecBits lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
            VecBits real = lane + v * LANES < s->keys;
            Vec power = vec_exp2(vec_load(s->scores + at) * s->scale - vec_all(s->log2_sum[query]));
            Vec weight = (Vec)((VecBits)power & real);
            weights[half] = split_floats(weight);
            dscores[half][v] = split_floats(weight * (vec_load(s->dweights + at) - vec_all(s->dout_out[query])));
        }
        int at = v * SPLIT_WORDS + row * SPLIT_TILE;
        split_store(s->weights + at, &weights[0], &weights[1]);
        split_store(s->dscores + at, &dscores[0][v], &dscores[1][v]);
    }
    split_store(s->dscore_rows + row * SPLIT_TILE, &dscores[0][0], &dscores[0][1]);
    split_store(s->dscore_rows + SPLIT_WORDS + row * SPLIT_TILE, &dscores[1][0], &dscores[1][1]);
}

/* The rows that are due in one of two products with the next scores. */
typedef struct {
    const SplitScores *done; /* NULL: nothing is due */
    int half;
} SplitDue;

INLINE void split_scores_meanwhile(void *context, int call, int calls) {
    enum { HALF = SPLIT_TILE / 2 };
    const SplitDue *due = context;
    if (!due->done) return;
    for (int r = HALF * call / calls; r < HALF * (call + 1) / calls; r++)
        split_score_rows(due->done, due->half * HALF + r);
}

typedef struct {
    const HeadInputs *in;
    const HeadShape *shape;
    const float *dout, *out, *lse;
    int width, padded, w_steps;
    SplitQueryBuffers all;
    SplitKeyBuffers at;
    Ahead ahead;
} SplitBackward;

/* Packed weights and score gradients of a block of keys with a block of queries, of which q is the first. */
static __attribute__((noinline)) void split_score_block(SplitBackward *b, int q, int queries, int keys) {
    int query_steps = split_steps(queries), key_steps = split_steps(keys), panel = b->w_steps * SPLIT_PANEL;
    const float *q_rows = b->all.q + split_size(q, b->width), *dout_rows = b->all.dout + split_size(q, b->width);
    SplitScores pair[2];
    const SplitScores *done = NULL;
    for (int i = 0; i < query_steps; i++) {
        for (int j = 0; j < key_steps; j++) {
            /* two buffers take turns: products of one while the rows of the other are finished */
            SplitScores *next = &pair[(i * key_steps + j) % 2];
            next->log2_sum = b->all.log2_sum + q + i * SPLIT_WIDTH;
            next->dout_out = b->all.dout_out + q + i * SPLIT_WIDTH;
            next->weights = b->at.weights + (j * query_steps + i) * SPLIT_PANEL;
            next->dscores = b->at.dscores + (j * query_steps + i) * SPLIT_PANEL;
            next->dscore_rows = b->at.dscore_rows + (i * key_steps + j) * SPLIT_PANEL;
            next->scale = LOG2_E / sqrtf((float)b->width);
            next->keys = keys - j * SPLIT_WIDTH;
            split_sums(next->scores, q_rows + i * panel, b->at.k + j * panel, b->w_steps, true, split_scores_meanwhile,
                       &(SplitDue){done, 0});
            split_sums(next->dweights, dout_rows + i * panel, b->at.v + j * panel, b->w_steps, true,
                       split_scores_meanwhile, &(SplitDue){done, 1});
            done = next;
        }
    }
    for (int r = 0; r < SPLIT_TILE; r++) split_score_rows(done, r);
}

/* c (rows, columns), whole panels, [+]= a b of packed panels; a has `depth` elements a row. */
static __attribute__((noinline)) void split_gradient(TileSums c, TileLeft a, const float *b, int columns, bool add,
                                                     Ahead *ahead) {
    size_t panel = split_size(SPLIT_WIDTH, a.depth);
    for (int r = 0; r < a.rows; r += SPLIT_WIDTH, c.data += SPLIT_WIDTH * c.ld, a.data += panel) {
        const LargeStrip strip = {.c = c.data,
                                  .ldc = c.ld,
                                  .a = a.data,
                                  .b = b,
                                  .rows = SPLIT_WIDTH,
                                  .columns = columns,
                                  .depth = a.depth,
                                  .base = {add ? c.data : NULL, NULL, c.ld}};
        split_rows(&strip, ahead);
    }
}

/* Packed panels of `rows` rows, of which each sums `depth` elements. */
INLINE TileLeft split_panels(const float *data, int rows, int depth) {
    return (TileLeft){.data = data, .rows = rows, .depth = depth};
}

static void split_pack_queries(SplitBackward *b, int q, int count) {
    const HeadShape *shape = b->shape;
    int panels = (int)round_up((size_t)count, SPLIT_WIDTH);
    size_t at = split_size(q, b->width);
    const float *from = b->in->q + (size_t)q * shape->q_stride;
    const QueryRows rows = query_rows(b->lse, b->dout, b->out, shape, q);
    split_pack_rows(b->all.q + at, &(LargeOperand){from, shape->q_stride, 1}, 0, 0, count, b->width);
    split_pack_rows(b->all.dout + at, &(LargeOperand){rows.dout, rows.stride, 1}, 0, 0, count, b->width);
    split_pack_rows(b->all.q_turned + at, &(LargeOperand){from, 1, shape->q_stride}, 0, 0, b->width, count);
    split_pack_rows(b->all.dout_turned + at, &(LargeOperand){rows.dout, 1, rows.stride}, 0, 0, b->width, count);
    query_sums(b->all.log2_sum + q, b->all.dout_out + q, rows, count, b->width);
    for (int i = count; i < panels; i++) b->all.log2_sum[q + i] = b->all.dout_out[q + i] = 0;
}

static void split_pack_keys(SplitBackward *b, int k, int keys) {
    size_t stride = b->shape->kv_stride, from = (size_t)k * stride;
    split_pack_columns(b->at.k, &(LargeOperand){b->in->k + from, stride, 1}, 0, 0, keys, b->width);
    split_pack_columns(b->at.v, &(LargeOperand){b->in->v + from, stride, 1}, 0, 0, keys, b->width);
    split_pack_columns(b->at.k_turned, &(LargeOperand){b->in->k + from, 1, stride}, 0, 0, b->width, keys);
}

/* A block of keys with all queries. */
static void split_backward_keys(SplitBackward *b, float *dq, int k, int keys, const WaveLink *link) {
    const HeadShape *shape = b->shape;
    int query_block = split_query_block(shape), n_queries = shape->n_queries,
        key_panels = (int)round_up((size_t)keys, SPLIT_WIDTH);
    for (int q = 0, step = 0; q < n_queries; q += query_block, step++) {
        int queries = at_most(n_queries - q, query_block), query_panels = (int)round_up((size_t)queries, SPLIT_WIDTH);
        size_t at = split_size(q, b->width);
        const TileSums dq_rows = {b->all.dq + (size_t)q * (size_t)b->padded, (size_t)b->padded};
        wave_wait(link, step);
        if (k == 0) split_pack_queries(b, q, queries);
        split_score_block(b, q, queries, keys);
        /* dv^T = dout^T P, dk^T = q^T dS, dq = dS k */
        split_gradient((TileSums){b->at.dv, SPLIT_BLOCK}, split_panels(b->all.dout_turned + at, b->padded, queries),
                       b->at.weights, key_panels, q > 0, &b->ahead);
        split_gradient((TileSums){b->at.dk, SPLIT_BLOCK}, split_panels(b->all.q_turned + at, b->padded, queries),
                       b->at.dscores, key_panels, q > 0, &b->ahead);
        split_gradient(dq_rows, split_panels(b->at.dscore_rows, query_panels, keys), b->at.k_turned, b->padded, k > 0,
                       &b->ahead);
        if (k + keys == shape->n_keys)
            unpack_rows(dq + (size_t)q * shape->q_stride, shape->q_stride, dq_rows, queries, b->width, NULL,
                        1 / sqrtf((float)b->width));
        wave_pass(link, step);
    }
}

static void attention_split_backward(const HeadBackward *head, int block, const WaveLink *link, float *scratch) {
    const HeadShape *shape = head->shape;
    Arena own = {.base = (char *)scratch, .capacity = SIZE_MAX},
          shared = {.base = (char *)head->scratch, .capacity = SIZE_MAX};
    SplitBackward b = {.in = head->in,
                       .shape = shape,
                       .dout = head->dout,
                       .out = head->out,
                       .lse = head->lse,
                       .width = shape->head_width,
                       .padded = (int)round_up((size_t)shape->head_width, SPLIT_WIDTH),
                       .w_steps = split_steps(shape->head_width),
                       .all = split_query_layout(&shared, shape),
                       .at = split_key_layout(&own, shape),
                       .ahead = {.at = AHEAD_RUNS}};
    int key_block = split_key_block(shape), k = block * key_block, keys = at_most(shape->n_keys - k, key_block);
    float ones[SPLIT_WIDTH], scales[SPLIT_WIDTH];
    for (int i = 0; i < SPLIT_WIDTH; i++) ones[i] = 1, scales[i] = 1 / sqrtf((float)b.width);
    split_begin();
    /* all queries pass by one block of keys */
    split_pack_keys(&b, k, keys);
    split_backward_keys(&b, head->d->q, k, keys, link);
    for (int c = 0; c < keys; c += SPLIT_WIDTH) {
        /* dk and dv were summed transposed: turned on the way out */
        size_t at = (size_t)(k + c) * shape->kv_stride;
        for (int w = 0; w < b.width; w += SPLIT_WIDTH) {
            int rows = at_most(keys - c, SPLIT_WIDTH), columns = at_most(b.width - w, SPLIT_WIDTH);
            split_turn(head->d->k + at + w, shape->kv_stride, b.at.dk + w * SPLIT_BLOCK + c, SPLIT_BLOCK, rows, columns,
                       scales);
            split_turn(head->d->v + at + w, shape->kv_stride, b.at.dv + w * SPLIT_BLOCK + c, SPLIT_BLOCK, rows, columns,
                       ones);
        }
    }
    split_end();
}

static HeadBlocks attention_split_blocks(const HeadShape *shape) {
    return (HeadBlocks){.queries = blocks_of(shape->n_queries, split_query_block(shape)),
                        .keys = blocks_of(shape->n_keys, split_key_block(shape))};
}
