/* The attentive probe: what nn/layers/attention does with one learned query that all clips share. A clip's query row is
 * a copy of the parameter, so the parameter's gradient is the sum of the rows' gradients. */
#include "nn/layers/attentive.h"

#include "base/system/arena.h"
#include "math/blas.h"
#include "nn/layers/attention.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/linear.h"

struct Attentive {
    int N, D, heads, K;
    ParamTable table;
    size_t query, key_weight, value_weight, value_bias, head_weight, head_bias;
};

struct AttentiveScratch {
    Arena arena;
    Team *team;
    int B;
    float *queries, *keys, *values;    /* (B, D), (B, N, D) twice */
    float *dqueries, *dkeys, *dvalues; /* gradients of those */
    float *pooled, *dpooled;           /* (B, D) */
    float *lse;                        /* (B, heads) */
    float *logits, *dlogits;           /* (B, K) */
    float *attention;                  /* scratch of nn/layers/attention */
};

/* One query a clip, N keys; heads lie side by side in rows of D. */
static AttentionShape shape_of(const Attentive *a, int B) {
    return (AttentionShape){.B = B,
                            .heads = a->heads,
                            .head_width = a->D / a->heads,
                            .n_queries = 1,
                            .n_keys = a->N,
                            .q_stride = a->D,
                            .kv_stride = a->D};
}

/* Keys have no bias: with one query it would add the same number to all of a head's scores, which softmax takes out. */
static Err add_params(Attentive *a) {
    ParamTable *t = &a->table;
    int D = a->D, K = a->K;
    const int square[] = {D, D}, head[] = {K, D};
    TRY(params_add(t, &a->query, &(ParamRow){"pool.query", &D, 1, INIT_NORMAL_02, D, D, false, 0}));
    TRY(params_add(t, &a->key_weight, &(ParamRow){"pool.k.weight", square, 2, INIT_XAVIER, D, D, true, 0}));
    TRY(params_add(t, &a->value_weight, &(ParamRow){"pool.v.weight", square, 2, INIT_XAVIER, D, D, true, 0}));
    TRY(params_add(t, &a->value_bias, &(ParamRow){"pool.v.bias", &D, 1, INIT_ZERO, 0, 0, false, 0}));
    TRY(params_add(t, &a->head_weight, &(ParamRow){"head.weight", head, 2, INIT_HEAD, D, K, true, 0}));
    return params_add(t, &a->head_bias, &(ParamRow){"head.bias", &K, 1, INIT_ZERO, 0, 0, false, 0});
}

Err attentive_new(Attentive **attentive, int n_tokens, int width, int heads, int n_classes) {
    *attentive = NULL;
    if (heads < 1 || width % heads != 0)
        return RAISE(ERR_USAGE, "readout.heads: %d do not divide the width %d", heads, width);
    Attentive *new = calloc(1, sizeof *new);
    if (!new) return RAISE(ERR_MEMORY, "attentive probe: no memory");
    blas_single_thread();
    *new = (Attentive){.N = n_tokens, .D = width, .heads = heads, .K = n_classes};
    Err err = add_params(new);
    if (err) attentive_free(&new);
    *attentive = new;
    return err;
}

void attentive_free(Attentive **attentive) {
    if (!*attentive) return;
    params_free(&(*attentive)->table);
    free(*attentive);
    *attentive = NULL;
}

const ParamTable *attentive_params(const Attentive *attentive) {
    return &attentive->table;
}

/* Run once without memory to count the bytes, once to hand them out (base/system/arena.h). */
static void scratch_layout(AttentiveScratch *s, Arena *arena, const Attentive *a, int members, int B) {
    size_t clips = (size_t)B, D = (size_t)a->D, K = (size_t)a->K, tokens = clips * (size_t)a->N * D;
    AttentionShape shape = shape_of(a, B);
    s->queries = arena_floats(arena, clips * D);
    s->keys = arena_floats(arena, tokens);
    s->values = arena_floats(arena, tokens);
    s->dqueries = arena_floats(arena, clips * D);
    s->dkeys = arena_floats(arena, tokens);
    s->dvalues = arena_floats(arena, tokens);
    s->pooled = arena_floats(arena, clips * D);
    s->dpooled = arena_floats(arena, clips * D);
    s->lse = arena_floats(arena, clips * (size_t)a->heads);
    s->logits = arena_floats(arena, clips * K);
    s->dlogits = arena_floats(arena, clips * K);
    s->attention = arena_take(arena, attention_scratch_bytes(&shape, members));
}

size_t attentive_scratch_bytes(const Attentive *attentive, int members, int B) {
    AttentiveScratch measured;
    Arena arena = {0};
    scratch_layout(&measured, &arena, attentive, members, B);
    return arena.used;
}

/* For at most B clips. */
Err attentive_scratch_new(AttentiveScratch **scratch, const Attentive *attentive, Team *team, int B) {
    const int members = team_size(team);
    *scratch = NULL;
    AttentiveScratch *new = calloc(1, sizeof *new);
    if (!new) return RAISE(ERR_MEMORY, "attentive probe: no memory");
    Err err =
        arena_alloc(&new->arena, attentive_scratch_bytes(attentive, members, B), "activations of an attentive probe");
    if (err) {
        free(new);
        return err;
    }
    scratch_layout(new, &new->arena, attentive, members, B);
    new->team = team;
    new->B = B;
    *scratch = new;
    return ERR_NONE;
}

void attentive_scratch_free(AttentiveScratch **scratch) {
    if (!*scratch) return;
    arena_free(&(*scratch)->arena);
    free(*scratch);
    *scratch = NULL;
}

/* Leaves queries, keys, values, pooled and lse for the way back. */
static void pool(const Attentive *a, AttentiveScratch *s, const float *params, const float *tokens, int B) {
    int D = a->D, rows = B * a->N;
    AttentionShape shape = shape_of(a, B);
    ConstRows x = {tokens, D};
    /* 1. queries, keys, values; 2. a weighted mean of each clip's values, head by head */
    rows_set((Rows){s->queries, D}, params + a->query, B, D);
    linear_forward(s->team, (Rows){s->keys, D}, x, params + a->key_weight, NULL, (LinearShape){rows, D, D});
    linear_forward(s->team, (Rows){s->values, D}, x, params + a->value_weight, params + a->value_bias,
                   (LinearShape){rows, D, D});
    attention_forward(s->team, s->pooled, s->lse, &(AttentionInputs){s->queries, s->keys, s->values}, &shape,
                      s->attention);
}

/* logits (B, K) of the pooled values. */
static void head(const Attentive *a, const AttentiveScratch *s, float *logits, const float *params, int B) {
    linear_forward(s->team, (Rows){logits, a->K}, (ConstRows){s->pooled, a->D}, params + a->head_weight,
                   params + a->head_bias, (LinearShape){B, a->D, a->K});
}

/* From dlogits to the parameters' gradients; the tokens come from a frozen encoder and need none. */
static void backward(const Attentive *a, AttentiveScratch *s, const float *params, float *grads, const float *tokens,
                     int B) {
    int D = a->D, rows = B * a->N;
    AttentionShape shape = shape_of(a, B);
    ConstRows dlogits = {s->dlogits, a->K}, x = {tokens, D};
    /* 1. the head; 2. the attention; 3. query, keys and values */
    linear_backward_weight(s->team, grads + a->head_weight, grads + a->head_bias, dlogits, (ConstRows){s->pooled, D},
                           (LinearShape){B, D, a->K});
    linear_backward_input(s->team, (Rows){s->dpooled, D}, dlogits, params + a->head_weight, (LinearShape){B, D, a->K});
    attention_backward(s->team, &(AttentionGradients){s->dqueries, s->dkeys, s->dvalues}, s->dpooled,
                       &(AttentionKept){s->pooled, s->lse}, &(AttentionInputs){s->queries, s->keys, s->values}, &shape,
                       s->attention);
    rows_add_to(s->team, grads + a->query, (ConstRows){s->dqueries, D}, B, D);
    linear_backward_weight(s->team, grads + a->key_weight, NULL, (ConstRows){s->dkeys, D}, x,
                           (LinearShape){rows, D, D});
    linear_backward_weight(s->team, grads + a->value_weight, grads + a->value_bias, (ConstRows){s->dvalues, D}, x,
                           (LinearShape){rows, D, D});
}

/* dlogits are scaled by loss_scale already, so gradients are; the loss is scaled here. */
void attentive_step(const Attentive *attentive, AttentiveScratch *scratch, const float *params, float *grads,
                    double *loss, const AttentiveBatch *batch, float loss_scale) {
    const float *tokens = batch->tokens;
    int B = batch->B;
    ASSERT(B >= 1 && B <= scratch->B);
    pool(attentive, scratch, params, tokens, B);
    head(attentive, scratch, scratch->logits, params, B);
    *loss += loss_scale *
             softmax_cross_entropy(scratch->dlogits, scratch->logits, batch->targets, B, attentive->K, loss_scale);
    if (grads) backward(attentive, scratch, params, grads, tokens, B);
}

/* As in training, without targets. */
void attentive_forward(const Attentive *attentive, AttentiveScratch *scratch, const float *params, float *logits,
                       const float *tokens, int B) {
    ASSERT(B >= 1 && B <= scratch->B);
    pool(attentive, scratch, params, tokens, B);
    head(attentive, scratch, logits, params, B);
}

double attentive_flops(const Attentive *attentive) {
    const Attentive *a = attentive;
    double products = 2.0 * a->N * a->D * a->D + 2.0 * a->N * a->D + (double)a->D * a->K;
    return 2 * products * 2; /* forward; the backward pass needs no gradient of the tokens: as much again */
}
