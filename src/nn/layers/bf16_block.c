/* The block of nn/layers/block.c in mixed precision: the same steps in the same order, with rounded rows in place of
 * floats between the products. What block.c does in passes of its own, the finish of a product does on the sums while
 * they are in the first-level cache: biases, residuals, GELU and its slope, rounding.
 *
 * Rows are padded to whole panels (nn/kernels/bf16.h), and q, k and v each have a padded part of a row. Products read
 * the padding, so it must be zero wherever attention, which knows nothing of it, has written. */
#include "nn/layers/block.h"

#include "nn/layers/elementwise.h"
#include "nn/layers/kept_rows.h"

/* ---- memory ---- */

/* Numbers of a row of `width` with its padding. */
static size_t padded_width(const BlockShape *s) {
    return bf16_padded((size_t)s->width);
}

Err bf16_block_plan(BlockParams *at, Bf16Plan *plan, int width, int hidden) {
    TRY(bf16_plan_add(plan, &at->qkv_matrix, at->qkv_weight, 3, width, width, true));
    TRY(bf16_plan_add(plan, &at->proj_matrix, at->proj_weight, 1, width, width, true));
    TRY(bf16_plan_add(plan, &at->fc1_matrix, at->fc1_weight, 1, hidden, width, true));
    return bf16_plan_add(plan, &at->fc2_matrix, at->fc2_weight, 1, width, hidden, true);
}

void bf16_block_acts_layout(Bf16BlockActs *acts, Arena *arena, const BlockShape *shape) {
    size_t R = (size_t)block_rows(shape), Rin = (size_t)block_rows_in(shape), width = padded_width(shape);
    bool partial = shape->first_kept > 0;
    *acts = (Bf16BlockActs){0};
    if (partial) acts->queries = arena_take(arena, R * width * sizeof(Bf16));
    acts->qkv = arena_take(arena, Rin * (partial ? 2 : 3) * width * sizeof(Bf16));
    acts->attention = arena_take(arena, R * width * sizeof(Bf16));
    acts->hidden = arena_take(arena, bf16_rows_numbers((int)R, shape->hidden) * sizeof(Bf16));
    acts->lse = arena_floats(arena, R * (size_t)shape->heads);
    acts->middle = arena_floats(arena, R * (size_t)shape->width);
}

/* Strides are those of whole rows: three parts of q k v, or two of k v where queries lie apart. */
static Bf16AttentionShape attention_shape(const BlockShape *s) {
    size_t width = padded_width(s);
    return (Bf16AttentionShape){.B = s->B,
                                .heads = s->heads,
                                .head = {.n_queries = s->n_tokens - s->first_kept,
                                         .n_keys = s->n_tokens,
                                         .head_width = s->width / s->heads,
                                         .q_stride = (s->first_kept ? 1 : 3) * width,
                                         .kv_stride = (s->first_kept ? 2 : 3) * width,
                                         .out_stride = width}};
}

/* The largest layer decides each buffer: `wide` holds hidden gradients and then those of q, k and v; `turned` and
 * `panels` the operands of a weight gradient. */
void bf16_block_need(Bf16Need *need, const BlockShape *shape) {
    const Bf16AttentionShape attention = attention_shape(shape);
    int R = block_rows(shape), Rin = block_rows_in(shape), width = (int)padded_width(shape);
    bf16_need_layer(need, Rin, width, width);
    need->wide =
        bf16_larger(need->wide, bf16_larger(bf16_rows_numbers(R, shape->hidden), bf16_rows_numbers(Rin, 3 * width)));
    need->turned = bf16_larger(need->turned, bf16_padded((size_t)R) * bf16_padded((size_t)shape->hidden));
    need->turned = bf16_larger(need->turned, bf16_padded((size_t)Rin) * 3 * (size_t)width);
    need->panels = bf16_larger(need->panels, bf16_panels_words((size_t)R, (size_t)shape->hidden));
    need->columns = 3 * width > need->columns ? 3 * width : need->columns;
    bf16_attention_need(&need->attention, &attention);
}

/* ---- rows ---- */

static Bf16Rows rows_of(Bf16 *data, const BlockShape *s) {
    return (Bf16Rows){data, padded_width(s)};
}
static Bf16Rows hidden_rows(Bf16 *data, const BlockShape *s) {
    return (Bf16Rows){data, bf16_padded((size_t)s->hidden)};
}

/* Zeros between the heads' columns and the ends of their padded parts. */
static void clear_padding(Bf16 *rows, int R, int parts, const BlockShape *s) {
    size_t width = (size_t)s->width, padded = padded_width(s);
    if (width == padded) return;
    for (size_t part = 0; part < (size_t)R * (size_t)parts; part++)
        memset(rows + part * padded + width, 0, (padded - width) * sizeof *rows);
}

/* The kept rows of every clip, next to each other. */
static Bf16Rows gather_kept(Bf16 *to, const Bf16 *all, const BlockShape *s) {
    size_t width = padded_width(s), kept = (size_t)(s->n_tokens - s->first_kept) * width;
    for (int b = 0; b < s->B; b++) memcpy(to + (size_t)b * kept, all + kept_row(s, b) * width, kept * sizeof *to);
    return rows_of(to, s);
}

/* ---- attention ---- */

/* q, k and v of all rows, or of their gradients. */
static Bf16Heads projections(Bf16 *queries, Bf16 *qkv, const BlockShape *s) {
    size_t width = padded_width(s);
    if (s->first_kept) return (Bf16Heads){queries, qkv, qkv + width};
    return (Bf16Heads){qkv, qkv + width, qkv + 2 * width};
}

static void attend(const Block *block, Bf16BlockActs *acts) {
    const BlockShape *s = block->shape;
    const Bf16AttentionShape shape = attention_shape(s);
    const Bf16Heads in = projections(acts->queries, acts->qkv, s);
    bf16_attention_forward(block->scratch->team, acts->attention, acts->lse, &in, &shape,
                           &block->scratch->rounded.attention);
    clear_padding(acts->attention, block_rows(s), 1, s);
}

/* Adds the biases' gradients, too. */
static void attend_backward(const Block *block, const Bf16Heads *d, const Bf16 *dout, const Bf16BlockActs *acts) {
    const BlockShape *s = block->shape;
    const Bf16AttentionShape shape = attention_shape(s);
    const Bf16Heads in = projections(acts->queries, acts->qkv, s);
    const Bf16AttentionGradients gradients = {
        .rows = *d, .q_bias = block->grads + block->at->q_bias, .v_bias = block->grads + block->at->v_bias};
    const Bf16AttentionKept kept = {.out = acts->attention, .lse = acts->lse};
    bf16_attention_backward(block->scratch->team, &gradients, dout, &kept, &in, &shape,
                            &block->scratch->rounded.attention);
}

/* ---- forward ---- */

/* The biases of q, k (which has none) and v, as far apart as the columns of the product. */
static const float *bias_row(const Block *block) {
    size_t width = (size_t)block->shape->width, padded = padded_width(block->shape);
    float *row = block->scratch->rounded.row;
    memset(row, 0, 3 * padded * sizeof *row);
    memcpy(row, block->params + block->at->q_bias, width * sizeof *row);
    memcpy(row + 2 * padded, block->params + block->at->v_bias, width * sizeof *row);
    return row;
}

static Bf16Finish to_rows(Bf16Rows rows, const float *bias) {
    return (Bf16Finish){.kind = BF16_TO_ROWS, .bias = bias, .rows = rows.data, .rows_stride = rows.stride};
}

/* q, k and v of LN1(x). */
static void project_qkv(const Block *block, const float *x, Bf16BlockActs *acts) {
    const BlockShape *s = block->shape;
    int Rin = block_rows_in(s), matrix = block->at->qkv_matrix;
    size_t width = padded_width(s);
    const float *bias = bias_row(block);
    Bf16Rows norm = rows_of(block->scratch->rounded.x, s);
    bf16_layernorm(block->scratch->team, norm, x, block->params + block->at->norm1_weight,
                   block->params + block->at->norm1_bias, Rin, s->width);
    if (!s->first_kept) {
        const Bf16Weights W = bf16_packed_matrix(block->scratch->packed, matrix, 0, 3);
        const Bf16Finish finish = to_rows((Bf16Rows){acts->qkv, 3 * width}, bias);
        bf16_linear_forward(block->scratch->team, &finish, norm, &W, Rin);
        return;
    }
    /* queries of the kept rows alone: two products, of the first part of the matrix and of the other two */
    const Bf16Weights W_q = bf16_packed_matrix(block->scratch->packed, matrix, 0, 1),
                      W_kv = bf16_packed_matrix(block->scratch->packed, matrix, 1, 2);
    const Bf16Finish queries = to_rows(rows_of(acts->queries, s), bias);
    const Bf16Finish keys = to_rows((Bf16Rows){acts->qkv, 2 * width}, bias + width);
    bf16_linear_forward(block->scratch->team, &queries, gather_kept(block->scratch->rounded.dy, norm.data, s), &W_q,
                        block_rows(s));
    bf16_linear_forward(block->scratch->team, &keys, norm, &W_kv, Rin);
}

/* y = x + factor * (branch W^T + b), for the rows of `clips` clips from the first one of y on. */
typedef struct {
    Bf16Rows rows;
    int matrix;
    size_t bias;
    const float *factors;
} Bf16Branch;

static void add_branch(const Block *block, float *y, const float *x, const Bf16Branch *branch, int clips) {
    const BlockShape *s = block->shape;
    int clip_rows = s->n_tokens - s->first_kept;
    const Bf16Weights W = bf16_packed_matrix(block->scratch->packed, branch->matrix, 0, 1);
    const Bf16Finish finish = {.kind = BF16_TO_FLOATS,
                               .bias = block->params + branch->bias,
                               .floats = y,
                               .base = x,
                               .floats_stride = (size_t)s->width,
                               .base_stride = (size_t)s->width,
                               .factors = branch->factors,
                               .factor_rows = clip_rows};
    bf16_linear_forward(block->scratch->team, &finish, branch->rows, &W, clips * clip_rows);
}

/* The residual of the kept rows lies clip by clip among all rows. */
static void add_attention(const Block *block, const float *x, Bf16BlockActs *acts) {
    const BlockShape *s = block->shape;
    const float *factors = block->drops ? block->drops->attention : NULL;
    size_t kept = (size_t)(s->n_tokens - s->first_kept), width = (size_t)s->width;
    int clips = s->first_kept ? 1 : s->B;
    for (int b = 0; b < s->B; b += clips) {
        size_t row = (size_t)b * kept;
        const Bf16Branch branch = {.rows = rows_of(acts->attention + row * padded_width(s), s),
                                   .matrix = block->at->proj_matrix,
                                   .bias = block->at->proj_bias,
                                   .factors = factors ? factors + b : NULL};
        add_branch(block, acts->middle + row * width, x + kept_row(s, b) * width, &branch, clips);
    }
}

void bf16_block_forward(const Block *block, float *out, const float *x, Bf16BlockActs *acts) {
    const BlockShape *s = block->shape;
    const BlockParams *at = block->at;
    int R = block_rows(s);
    /* 1. attention(LN1(x)); 2. middle = x + proj(attention); 3. out = middle + fc2(gelu(fc1(LN2(middle)))) */
    project_qkv(block, x, acts);
    attend(block, acts);
    add_attention(block, x, acts);
    Bf16Rows norm = rows_of(block->scratch->rounded.x, s), gelu = hidden_rows(block->scratch->rounded.gelu, s);
    bf16_layernorm(block->scratch->team, norm, acts->middle, block->params + at->norm2_weight,
                   block->params + at->norm2_bias, R, s->width);
    const Bf16Weights W1 = bf16_packed_matrix(block->scratch->packed, at->fc1_matrix, 0, 1);
    const Bf16Finish finish = {.kind = BF16_TO_GELU,
                               .bias = block->params + at->fc1_bias,
                               .rows = acts->hidden,
                               .gelu = gelu.data,
                               .rows_stride = gelu.stride};
    bf16_linear_forward(block->scratch->team, &finish, norm, &W1, R);
    const Bf16Branch branch = {gelu, at->fc2_matrix, at->fc2_bias, block->drops ? block->drops->mlp : NULL};
    add_branch(block, out, acts->middle, &branch, s->B);
}

/* ---- backward ---- */

/* The branch's share of the output gradient, rounded; its columns are added to the bias's gradient. */
static Bf16Rows round_gradient(const Block *block, const float *dout, const float *factors, float *dbias) {
    const BlockShape *s = block->shape;
    Bf16Rows dy = rows_of(block->scratch->rounded.dy, s);
    bf16_round_rows(block->scratch->team, &(Bf16Rounding){.rows = dy.data,
                                                          .stride = dy.stride,
                                                          .x = dout,
                                                          .x_stride = (size_t)s->width,
                                                          .R = block_rows(s),
                                                          .width = s->width,
                                                          .factors = factors,
                                                          .factor_rows = s->n_tokens - s->first_kept,
                                                          .sums = dbias});
    return dy;
}

static Bf16Finish to_floats(float *floats, size_t stride) {
    return (Bf16Finish){.kind = BF16_TO_FLOATS, .floats = floats, .floats_stride = stride};
}

/* dout (R, width) in: gradient of the block's output; out: of its middle. */
static void backward_mlp(const Block *block, float *dout, const Bf16BlockActs *acts) {
    const BlockShape *s = block->shape;
    const BlockParams *at = block->at;
    Bf16Scratch *scratch = &block->scratch->rounded;
    int R = block_rows(s), hidden = s->hidden;
    Bf16Rows dy = round_gradient(block, dout, block->drops ? block->drops->mlp : NULL, block->grads + at->fc2_bias);
    Bf16Rows norm = rows_of(scratch->x, s), gelu = hidden_rows(scratch->gelu, s),
             dhidden = hidden_rows(scratch->wide, s);
    const Bf16Weights W1 = bf16_packed_matrix(block->scratch->packed, at->fc1_matrix, 0, 1),
                      W2 = bf16_packed_matrix(block->scratch->packed, at->fc2_matrix, 0, 1);
    const Bf16Finish slope = {.kind = BF16_TO_GELU_GRADIENT,
                              .hidden = acts->hidden,
                              .gelu = gelu.data,
                              .rows = dhidden.data,
                              .rows_stride = dhidden.stride,
                              .column_sums = block->grads + at->fc1_bias};
    /* 1. through fc2, GELU and the sums of fc1's bias in one finish, which also computes GELU(hidden) again */
    bf16_linear_backward_input(block->scratch->team, &slope, dy, &W2, R);
    /* 2. weight gradients, with LN2(middle) computed again; 3. through fc1; 4. through LN2, which adds to dout */
    bf16_linear_backward_weight(block->scratch->team, block->grads + at->fc2_weight, dy, gelu,
                                (LinearShape){R, hidden, s->width}, &scratch->linear);
    bf16_layernorm(block->scratch->team, norm, acts->middle, block->params + at->norm2_weight,
                   block->params + at->norm2_bias, R, s->width);
    bf16_linear_backward_weight(block->scratch->team, block->grads + at->fc1_weight, dhidden, norm,
                                (LinearShape){R, s->width, hidden}, &scratch->linear);
    const Bf16Finish branch = to_floats(block->scratch->dbranch, (size_t)s->width);
    bf16_linear_backward_input(block->scratch->team, &branch, dhidden, &W1, R);
    layernorm_backward(
        block->scratch->team,
        &(NormGradients){dout, block->grads + at->norm2_weight, block->grads + at->norm2_bias, block->scratch->partial},
        block->scratch->dbranch, acts->middle, block->params + at->norm2_weight, (size_t)R, s->width);
}

/* Gradients of some of the three matrices, from those of their outputs, side by side. Without padding between them they
 * are one matrix. */
static void qkv_weight_gradient(const Block *block, Bf16Rows d, Bf16Rows norm, int R, int first_part, int n_parts) {
    const BlockShape *s = block->shape;
    size_t width = (size_t)s->width;
    int together = padded_width(s) == width ? n_parts : 1;
    for (int part = 0; part < n_parts; part += together)
        bf16_linear_backward_weight(block->scratch->team,
                                    block->grads + block->at->qkv_weight + (size_t)(first_part + part) * width * width,
                                    (Bf16Rows){d.data + (size_t)part * padded_width(s), d.stride}, norm,
                                    (LinearShape){R, s->width, together * s->width}, &block->scratch->rounded.linear);
}

/* From the gradients of q, k, v to that of LN1's output, in block->scratch->dbranch (Rin, width). */
static void backward_qkv_all(const Block *block, Bf16Rows dqkv, Bf16Rows norm) {
    const BlockShape *s = block->shape;
    int Rin = block_rows_in(s);
    const Bf16Weights W = bf16_packed_matrix(block->scratch->packed, block->at->qkv_matrix, 0, 3);
    const Bf16Finish branch = to_floats(block->scratch->dbranch, (size_t)s->width);
    qkv_weight_gradient(block, dqkv, norm, Rin, 0, 3);
    bf16_linear_backward_input(block->scratch->team, &branch, dqkv, &W, Rin);
}

/* The same when only the kept rows have queries. */
static void backward_qkv_kept(const Block *block, Bf16Rows dq, Bf16Rows dkv, Bf16Rows norm) {
    const BlockShape *s = block->shape;
    int R = block_rows(s), Rin = block_rows_in(s), clip_rows = R / s->B;
    size_t width = (size_t)s->width;
    const Bf16Weights W_q = bf16_packed_matrix(block->scratch->packed, block->at->qkv_matrix, 0, 1),
                      W_kv = bf16_packed_matrix(block->scratch->packed, block->at->qkv_matrix, 1, 2);
    const Bf16Finish branch = to_floats(block->scratch->dbranch, width);
    qkv_weight_gradient(block, dkv, norm, Rin, 1, 2);
    bf16_linear_backward_input(block->scratch->team, &branch, dkv, &W_kv, Rin);
    qkv_weight_gradient(block, dq, gather_kept(block->scratch->rounded.dy, norm.data, s), R, 0, 1);
    for (int b = 0; b < s->B; b++) {
        Bf16Finish add = to_floats(block->scratch->dbranch + kept_row(s, b) * width, width);
        add.base = add.floats;
        add.base_stride = width;
        bf16_linear_backward_input(block->scratch->team, &add,
                                   (Bf16Rows){dq.data + (size_t)(b * clip_rows) * dq.stride, dq.stride}, &W_q,
                                   clip_rows);
    }
}

/* dmiddle (R, width) -> dx (Rin, width), which may be the same array when all rows are kept. */
static void backward_attention(const Block *block, float *dx, const float *dmiddle, const float *x,
                               const Bf16BlockActs *acts) {
    const BlockShape *s = block->shape;
    const BlockParams *at = block->at;
    Bf16Scratch *scratch = &block->scratch->rounded;
    int R = block_rows(s), Rin = block_rows_in(s);
    size_t width = padded_width(s);
    Bf16Rows dy =
        round_gradient(block, dmiddle, block->drops ? block->drops->attention : NULL, block->grads + at->proj_bias);
    Bf16Rows norm = rows_of(scratch->x, s);
    const Bf16Weights W = bf16_packed_matrix(block->scratch->packed, at->proj_matrix, 0, 1);
    const Bf16Finish attention = to_rows(rows_of(scratch->gelu, s), NULL);
    bf16_linear_backward_weight(block->scratch->team, block->grads + at->proj_weight, dy, rows_of(acts->attention, s),
                                (LinearShape){R, s->width, s->width}, &scratch->linear);
    bf16_linear_backward_input(block->scratch->team, &attention, dy, &W, R);
    /* gradients of q, k and v take the place of the MLP's; with kept rows those of q lie before the others */
    Bf16 *dkv = scratch->wide + (s->first_kept ? (size_t)R * width : 0);
    const Bf16Heads d = projections(scratch->wide, dkv, s);
    attend_backward(block, &d, scratch->gelu, acts);
    bf16_layernorm(block->scratch->team, norm, x, block->params + at->norm1_weight, block->params + at->norm1_bias, Rin,
                   s->width);
    if (s->first_kept) {
        clear_padding(d.q, R, 1, s);
        clear_padding(dkv, Rin, 2, s);
        backward_qkv_kept(block, rows_of(d.q, s), (Bf16Rows){dkv, 2 * width}, norm);
        kept_spread(block->scratch->team, dx, dmiddle, s);
    } else {
        clear_padding(dkv, Rin, 3, s);
        backward_qkv_all(block, (Bf16Rows){dkv, 3 * width}, norm);
        if (dx != dmiddle) floats_copy(block->scratch->team, dx, dmiddle, (size_t)R * (size_t)s->width);
    }
    layernorm_backward(
        block->scratch->team,
        &(NormGradients){dx, block->grads + at->norm1_weight, block->grads + at->norm1_bias, block->scratch->partial},
        block->scratch->dbranch, x, block->params + at->norm1_weight, (size_t)Rin, s->width);
}

void bf16_block_backward(const Block *block, float *dx, float *dout, const float *x, const Bf16BlockActs *acts) {
    backward_mlp(block, dout, acts);
    backward_attention(block, dx, dout, x, acts);
}
