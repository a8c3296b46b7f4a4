#include "nn/layers/block.h"

#include "base/system/minmax.h"
#include "base/text/text.h"
#include "nn/layers/attention.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/kept_rows.h"
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
    return params_add(table, (size_t *)(void *)((char *)params + row->field),
                      &(ParamRow){.name = name,
                                  .dims = row->dims,
                                  .n_dims = row->n_dims,
                                  .init = row->init,
                                  .fan_in = row->dims[1],
                                  .fan_out = row->dims[0],
                                  .decays = row->n_dims > 1,
                                  .layer = layer});
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

/* ---- forward ---- */

/* y = x + factor * (branch W^T + b): the bias and the residual go in first, the product adds. */
typedef struct {
    const float *branch;
    int width;     /* of the branch */
    float *scaled; /* what the branch becomes where there are factors; may be the branch */
    size_t weight, bias;
    const float *factors;
} Branch;

static void add_branch(const Block *block, float *y, const float *x, const Branch *branch) {
    const BlockShape *s = block->shape;
    Team *team = block->scratch->team;
    const float *W = block->params + branch->weight, *b = block->params + branch->bias;
    const LinearShape shape = {block_rows(s), branch->width, s->width};
    if (!branch->factors) {
        linear_residual(team, y, x, (ConstRows){branch->branch, branch->width}, W, b, shape);
        return;
    }
    clips_add_bias(team, y, x, branch->factors, b, s);
    clips_scale(team, branch->scaled, branch->branch, branch->factors, branch->width, s);
    linear_add(team, (Rows){y, s->width}, (ConstRows){branch->scaled, branch->width}, W, shape);
}

static AttentionInputs attention_inputs(const BlockActs *acts, const BlockShape *s) {
    size_t width = (size_t)s->width;
    if (s->first_kept) return (AttentionInputs){acts->queries, acts->qkv, acts->qkv + width};
    return (AttentionInputs){acts->qkv, acts->qkv + width, acts->qkv + 2 * width};
}

/* scratch->norm = LN1(x), of all rows. */
static void norm_input(const Block *block, const float *x) {
    layernorm_forward(block->scratch->team, block->scratch->norm, x, block->params + block->at->norm1_weight,
                      block->params + block->at->norm1_bias, (size_t)block_rows_in(block->shape), block->shape->width);
}

/* scratch->norm = LN2(middle), of the kept rows. */
static void norm_middle(const Block *block, const BlockActs *acts) {
    layernorm_forward(block->scratch->team, block->scratch->norm, acts->middle, block->params + block->at->norm2_weight,
                      block->params + block->at->norm2_bias, (size_t)block_rows(block->shape), block->shape->width);
}

/* q, k and v of LN1(x), one product where all rows have queries. The key part of the bias does not exist: a constant
 * added to all scores of a query would leave the softmax as it is. */
static void project_qkv(const Block *block, const float *x, BlockActs *acts) {
    const BlockShape *s = block->shape;
    const BlockParams *at = block->at;
    BlockScratch *scratch = block->scratch;
    int D = s->width, Rin = block_rows_in(s);
    size_t width = (size_t)D;
    norm_input(block, x);
    memcpy(scratch->row, block->params + at->q_bias, width * sizeof(float));
    memset(scratch->row + width, 0, width * sizeof(float));
    memcpy(scratch->row + 2 * width, block->params + at->v_bias, width * sizeof(float));
    const float *W = block->params + at->qkv_weight;
    if (!s->first_kept) {
        linear_forward(scratch->team, (Rows){acts->qkv, 3 * D}, (ConstRows){scratch->norm, D}, W, scratch->row,
                       (LinearShape){Rin, D, 3 * D});
        return;
    }
    kept_gather(scratch->team, scratch->kept, scratch->norm, s);
    linear_forward(scratch->team, (Rows){acts->queries, D}, (ConstRows){scratch->kept, D}, W, scratch->row,
                   (LinearShape){block_rows(s), D, D});
    linear_forward(scratch->team, (Rows){acts->qkv, 2 * D}, (ConstRows){scratch->norm, D}, W + width * width,
                   scratch->row + width, (LinearShape){Rin, D, 2 * D});
}

void block_forward(const Block *block, float *out, const float *x, BlockActs *acts) {
    const BlockShape *s = block->shape;
    const BlockParams *at = block->at;
    const BlockDrops *drops = block->drops;
    BlockScratch *scratch = block->scratch;
    int D = s->width, R = block_rows(s), hidden = s->hidden;
    const AttentionShape heads = attention_shape(s);
    /* 1. attention(LN1(x)) */
    project_qkv(block, x, acts);
    const AttentionInputs in = attention_inputs(acts, s);
    attention_forward(scratch->team, acts->attention, acts->lse, &in, &heads, scratch->attention);
    /* 2. middle = x + proj(attention), of the kept rows */
    const float *residual = x;
    if (s->first_kept) {
        kept_gather(scratch->team, scratch->kept, x, s);
        residual = scratch->kept;
    }
    add_branch(block, acts->middle, residual,
               &(Branch){.branch = acts->attention,
                         .width = D,
                         .scaled = scratch->dbranch,
                         .weight = at->proj_weight,
                         .bias = at->proj_bias,
                         .factors = drops ? drops->attention : NULL});
    /* 3. out = middle + fc2(gelu(fc1(LN2(middle)))) */
    norm_middle(block, acts);
    linear_forward(scratch->team, (Rows){acts->hidden, hidden}, (ConstRows){scratch->norm, D},
                   block->params + at->fc1_weight, block->params + at->fc1_bias, (LinearShape){R, D, hidden});
    gelu_forward(scratch->team, scratch->gelu, acts->hidden, (size_t)R * (size_t)hidden);
    add_branch(block, out, acts->middle,
               &(Branch){.branch = scratch->gelu,
                         .width = hidden,
                         .scaled = scratch->gelu,
                         .weight = at->fc2_weight,
                         .bias = at->fc2_bias,
                         .factors = drops ? drops->mlp : NULL});
}

/* ---- backward: the forward pass's lines from the last to the first ---- */

/* The branch's share of the output gradient: dout, or its scaled copy in scratch->kept. */
static const float *branch_gradient(const Block *block, const float *dout, const float *factors) {
    if (!factors) return dout;
    clips_scale(block->scratch->team, block->scratch->kept, dout, factors, block->shape->width, block->shape);
    return block->scratch->kept;
}

/* dout (R, width) in: gradient of the block's output; out: of its middle, since LN2's gradient is added to that of the
 * residual path. */
static void backward_mlp(const Block *block, float *dout, const BlockActs *acts) {
    const BlockShape *s = block->shape;
    const BlockParams *at = block->at;
    BlockScratch *scratch = block->scratch;
    const float *params = block->params;
    float *grads = block->grads;
    int D = s->width, R = block_rows(s), hidden = s->hidden;
    ConstRows dhidden = {scratch->dhidden, hidden};
    ConstRows dbranch = {branch_gradient(block, dout, block->drops ? block->drops->mlp : NULL), D};
    linear_backward_input(scratch->team, (Rows){scratch->dhidden, hidden}, dbranch, params + at->fc2_weight,
                          (LinearShape){R, hidden, D});
    gelu_backward(scratch->team, scratch->gelu, scratch->dhidden, scratch->dhidden, acts->hidden,
                  (size_t)R * (size_t)hidden);
    linear_backward_weight(scratch->team, grads + at->fc2_weight, grads + at->fc2_bias, dbranch,
                           (ConstRows){scratch->gelu, hidden}, (LinearShape){R, hidden, D});
    norm_middle(block, acts);
    linear_backward_weight(scratch->team, grads + at->fc1_weight, grads + at->fc1_bias, dhidden,
                           (ConstRows){scratch->norm, D}, (LinearShape){R, D, hidden});
    linear_backward_input(scratch->team, (Rows){scratch->dbranch, D}, dhidden, params + at->fc1_weight,
                          (LinearShape){R, D, hidden});
    const NormGradients d = {dout, grads + at->norm2_weight, grads + at->norm2_bias, scratch->partial};
    layernorm_backward(scratch->team, &d, scratch->dbranch, acts->middle, params + at->norm2_weight, (size_t)R, D);
}

/* From the gradients of q, k, v to that of LN1's output, in scratch->dbranch (Rin, width). */
static void backward_qkv_all(const Block *block) {
    const BlockParams *at = block->at;
    BlockScratch *scratch = block->scratch;
    float *grads = block->grads;
    int D = block->shape->width, Rin = block_rows_in(block->shape);
    const LinearShape shape = {Rin, D, 3 * D};
    ConstRows dqkv = {scratch->dhidden, 3 * D};
    linear_backward_weight(scratch->team, grads + at->qkv_weight, NULL, dqkv, (ConstRows){scratch->norm, D}, shape);
    rows_add_to(scratch->team, grads + at->q_bias, dqkv, Rin, D);
    rows_add_to(scratch->team, grads + at->v_bias, (ConstRows){dqkv.data + (size_t)(2 * D), 3 * D}, Rin, D);
    linear_backward_input(scratch->team, (Rows){scratch->dbranch, D}, dqkv, block->params + at->qkv_weight, shape);
}

/* The same when only the kept rows have queries. scratch->kept: their LN1 output, used up. */
static void backward_qkv_kept(const Block *block, const float *dq, const float *dkv) {
    const BlockShape *s = block->shape;
    const BlockParams *at = block->at;
    BlockScratch *scratch = block->scratch;
    float *grads = block->grads;
    int D = s->width, R = block_rows(s), Rin = block_rows_in(s);
    size_t width = (size_t)D;
    ConstRows dq_in = {dq, D}, dkv_in = {dkv, 2 * D};
    const float *W_q = block->params + at->qkv_weight, *W_kv = W_q + width * width;
    linear_backward_weight(scratch->team, grads + at->qkv_weight, grads + at->q_bias, dq_in,
                           (ConstRows){scratch->kept, D}, (LinearShape){R, D, D});
    linear_backward_weight(scratch->team, grads + at->qkv_weight + width * width, NULL, dkv_in,
                           (ConstRows){scratch->norm, D}, (LinearShape){Rin, D, 2 * D});
    rows_add_to(scratch->team, grads + at->v_bias, (ConstRows){dkv + width, 2 * D}, Rin, D);
    linear_backward_input(scratch->team, (Rows){scratch->dbranch, D}, dkv_in, W_kv, (LinearShape){Rin, D, 2 * D});
    linear_backward_input(scratch->team, (Rows){scratch->kept, D}, dq_in, W_q, (LinearShape){R, D, D});
    kept_add(scratch->team, scratch->dbranch, scratch->kept, s);
}

/* dmiddle (R, width) -> dx (Rin, width), which may be the same array when all rows are kept. */
static void backward_attention(const Block *block, float *dx, const float *dmiddle, const float *x,
                               const BlockActs *acts) {
    const BlockShape *s = block->shape;
    const BlockParams *at = block->at;
    BlockScratch *scratch = block->scratch;
    float *grads = block->grads;
    int D = s->width, R = block_rows(s), Rin = block_rows_in(s);
    size_t width = (size_t)D;
    const AttentionShape heads = attention_shape(s);
    const AttentionInputs in = attention_inputs(acts, s);
    /* 1. through proj, to the gradient of the attention's output in scratch->dbranch */
    ConstRows dproj = {branch_gradient(block, dmiddle, block->drops ? block->drops->attention : NULL), D};
    linear_backward_weight(scratch->team, grads + at->proj_weight, grads + at->proj_bias, dproj,
                           (ConstRows){acts->attention, D}, (LinearShape){R, D, D});
    linear_backward_input(scratch->team, (Rows){scratch->dbranch, D}, dproj, block->params + at->proj_weight,
                          (LinearShape){R, D, D});
    /* 2. through the attention, to those of q, k and v in scratch->dhidden, which the MLP no longer needs */
    float *dqkv = scratch->dhidden, *dq = scratch->dhidden, *dk = dqkv + width;
    if (s->first_kept) dk = dqkv + (size_t)R * width;
    attention_backward(scratch->team, &(AttentionGradients){dq, dk, dk + width}, scratch->dbranch,
                       &(AttentionKept){acts->attention, acts->lse}, &in, &heads, scratch->attention);
    /* 3. through the projections; meanwhile dx gets the residual path's share */
    norm_input(block, x);
    if (s->first_kept) {
        kept_gather(scratch->team, scratch->kept, scratch->norm, s);
        backward_qkv_kept(block, dq, dk);
        kept_spread(scratch->team, dx, dmiddle, s);
    } else {
        backward_qkv_all(block);
        if (dx != dmiddle) floats_copy(scratch->team, dx, dmiddle, (size_t)R * width);
    }
    /* 4. through LN1, which adds */
    const NormGradients d = {dx, grads + at->norm1_weight, grads + at->norm1_bias, scratch->partial};
    layernorm_backward(scratch->team, &d, scratch->dbranch, x, block->params + at->norm1_weight, (size_t)Rin, D);
}

void block_backward(const Block *block, float *dx, float *dout, const float *x, const BlockActs *acts) {
    backward_mlp(block, dout, acts);
    backward_attention(block, dx, dout, x, acts);
}
