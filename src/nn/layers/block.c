#include "nn/layers/block.h"

#include "base/system/minmax.h"
#include "base/text/text.h"
#include "nn/layers/attention.h"
#include "nn/layers/gelu.h"
#include "nn/layers/kept_rows.h"
#include "nn/layers/layernorm.h"
#include "nn/layers/linear.h"

/* One row of the table of a block's tensors. */
typedef struct {
    const char *name;
    size_t field; /* of BlockParams */
    int n_dims, dims[2];
    ParamInit init;
} BlockRow;

static Err block_row_add(BlockParams *params, ParamTable *table, const char *prefix, const BlockRow *row, int layer) {
    char name[TENSOR_NAME_SIZE];
    TRY(text_format(name, sizeof name, "%s%s", prefix, row->name));
    size_t offset = table->total;
    memcpy((char *)params + row->field, &offset, sizeof offset);
    return params_add(table, name, row->dims, row->n_dims, row->init, row->dims[1], row->dims[0], row->n_dims > 1,
                      layer);
}

Err block_params_add(BlockParams *params, ParamTable *table, const char *prefix, int width, int hidden, ParamInit init,
                     int layer) {
#define AT(field) offsetof(BlockParams, field)
    const BlockRow rows[] = {
        {"norm1.weight", AT(norm1_weight), 1, {width}, INIT_ONE},
        {"norm1.bias", AT(norm1_bias), 1, {width}, INIT_ZERO},
        {"attn.q_bias", AT(q_bias), 1, {width}, INIT_ZERO},
        {"attn.v_bias", AT(v_bias), 1, {width}, INIT_ZERO},
        {"attn.qkv.weight", AT(qkv_weight), 2, {3 * width, width}, init},
        {"attn.proj.weight", AT(proj_weight), 2, {width, width}, init},
        {"attn.proj.bias", AT(proj_bias), 1, {width}, INIT_ZERO},
        {"norm2.weight", AT(norm2_weight), 1, {width}, INIT_ONE},
        {"norm2.bias", AT(norm2_bias), 1, {width}, INIT_ZERO},
        {"mlp.fc1.weight", AT(fc1_weight), 2, {hidden, width}, init},
        {"mlp.fc1.bias", AT(fc1_bias), 1, {hidden}, INIT_ZERO},
        {"mlp.fc2.weight", AT(fc2_weight), 2, {width, hidden}, init},
        {"mlp.fc2.bias", AT(fc2_bias), 1, {width}, INIT_ZERO},
    };
#undef AT
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) TRY(block_row_add(params, table, prefix, &rows[i], layer));
    return ERR_NONE;
}

static AttentionShape attention_shape(const BlockShape *s) {
    int strides = s->first_kept ? 2 : 3;
    return (AttentionShape){.B = s->B,
                            .heads = s->heads,
                            .head_width = s->width / s->heads,
                            .n_queries = s->n_tokens - s->first_kept,
                            .n_keys = s->n_tokens,
                            .q_stride = s->first_kept ? s->width : strides * s->width,
                            .kv_stride = strides * s->width};
}

void block_acts_layout(BlockActs *acts, Arena *arena, const BlockShape *shape) {
    size_t R = (size_t)block_rows(shape), Rin = (size_t)block_rows_in(shape), width = (size_t)shape->width;
    bool partial = shape->first_kept > 0;
    *acts = (BlockActs){0};
    if (partial) acts->queries = arena_floats(arena, R * width);
    acts->qkv = arena_floats(arena, Rin * (partial ? 2 : 3) * width);
    acts->attention = arena_floats(arena, R * width);
    acts->lse = arena_floats(arena, R * (size_t)shape->heads);
    acts->middle = arena_floats(arena, R * width);
    acts->hidden = arena_floats(arena, R * (size_t)shape->hidden);
}

void block_scratch_layout(BlockScratch *scratch, Arena *arena, const BlockShape *shapes, int n_shapes, int members) {
    size_t norm = 0, kept = 0, hidden = 0, dhidden = 0, row = 0, partial = 0, attention = 0;
    for (int i = 0; i < n_shapes; i++) {
        const BlockShape *s = &shapes[i];
        size_t R = (size_t)block_rows(s), Rin = (size_t)block_rows_in(s), width = (size_t)s->width;
        const AttentionShape heads = attention_shape(s);
        norm = max_size(norm, Rin * width);
        kept = max_size(kept, R * width);
        hidden = max_size(hidden, R * (size_t)s->hidden);
        dhidden = max_size(dhidden, max_size(R * (size_t)s->hidden, 3 * Rin * width));
        row = max_size(row, 3 * width);
        partial = max_size(partial, layernorm_partial_floats(Rin, s->width, members));
        attention = max_size(attention, attention_scratch_bytes(&heads, members));
    }
    scratch->norm = arena_floats(arena, norm);
    scratch->kept = arena_floats(arena, kept);
    scratch->gelu = arena_floats(arena, hidden);
    scratch->dhidden = arena_floats(arena, dhidden);
    scratch->dbranch = arena_floats(arena, norm);
    scratch->row = arena_floats(arena, row);
    scratch->partial = arena_floats(arena, partial);
    scratch->attention = arena_take(arena, attention);
}

/* y = x + factor * (branch W^T + b): the bias and the residual go in first, the product adds. `branch` is scaled into
 * `scaled` when there are factors. */
static void add_branch(Team *team, float *y, const float *x, const float *branch, int branch_width, float *scaled,
                       const float *W, const float *b, const float *factors, const BlockShape *s) {
    int R = block_rows(s);
    if (!factors) {
        linear_residual(team, y, x, (ConstRows){branch, branch_width}, W, b, R, branch_width, s->width);
        return;
    }
    clips_add_bias(team, y, x, factors, b, s);
    clips_scale(team, scaled, branch, factors, branch_width, s);
    linear_add(team, (Rows){y, s->width}, (ConstRows){scaled, branch_width}, W, R, branch_width, s->width);
}

static AttentionInputs attention_inputs(const BlockActs *acts, const BlockShape *s) {
    size_t width = (size_t)s->width;
    if (s->first_kept) return (AttentionInputs){acts->queries, acts->qkv, acts->qkv + width};
    return (AttentionInputs){acts->qkv, acts->qkv + width, acts->qkv + 2 * width};
}

/* q, k and v of LN1(x). The key part of the bias does not exist; q and v have one. */
static void project_qkv(const float *x, BlockActs *acts, BlockScratch *scratch, const BlockShape *s,
                        const BlockParams *at, const float *params) {
    int D = s->width, Rin = block_rows_in(s);
    size_t width = (size_t)D;
    layernorm_forward(scratch->team, scratch->norm, x, params + at->norm1_weight, params + at->norm1_bias, (size_t)Rin,
                      D);
    memcpy(scratch->row, params + at->q_bias, width * sizeof(float));
    memset(scratch->row + width, 0, width * sizeof(float));
    memcpy(scratch->row + 2 * width, params + at->v_bias, width * sizeof(float));
    const float *W = params + at->qkv_weight;
    if (!s->first_kept) {
        linear_forward(scratch->team, (Rows){acts->qkv, 3 * D}, (ConstRows){scratch->norm, D}, W, scratch->row, Rin, D,
                       3 * D);
        return;
    }
    kept_gather(scratch->team, scratch->kept, scratch->norm, s);
    linear_forward(scratch->team, (Rows){acts->queries, D}, (ConstRows){scratch->kept, D}, W, scratch->row,
                   block_rows(s), D, D);
    linear_forward(scratch->team, (Rows){acts->qkv, 2 * D}, (ConstRows){scratch->norm, D}, W + width * width,
                   scratch->row + width, Rin, D, 2 * D);
}

void block_forward(float *out, const float *x, BlockActs *acts, BlockScratch *scratch, const BlockShape *shape,
                   const BlockParams *at, const float *params, const BlockDrops *drops) {
    int D = shape->width, R = block_rows(shape), hidden = shape->hidden;
    const AttentionShape heads = attention_shape(shape);
    project_qkv(x, acts, scratch, shape, at, params);
    const AttentionInputs in = attention_inputs(acts, shape);
    attention_forward(scratch->team, acts->attention, acts->lse, &in, &heads, scratch->attention);
    const float *residual = x;
    if (shape->first_kept) {
        kept_gather(scratch->team, scratch->kept, x, shape);
        residual = scratch->kept;
    }
    add_branch(scratch->team, acts->middle, residual, acts->attention, D, scratch->dbranch, params + at->proj_weight,
               params + at->proj_bias, drops ? drops->attention : NULL, shape);
    layernorm_forward(scratch->team, scratch->norm, acts->middle, params + at->norm2_weight, params + at->norm2_bias,
                      (size_t)R, D);
    linear_forward(scratch->team, (Rows){acts->hidden, hidden}, (ConstRows){scratch->norm, D}, params + at->fc1_weight,
                   params + at->fc1_bias, R, D, hidden);
    gelu_forward(scratch->team, scratch->gelu, acts->hidden, (size_t)R * (size_t)hidden);
    add_branch(scratch->team, out, acts->middle, scratch->gelu, hidden, scratch->gelu, params + at->fc2_weight,
               params + at->fc2_bias, drops ? drops->mlp : NULL, shape);
}

/* The branch's share of the output gradient: dout, or its scaled copy in scratch->kept. */
static const float *branch_gradient(BlockScratch *scratch, const float *dout, const float *factors,
                                    const BlockShape *s) {
    if (!factors) return dout;
    clips_scale(scratch->team, scratch->kept, dout, factors, s->width, s);
    return scratch->kept;
}

/* dout (R, width) in: gradient of the block's output; out: of its middle. */
static void backward_mlp(float *dout, const BlockActs *acts, BlockScratch *scratch, const BlockShape *s,
                         const BlockParams *at, const float *params, float *grads, const float *factors) {
    int D = s->width, R = block_rows(s), hidden = s->hidden;
    Rows dhidden = {scratch->dhidden, hidden};
    ConstRows dhidden_in = {scratch->dhidden, hidden}, dbranch = {branch_gradient(scratch, dout, factors, s), D};
    linear_backward_input(scratch->team, dhidden, dbranch, params + at->fc2_weight, R, hidden, D);
    gelu_backward(scratch->team, scratch->gelu, scratch->dhidden, scratch->dhidden, acts->hidden,
                  (size_t)R * (size_t)hidden);
    linear_backward_weight(scratch->team, grads + at->fc2_weight, grads + at->fc2_bias, dbranch,
                           (ConstRows){scratch->gelu, hidden}, R, hidden, D);
    layernorm_forward(scratch->team, scratch->norm, acts->middle, params + at->norm2_weight, params + at->norm2_bias,
                      (size_t)R, D);
    linear_backward_weight(scratch->team, grads + at->fc1_weight, grads + at->fc1_bias, dhidden_in,
                           (ConstRows){scratch->norm, D}, R, D, hidden);
    linear_backward_input(scratch->team, (Rows){scratch->dbranch, D}, dhidden_in, params + at->fc1_weight, R, D,
                          hidden);
    layernorm_backward(scratch->team, dout, grads + at->norm2_weight, grads + at->norm2_bias, scratch->dbranch,
                       acts->middle, params + at->norm2_weight, (size_t)R, D, scratch->partial);
}

/* From the gradients of q, k, v to that of LN1's output, in scratch->dbranch (Rin, width). */
static void backward_qkv_all(BlockScratch *scratch, const BlockShape *s, const BlockParams *at, const float *params,
                             float *grads) {
    int D = s->width, Rin = block_rows_in(s);
    size_t width = (size_t)D;
    ConstRows dqkv = {scratch->dhidden, 3 * D};
    linear_backward_weight(scratch->team, grads + at->qkv_weight, NULL, dqkv, (ConstRows){scratch->norm, D}, Rin, D,
                           3 * D);
    rows_add_to(scratch->team, grads + at->q_bias, dqkv, Rin, D);
    rows_add_to(scratch->team, grads + at->v_bias, (ConstRows){dqkv.data + 2 * width, 3 * D}, Rin, D);
    linear_backward_input(scratch->team, (Rows){scratch->dbranch, D}, dqkv, params + at->qkv_weight, Rin, D, 3 * D);
}

/* The same when only the kept rows have queries. scratch->kept: their LN1 output, used up. */
static void backward_qkv_kept(const float *dq, const float *dkv, BlockScratch *scratch, const BlockShape *s,
                              const BlockParams *at, const float *params, float *grads) {
    int D = s->width, R = block_rows(s), Rin = block_rows_in(s);
    size_t width = (size_t)D;
    ConstRows dq_in = {dq, D}, dkv_in = {dkv, 2 * D};
    linear_backward_weight(scratch->team, grads + at->qkv_weight, grads + at->q_bias, dq_in,
                           (ConstRows){scratch->kept, D}, R, D, D);
    linear_backward_weight(scratch->team, grads + at->qkv_weight + width * width, NULL, dkv_in,
                           (ConstRows){scratch->norm, D}, Rin, D, 2 * D);
    rows_add_to(scratch->team, grads + at->v_bias, (ConstRows){dkv + width, 2 * D}, Rin, D);
    linear_backward_input(scratch->team, (Rows){scratch->dbranch, D}, dkv_in, params + at->qkv_weight + width * width,
                          Rin, D, 2 * D);
    linear_backward_input(scratch->team, (Rows){scratch->kept, D}, dq_in, params + at->qkv_weight, R, D, D);
    kept_add(scratch->team, scratch->dbranch, scratch->kept, s);
}

/* dmiddle (R, width) -> dx (Rin, width), which may be the same array when all rows are kept. */
static void backward_attention(float *dx, const float *dmiddle, const float *x, const BlockActs *acts,
                               BlockScratch *scratch, const BlockShape *s, const BlockParams *at, const float *params,
                               float *grads, const float *factors) {
    int D = s->width, R = block_rows(s), Rin = block_rows_in(s);
    size_t width = (size_t)D;
    const AttentionShape heads = attention_shape(s);
    const AttentionInputs in = attention_inputs(acts, s);
    ConstRows dproj = {branch_gradient(scratch, dmiddle, factors, s), D};
    linear_backward_weight(scratch->team, grads + at->proj_weight, grads + at->proj_bias, dproj,
                           (ConstRows){acts->attention, D}, R, D, D);
    linear_backward_input(scratch->team, (Rows){scratch->dbranch, D}, dproj, params + at->proj_weight, R, D, D);
    float *dqkv = scratch->dhidden, *dq = scratch->dhidden, *dk = dqkv + width;
    if (s->first_kept) dk = dqkv + (size_t)R * width;
    attention_backward(scratch->team, &(AttentionGradients){dq, dk, dk + width}, scratch->dbranch, acts->attention,
                       acts->lse, &in, &heads, scratch->attention);
    layernorm_forward(scratch->team, scratch->norm, x, params + at->norm1_weight, params + at->norm1_bias, (size_t)Rin,
                      D);
    if (s->first_kept) {
        kept_gather(scratch->team, scratch->kept, scratch->norm, s);
        backward_qkv_kept(dq, dk, scratch, s, at, params, grads);
        kept_spread(scratch->team, dx, dmiddle, s);
    } else {
        backward_qkv_all(scratch, s, at, params, grads);
        if (dx != dmiddle) floats_copy(scratch->team, dx, dmiddle, (size_t)R * width);
    }
    layernorm_backward(scratch->team, dx, grads + at->norm1_weight, grads + at->norm1_bias, scratch->dbranch, x,
                       params + at->norm1_weight, (size_t)Rin, D, scratch->partial);
}

void block_backward(float *dx, float *dout, const float *x, const BlockActs *acts, BlockScratch *scratch,
                    const BlockShape *shape, const BlockParams *at, const float *params, float *grads,
                    const BlockDrops *drops) {
    backward_mlp(dout, acts, scratch, shape, at, params, grads, drops ? drops->mlp : NULL);
    backward_attention(dx, dout, x, acts, scratch, shape, at, params, grads, drops ? drops->attention : NULL);
}
