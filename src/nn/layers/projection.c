#include "nn/layers/projection.h"

#include "nn/layers/layernorm.h"
#include "nn/layers/linear.h"

static Bf16Rows padded_rows(Bf16 *data, int width) {
    return (Bf16Rows){data, bf16_padded((size_t)width)};
}

static Bf16Finish to_floats(float *floats, int width) {
    return (Bf16Finish){.kind = BF16_TO_FLOATS, .floats = floats, .floats_stride = (size_t)width};
}

/* LN(x), rounded. */
static Bf16Rows rounded_norm(const Projection *p, const float *x, int R, const float *params, BlockScratch *scratch) {
    Bf16Rows norm = padded_rows(scratch->rounded.x, p->Din);
    bf16_layernorm(norm, x, params + p->norm_weight, params + p->norm_bias, R, p->Din);
    return norm;
}

void projection_forward(const Projection *p, float *y, const float *x, int R, const float *params,
                        BlockScratch *scratch) {
    const float *bias = p->has_bias ? params + p->bias : NULL;
    if (scratch->packed) {
        const Bf16Weights W = bf16_packed_matrix(scratch->packed, p->matrix, 0, 1);
        Bf16Finish finish = to_floats(y, p->Dout);
        finish.bias = bias;
        bf16_linear_forward(&finish, rounded_norm(p, x, R, params, scratch), &W, R);
        return;
    }
    layernorm_forward(scratch->norm, x, params + p->norm_weight, params + p->norm_bias, (size_t)R, p->Din);
    linear_forward((Rows){y, p->Dout}, (ConstRows){scratch->norm, p->Din}, params + p->weight, bias, R, p->Din,
                   p->Dout);
}

/* To scratch->dbranch. */
static void backward_floats(const Projection *p, const float *dy, const float *x, int R, const float *params,
                            float *grads, BlockScratch *scratch) {
    ConstRows dy_rows = {dy, p->Dout};
    layernorm_forward(scratch->norm, x, params + p->norm_weight, params + p->norm_bias, (size_t)R, p->Din);
    linear_backward_weight(grads + p->weight, p->has_bias ? grads + p->bias : NULL, dy_rows,
                           (ConstRows){scratch->norm, p->Din}, R, p->Din, p->Dout);
    linear_backward_input((Rows){scratch->dbranch, p->Din}, dy_rows, params + p->weight, R, p->Din, p->Dout);
}

static void backward_rounded(const Projection *p, const float *dy, const float *x, int R, const float *params,
                             float *grads, BlockScratch *scratch) {
    const Bf16Weights W = bf16_packed_matrix(scratch->packed, p->matrix, 0, 1);
    const Bf16Finish finish = to_floats(scratch->dbranch, p->Din);
    Bf16Rows rounded = padded_rows(scratch->rounded.dy, p->Dout);
    bf16_round_rows(rounded, dy, R, p->Dout, NULL, 0, p->has_bias ? grads + p->bias : NULL);
    bf16_linear_backward_weight(grads + p->weight, rounded, rounded_norm(p, x, R, params, scratch), R, p->Din, p->Dout,
                                &scratch->rounded.linear);
    bf16_linear_backward_input(&finish, rounded, &W, R);
}

void projection_backward(const Projection *p, float *dx, const float *dy, const float *x, int R, const float *params,
                         float *grads, BlockScratch *scratch) {
    (scratch->packed ? backward_rounded : backward_floats)(p, dy, x, R, params, grads, scratch);
    memset(dx, 0, (size_t)R * (size_t)p->Din * sizeof *dx);
    layernorm_backward(dx, grads + p->norm_weight, grads + p->norm_bias, scratch->dbranch, x, params + p->norm_weight,
                       (size_t)R, p->Din, scratch->partial);
}

void patches_layout(Patches *patches, Arena *arena, Precision precision, int count, int values) {
    *patches = (Patches){.values = values};
    if (precision == PRECISION_FLOAT32) {
        patches->floats = arena_floats(arena, (size_t)count * (size_t)values);
        return;
    }
    patches->rounded = arena_take(arena, bf16_rows_numbers(count, values) * sizeof(Bf16));
    patches->strip = arena_floats(arena, PATCH_STRIP * (size_t)values);
}

float *patches_room(const Patches *patches, int at) {
    return patches->strip ? patches->strip : patches->floats + (size_t)at * (size_t)patches->values;
}

void patches_keep(const Patches *patches, int at, int count) {
    if (!patches->strip) return;
    Bf16Rows rows = padded_rows(patches->rounded, patches->values);
    rows.data += (size_t)at * rows.stride;
    bf16_round_rows(rows, patches->strip, count, patches->values, NULL, 0, NULL);
}

void embedding_forward(const PatchEmbedding *e, float *x, const Patches *patches, int R, const float *params,
                       BlockScratch *scratch) {
    if (scratch->packed) {
        const Bf16Weights W = bf16_packed_matrix(scratch->packed, e->matrix, 0, 1);
        Bf16Finish finish = to_floats(x, e->width);
        finish.base = x;
        finish.base_stride = finish.floats_stride;
        bf16_linear_forward(&finish, padded_rows(patches->rounded, patches->values), &W, R);
        return;
    }
    linear_add((Rows){x, e->width}, (ConstRows){patches->floats, patches->values}, params + e->weight, R,
               patches->values, e->width);
}

void embedding_backward(const PatchEmbedding *e, const float *dx, const Patches *patches, int R, float *grads,
                        BlockScratch *scratch) {
    if (scratch->packed) {
        Bf16Rows dy = padded_rows(scratch->rounded.dy, e->width);
        bf16_round_rows(dy, dx, R, e->width, NULL, 0, grads + e->bias);
        bf16_linear_backward_weight(grads + e->weight, dy, padded_rows(patches->rounded, patches->values), R,
                                    patches->values, e->width, &scratch->rounded.linear);
        return;
    }
    linear_backward_weight(grads + e->weight, grads + e->bias, (ConstRows){dx, e->width},
                           (ConstRows){patches->floats, patches->values}, R, patches->values, e->width);
}
