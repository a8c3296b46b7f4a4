/* A norm with a linear layer, and the embedding of patches, each in both precisions. Nothing but inputs and outputs is
 * kept for the way back: the norm is computed again. */
#include "nn/layers/projection.h"

#include "base/system/minmax.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/kept_rows.h"
#include "nn/layers/linear.h"

static Bf16Rows padded_rows(Bf16 *data, int width) {
    return (Bf16Rows){data, bf16_padded((size_t)width)};
}

static Bf16Finish to_floats(float *floats, int width) {
    return (Bf16Finish){.kind = BF16_TO_FLOATS, .floats = floats, .floats_stride = (size_t)width};
}

/* to (R, width) = x, rounded; sums (width), unless NULL, += its columns. */
static void round_rows(Team *team, Bf16Rows to, const float *x, int R, int width, float *sums) {
    bf16_round_rows(team, &(Bf16Rounding){.rows = to.data,
                                          .stride = to.stride,
                                          .x = x,
                                          .x_stride = (size_t)width,
                                          .R = R,
                                          .width = width,
                                          .sums = sums});
}

/* LN(x), rounded. */
static Bf16Rows rounded_norm(const Projection *p, const float *x, int R, const LayerPass *pass) {
    Bf16Rows norm = padded_rows(pass->scratch->rounded.x, p->Din);
    bf16_layernorm(pass->scratch->team, norm, x, pass->params + p->norm_weight, pass->params + p->norm_bias, R, p->Din);
    return norm;
}

/* LN(x), in scratch->norm. */
static ConstRows float_norm(const Projection *p, const float *x, int R, const LayerPass *pass) {
    float *norm = pass->scratch->norm;
    layernorm_forward(pass->scratch->team, norm, x, pass->params + p->norm_weight, pass->params + p->norm_bias,
                      (size_t)R, p->Din);
    return (ConstRows){norm, p->Din};
}

void projection_forward(const Projection *p, float *y, const float *x, int R, const LayerPass *pass) {
    BlockScratch *scratch = pass->scratch;
    const float *bias = p->has_bias ? pass->params + p->bias : NULL;
    if (scratch->packed) {
        const Bf16Weights W = bf16_packed_matrix(scratch->packed, p->matrix, 0, 1);
        Bf16Finish finish = to_floats(y, p->Dout);
        finish.bias = bias;
        bf16_linear_forward(scratch->team, &finish, rounded_norm(p, x, R, pass), &W, R);
        return;
    }
    linear_forward(scratch->team, (Rows){y, p->Dout}, float_norm(p, x, R, pass), pass->params + p->weight, bias,
                   (LinearShape){R, p->Din, p->Dout});
}

/* The gradient of LN(x), to scratch->dbranch; the norm is computed again, as in a block. */
static void backward_floats(const Projection *p, const float *dy, const float *x, int R, const LayerPass *pass) {
    BlockScratch *scratch = pass->scratch;
    const LinearShape shape = {R, p->Din, p->Dout};
    ConstRows dy_rows = {dy, p->Dout}, norm = float_norm(p, x, R, pass);
    linear_backward_weight(scratch->team, pass->grads + p->weight, p->has_bias ? pass->grads + p->bias : NULL, dy_rows,
                           norm, shape);
    linear_backward_input(scratch->team, (Rows){scratch->dbranch, p->Din}, dy_rows, pass->params + p->weight, shape);
}

static void backward_rounded(const Projection *p, const float *dy, const float *x, int R, const LayerPass *pass) {
    BlockScratch *scratch = pass->scratch;
    const Bf16Weights W = bf16_packed_matrix(scratch->packed, p->matrix, 0, 1);
    const Bf16Finish finish = to_floats(scratch->dbranch, p->Din);
    Bf16Rows rounded = padded_rows(scratch->rounded.dy, p->Dout);
    round_rows(scratch->team, rounded, dy, R, p->Dout, p->has_bias ? pass->grads + p->bias : NULL);
    bf16_linear_backward_weight(scratch->team, pass->grads + p->weight, rounded, rounded_norm(p, x, R, pass),
                                (LinearShape){R, p->Din, p->Dout}, &scratch->rounded.linear);
    bf16_linear_backward_input(scratch->team, &finish, rounded, &W, R);
}

void projection_backward(const Projection *p, float *dx, const float *dy, const float *x, int R,
                         const LayerPass *pass) {
    BlockScratch *scratch = pass->scratch;
    (scratch->packed ? backward_rounded : backward_floats)(p, dy, x, R, pass);
    /* a LayerNorm adds to its input's gradient, and no residual path leads here */
    floats_clear(scratch->team, dx, (size_t)R * (size_t)p->Din);
    const NormGradients d = {dx, pass->grads + p->norm_weight, pass->grads + p->norm_bias, scratch->partial};
    layernorm_backward(scratch->team, &d, scratch->dbranch, x, pass->params + p->norm_weight, (size_t)R, p->Din);
}

/* ---- the embedding of patches ---- */

/* Float32 keeps the patches as they are; mixed precision keeps them rounded, with a strip of floats a member. */
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

/* In strips, since rounded patches pass through floats of their member, which stay in its first-level cache. */
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
        if (p->strips) round_rows(NULL, to, rows, count, p->values, NULL);
    }
}

void patches_fill(Team *team, const Patches *patches, int R, PatchSource *from, void *source) {
    Filling filling = {patches, from, source};
    team_for(team, R, 1, 2 * (double)R * patches->values, fill_rows, &filling);
}

/* x holds the positions already: the product is added to them. */
void embedding_forward(const PatchEmbedding *e, float *x, const Patches *patches, int R, const LayerPass *pass) {
    BlockScratch *scratch = pass->scratch;
    if (scratch->packed) {
        const Bf16Weights W = bf16_packed_matrix(scratch->packed, e->matrix, 0, 1);
        Bf16Finish finish = to_floats(x, e->width);
        finish.base = x;
        finish.base_stride = finish.floats_stride;
        bf16_linear_forward(scratch->team, &finish, padded_rows(patches->rounded, patches->values), &W, R);
        return;
    }
    linear_add(scratch->team, (Rows){x, e->width}, (ConstRows){patches->floats, patches->values},
               pass->params + e->weight, (LinearShape){R, patches->values, e->width});
}

/* Pixels need no gradient: a weight gradient and a bias are all. */
void embedding_backward(const PatchEmbedding *e, const float *dx, const Patches *patches, int R,
                        const LayerPass *pass) {
    BlockScratch *scratch = pass->scratch;
    float *dW = pass->grads + e->weight, *db = pass->grads + e->bias;
    const LinearShape shape = {R, patches->values, e->width};
    if (scratch->packed) {
        Bf16Rows dy = padded_rows(scratch->rounded.dy, e->width);
        round_rows(scratch->team, dy, dx, R, e->width, db);
        bf16_linear_backward_weight(scratch->team, dW, dy, padded_rows(patches->rounded, patches->values), shape,
                                    &scratch->rounded.linear);
        return;
    }
    linear_backward_weight(scratch->team, dW, db, (ConstRows){dx, e->width},
                           (ConstRows){patches->floats, patches->values}, shape);
}
