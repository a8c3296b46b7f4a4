#include "nn/layers/projection.h"

#include "base/system/minmax.h"
#include "nn/layers/kept_rows.h"
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
    bf16_layernorm(scratch->team, norm, x, params + p->norm_weight, params + p->norm_bias, R, p->Din);
    return norm;
}

void projection_forward(const Projection *p, float *y, const float *x, int R, const float *params,
                        BlockScratch *scratch) {
    const float *bias = p->has_bias ? params + p->bias : NULL;
    if (scratch->packed) {
        const Bf16Weights W = bf16_packed_matrix(scratch->packed, p->matrix, 0, 1);
        Bf16Finish finish = to_floats(y, p->Dout);
        finish.bias = bias;
        bf16_linear_forward(scratch->team, &finish, rounded_norm(p, x, R, params, scratch), &W, R);
        return;
    }
    layernorm_forward(scratch->team, scratch->norm, x, params + p->norm_weight, params + p->norm_bias, (size_t)R,
                      p->Din);
    linear_forward(scratch->team, (Rows){y, p->Dout}, (ConstRows){scratch->norm, p->Din}, params + p->weight, bias, R,
                   p->Din, p->Dout);
}

/* To scratch->dbranch. */
static void backward_floats(const Projection *p, const float *dy, const float *x, int R, const float *params,
                            float *grads, BlockScratch *scratch) {
    ConstRows dy_rows = {dy, p->Dout};
    layernorm_forward(scratch->team, scratch->norm, x, params + p->norm_weight, params + p->norm_bias, (size_t)R,
                      p->Din);
    linear_backward_weight(scratch->team, grads + p->weight, p->has_bias ? grads + p->bias : NULL, dy_rows,
                           (ConstRows){scratch->norm, p->Din}, R, p->Din, p->Dout);
    linear_backward_input(scratch->team, (Rows){scratch->dbranch, p->Din}, dy_rows, params + p->weight, R, p->Din,
                          p->Dout);
}

static void backward_rounded(const Projection *p, const float *dy, const float *x, int R, const float *params,
                             float *grads, BlockScratch *scratch) {
    const Bf16Weights W = bf16_packed_matrix(scratch->packed, p->matrix, 0, 1);
    const Bf16Finish finish = to_floats(scratch->dbranch, p->Din);
    Bf16Rows rounded = padded_rows(scratch->rounded.dy, p->Dout);
    bf16_round_rows(scratch->team, rounded, dy, R, p->Dout, NULL, 0, p->has_bias ? grads + p->bias : NULL);
    bf16_linear_backward_weight(scratch->team, grads + p->weight, rounded, rounded_norm(p, x, R, params, scratch), R,
                                p->Din, p->Dout, &scratch->rounded.linear);
    bf16_linear_backward_input(scratch->team, &finish, rounded, &W, R);
}

void projection_backward(const Projection *p, float *dx, const float *dy, const float *x, int R, const float *params,
                         float *grads, BlockScratch *scratch) {
    (scratch->packed ? backward_rounded : backward_floats)(p, dy, x, R, params, grads, scratch);
    floats_clear(scratch->team, dx, (size_t)R * (size_t)p->Din);
    layernorm_backward(scratch->team, dx, grads + p->norm_weight, grads + p->norm_bias, scratch->dbranch, x,
                       params + p->norm_weight, (size_t)R, p->Din, scratch->partial);
}

void patches_layout(Patches *patches, Arena *arena, Precision precision, int count, int values, int members) {
    *patches = (Patches){.values = values};
    if (precision == PRECISION_FLOAT32) {
        patches->floats = arena_floats(arena, (size_t)count * (size_t)values);
        return;
    }
    patches->rounded = arena_take(arena, bf16_rows_numbers(count, values) * sizeof(Bf16));
    patches->strips = arena_floats(arena, (size_t)members * PATCH_STRIP * (size_t)values);
}

typedef struct {
    const Patches *patches;
    PatchSource *from;
    void *source;
} Filling;

static void fill_rows(void *context, int member, int64_t begin, int64_t end) {
    const Filling *f = context;
    const Patches *p = f->patches;
    size_t values = (size_t)p->values;
    Bf16Rows rounded = padded_rows(p->rounded, p->values);
    for (int first = (int)begin; first < (int)end; first += PATCH_STRIP) {
        int count = min_int((int)end - first, PATCH_STRIP);
        float *rows = p->strips ? p->strips + (size_t)member * PATCH_STRIP * values
                                : p->floats + (size_t)first * values;
        f->from(f->source, rows, first, count);
        Bf16Rows to = {p->strips ? rounded.data + (size_t)first * rounded.stride : NULL, rounded.stride};
        if (p->strips) bf16_round_rows(NULL, to, rows, count, p->values, NULL, 0, NULL);
    }
}

void patches_fill(Team *team, const Patches *patches, int R, PatchSource *from, void *source) {
    Filling filling = {patches, from, source};
    team_for(team, R, 1, 2 * (double)R * patches->values, fill_rows, &filling);
}

void embedding_forward(const PatchEmbedding *e, float *x, const Patches *patches, int R, const float *params,
                       BlockScratch *scratch) {
    if (scratch->packed) {
        const Bf16Weights W = bf16_packed_matrix(scratch->packed, e->matrix, 0, 1);
        Bf16Finish finish = to_floats(x, e->width);
        finish.base = x;
        finish.base_stride = finish.floats_stride;
        bf16_linear_forward(scratch->team, &finish, padded_rows(patches->rounded, patches->values), &W, R);
        return;
    }
    linear_add(scratch->team, (Rows){x, e->width}, (ConstRows){patches->floats, patches->values}, params + e->weight, R,
               patches->values, e->width);
}

void embedding_backward(const PatchEmbedding *e, const float *dx, const Patches *patches, int R, float *grads,
                        BlockScratch *scratch) {
    if (scratch->packed) {
        Bf16Rows dy = padded_rows(scratch->rounded.dy, e->width);
        bf16_round_rows(scratch->team, dy, dx, R, e->width, NULL, 0, grads + e->bias);
        bf16_linear_backward_weight(scratch->team, grads + e->weight, dy,
                                    padded_rows(patches->rounded, patches->values), R, patches->values, e->width,
                                    &scratch->rounded.linear);
        return;
    }
    linear_backward_weight(scratch->team, grads + e->weight, grads + e->bias, (ConstRows){dx, e->width},
                           (ConstRows){patches->floats, patches->values}, R, patches->values, e->width);
}
