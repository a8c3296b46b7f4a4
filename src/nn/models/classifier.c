/* The network of fine-tuning. Letters: B clips, N tokens of a clip, D width, K classes.
 *
 *     patches (B*N, values) -> + positions -> encoder (B*N, D) -> mean over a clip's tokens (B, D) -> fc_norm ->
 * dropout
 *     -> head (B, K) -> softmax cross entropy against soft labels
 *
 * There is no norm between the encoder and the mean: a checkpoint's encoder.norm is left out, as in the official code.
 */
#include "nn/models/classifier.h"

#include "base/system/minmax.h"
#include "math/blas.h"
#include "math/rng.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/linear.h"
#include "nn/layers/patch.h"
#include "nn/layers/projection.h"
#include "nn/models/internal/vit.h"

struct Classifier {
    ModelConfig model;
    ParamTable table;
    int n_classes, n_tokens, values;
    double drop_path, head_dropout;
    Vit encoder;
    PatchEmbedding patch;
    Bf16Plan matrices;
    size_t norm_weight, norm_bias, head_weight, head_bias;
    float *positions; /* (N, D) */
};

struct ClassifierScratch {
    Arena arena;
    const GradsWatch *watch; /* NULL: nobody */
    int B;
    int *tokens;     /* 0..N-1 */
    Patches patches; /* (B*N, values) */
    VitActs encoder;
    BlockScratch block;
    float *pooled, *normed, *kept; /* (B, D) mean over tokens; after fc_norm; factors of the dropout */
    float *logits, *dlogits;       /* (B, K) */
    float *dpooled;                /* (B, D) */
    float *dstream;                /* (B*N, D) */
    BlockDrops drops[VIT_DEPTH_MAX];
    float *factors; /* (depth, 2, B) what drops point to */
};

/* In the order of the official checkpoint. The last argument of a row is its group of layer-wise decay: 0 for the
 * embedding, l + 1 for block l, `top` for fc_norm and head. */
static Err classifier_params_add(Classifier *c) {
    ParamTable *t = &c->table;
    int D = c->model.width, K = c->n_classes, P = c->model.patch_size, values = c->values, top = c->model.depth + 1;
    const int patch_dims[] = {D, 3, c->model.tubelet_size, P, P}, head_dims[] = {K, D};
    c->patch = (PatchEmbedding){.width = D};
    TRY(params_add(t, &c->patch.weight,
                   &(ParamRow){"patch_embed.proj.weight", patch_dims, 5, INIT_FRAMEWORK, values, D, true, 0}));
    TRY(params_add(t, &c->patch.bias,
                   &(ParamRow){"patch_embed.proj.bias", &D, 1, INIT_FRAMEWORK, values, D, false, 0}));
    TRY(vit_params_add(&c->encoder, t, "blocks.", INIT_NORMAL_02, 1, 1));
    TRY(params_add(t, &c->norm_weight, &(ParamRow){"fc_norm.weight", &D, 1, INIT_ONE, 0, 0, false, top}));
    TRY(params_add(t, &c->norm_bias, &(ParamRow){"fc_norm.bias", &D, 1, INIT_ZERO, 0, 0, false, top}));
    TRY(params_add(t, &c->head_weight, &(ParamRow){"head.weight", head_dims, 2, INIT_HEAD, D, K, true, top}));
    return params_add(t, &c->head_bias, &(ParamRow){"head.bias", &K, 1, INIT_ZERO, 0, 0, false, top});
}

static Err classifier_fill(Classifier *c) {
    TRY(classifier_params_add(c));
    TRY(bf16_plan_add(&c->matrices, &c->patch.matrix, c->patch.weight, 1, c->patch.width, c->values, false));
    TRY(vit_plan(&c->encoder, &c->matrices));
    c->positions = malloc((size_t)c->n_tokens * (size_t)c->model.width * sizeof(float));
    if (!c->positions) return RAISE(ERR_MEMORY, "classifier: no memory for the position table");
    posenc_table(c->positions, c->n_tokens, c->model.width);
    return ERR_NONE;
}

Err classifier_new(Classifier **classifier, const ModelConfig *model, int n_classes, double drop_path,
                   double head_dropout) {
    *classifier = NULL;
    TRY(model_check(model));
    if (n_classes < 1) return RAISE(ERR_USAGE, "classifier: %d classes; at least one is needed", n_classes);
    if (!(drop_path >= 0 && drop_path < 1)) return RAISE(ERR_USAGE, "drop_path: %g is outside [0, 1)", drop_path);
    if (!(head_dropout >= 0 && head_dropout < 1))
        return RAISE(ERR_USAGE, "head_dropout: %g is outside [0, 1)", head_dropout);
    Classifier *new = calloc(1, sizeof *new);
    if (!new) return RAISE(ERR_MEMORY, "classifier: no memory");
    blas_single_thread();
    new->model = *model;
    new->n_classes = n_classes;
    new->n_tokens = model_tokens(model);
    new->values = model_patch_values(model);
    new->drop_path = drop_path;
    new->head_dropout = head_dropout;
    new->encoder = (Vit){
        .depth = model->depth, .width = model->width, .heads = model->heads, .hidden = model->mlp_ratio * model->width};
    Err err = classifier_fill(new);
    if (err) classifier_free(&new);
    *classifier = new;
    return err;
}

void classifier_free(Classifier **classifier) {
    if (!*classifier) return;
    params_free(&(*classifier)->table);
    bf16_plan_free(&(*classifier)->matrices);
    free((*classifier)->positions);
    free(*classifier);
    *classifier = NULL;
}

const ParamTable *classifier_params(const Classifier *classifier) {
    return &classifier->table;
}

const Bf16Plan *classifier_matrices(const Classifier *classifier) {
    return &classifier->matrices;
}

/* For B clips. Two factors of drop path for each block and clip, one of dropout for each clip and channel. */
static void scratch_layout(ClassifierScratch *s, Arena *arena, const Classifier *c, Precision precision, int members,
                           int B) {
    Bf16Need need = {0};
    size_t clips = (size_t)B, N = (size_t)c->n_tokens, D = (size_t)c->model.width, K = (size_t)c->n_classes;
    BlockShape shapes[2];
    s->tokens = arena_take(arena, N * sizeof(int));
    patches_layout(&s->patches, arena, precision, B * c->n_tokens, c->values, members);
    vit_acts_layout(&s->encoder, arena, &c->encoder, c->model.recompute ? VIT_RECOMPUTE : VIT_KEEP, precision,
                    (VitTokens){B, c->n_tokens, 0});
    vit_shapes(shapes, &c->encoder, (VitTokens){B, c->n_tokens, 0});
    bf16_need_layer(&need, B * c->n_tokens, c->values, c->patch.width);
    vit_scratch_layout(&s->block, arena, precision, shapes, 1, &need, members);
    s->pooled = arena_floats(arena, clips * D);
    s->normed = arena_floats(arena, clips * D);
    s->kept = arena_floats(arena, clips * D);
    s->logits = arena_floats(arena, clips * K);
    s->dlogits = arena_floats(arena, clips * K);
    s->dpooled = arena_floats(arena, clips * D);
    s->dstream = arena_floats(arena, clips * N * D);
    s->factors = arena_floats(arena, 2 * clips * (size_t)c->model.depth);
}

size_t classifier_scratch_bytes(const Classifier *classifier, Precision precision, int members, int B) {
    ClassifierScratch measured;
    Arena arena = {0};
    scratch_layout(&measured, &arena, classifier, precision, members, B);
    return arena.used;
}

Err classifier_scratch_new_team(ClassifierScratch **scratch, const Classifier *classifier, const Bf16Packed *packed,
                                Team *team, int B) {
    Precision precision = packed ? PRECISION_BFLOAT16 : PRECISION_FLOAT32;
    *scratch = NULL;
    ClassifierScratch *new = calloc(1, sizeof *new);
    if (!new) return RAISE(ERR_MEMORY, "activations: no memory");
    size_t bytes = classifier_scratch_bytes(classifier, precision, team_size(team), B);
    Err err = arena_alloc(&new->arena, bytes, "activations of a micro-batch");
    if (err) {
        free(new);
        return err;
    }
    scratch_layout(new, &new->arena, classifier, precision, team_size(team), B);
    new->block.team = team;
    new->block.packed = packed;
    new->B = B;
    for (int i = 0; i < classifier->n_tokens; i++) new->tokens[i] = i;
    *scratch = new;
    return ERR_NONE;
}

Err classifier_scratch_new(ClassifierScratch **scratch, const Classifier *classifier, int B) {
    return classifier_scratch_new_team(scratch, classifier, NULL, NULL, B);
}

void classifier_scratch_watch(ClassifierScratch *scratch, const GradsWatch *watch) {
    scratch->watch = watch;
}

void classifier_scratch_free(ClassifierScratch **scratch) {
    if (!*scratch) return;
    arena_free(&(*scratch)->arena);
    free(*scratch);
    *scratch = NULL;
}

/* 0, or 1 / keep: the expectation stays 1. */
static float drop_factor(Rng *rng, double rate) {
    return rng_unit_double(rng) < rate ? 0 : (float)(1 / (1 - rate));
}

/* The rate of block l grows linearly with l. One stream for each (clip, block): a clip's draws do not depend on which
 * micro-batch it is in. */
static void draw_drop_path(const Classifier *c, ClassifierScratch *s, const ClassifierDraws *draws, int B) {
    int depth = c->model.depth;
    for (int l = 0; l < depth; l++) {
        double rate = depth > 1 ? c->drop_path * l / (depth - 1) : 0;
        float *attention = s->factors + (size_t)l * 2 * (size_t)B, *mlp = attention + B;
        for (int b = 0; b < B; b++) {
            Rng rng = rng_stream(draws->seed, RNG_DROP_PATH, draws->samples[b], (uint32_t)l);
            attention[b] = drop_factor(&rng, rate);
            mlp[b] = drop_factor(&rng, rate);
        }
        s->drops[l] = (BlockDrops){attention, mlp};
    }
}

/* Multiplies fc_norm's output by the factors it leaves in scratch->kept for the way back. */
static void drop_features(const Classifier *c, ClassifierScratch *s, const ClassifierDraws *draws, int B) {
    int D = c->model.width;
    for (int b = 0; b < B; b++) {
        Rng rng = rng_stream(draws->seed, RNG_DROPOUT, draws->samples[b], 0);
        float *normed = s->normed + (size_t)b * (size_t)D, *kept = s->kept + (size_t)b * (size_t)D;
        for (int i = 0; i < D; i++) {
            kept[i] = drop_factor(&rng, c->head_dropout);
            normed[i] *= kept[i];
        }
    }
}

/* Rows of all clips' tokens, for those who share them. */
typedef struct {
    const Classifier *c;
    const ClassifierScratch *s;
    const float *params, *inputs;
    float *x;
} Tokens;

/* Values of rows of patches, which may belong to several clips. */
static void read_patches(void *source, float *rows, int first, int count) {
    const Tokens *t = source;
    const ModelConfig *m = &t->c->model;
    int N = t->c->n_tokens;
    size_t clip_floats = 3 * (size_t)m->n_frames * (size_t)m->image_size * (size_t)m->image_size;
    for (int done = 0, n; done < count; done += n) {
        int b = (first + done) / N, token = (first + done) % N;
        n = min_int(count - done, N - token);
        patch_from_floats(rows + (size_t)done * (size_t)t->c->values, t->inputs + (size_t)b * clip_floats,
                          t->s->tokens + token, n, m);
    }
}

/* The bias goes in here, with the position, since the product that follows only adds. */
static void embed_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Tokens *t = context;
    size_t D = (size_t)t->c->model.width, N = (size_t)t->c->n_tokens;
    for (size_t row = (size_t)begin; row < (size_t)end; row++)
        rows_sum(t->x + row * D, t->c->positions + row % N * D, t->params + t->c->patch.bias, 1, (int)D);
}

/* 1. patches; 2. bias and positions, to which the embedding adds; 3. blocks. */
static void encode(const Classifier *c, ClassifierScratch *s, const float *params, const float *inputs, int B,
                   const BlockDrops *drops) {
    int rows = B * c->n_tokens;
    float *x = s->encoder.inputs[0];
    Tokens tokens = {c, s, params, inputs, x};
    patches_fill(s->block.team, &s->patches, rows, read_patches, &tokens);
    team_for(s->block.team, rows, 1, (double)rows * c->model.width, embed_rows, &tokens);
    const LayerPass pass = {.params = params, .scratch = &s->block};
    embedding_forward(&c->patch, x, &s->patches, rows, &pass);
    vit_forward(&s->encoder, &c->encoder, B, &pass, drops);
}

/* Mean over tokens and fc_norm. */
static void pool(const Classifier *c, ClassifierScratch *s, const float *params, int B) {
    int N = c->n_tokens, D = c->model.width;
    memset(s->pooled, 0, (size_t)B * (size_t)D * sizeof(float));
    for (int b = 0; b < B; b++) {
        rows_add_to(s->block.team, s->pooled + (size_t)b * (size_t)D,
                    (ConstRows){s->encoder.output + (size_t)b * (size_t)N * (size_t)D, D}, N, D);
    }
    for (size_t i = 0; i < (size_t)B * (size_t)D; i++) s->pooled[i] /= (float)N;
    layernorm_forward(s->block.team, s->normed, s->pooled, params + c->norm_weight, params + c->norm_bias, (size_t)B,
                      D);
}

/* logits (B, K) of fc_norm's output. */
static void head(const Classifier *c, const ClassifierScratch *s, float *logits, const float *params, int B) {
    int D = c->model.width, K = c->n_classes;
    linear_forward(s->block.team, (Rows){logits, K}, (ConstRows){s->normed, D}, params + c->head_weight,
                   params + c->head_bias, (LinearShape){B, D, K});
}

/* Every token's share of its clip's mean. */
static void spread_pooled(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Tokens *t = context;
    size_t D = (size_t)t->c->model.width, N = (size_t)t->c->n_tokens;
    for (size_t row = (size_t)begin; row < (size_t)end; row++)
        memcpy(t->s->dstream + row * D, t->s->dpooled + row / N * D, D * sizeof(float));
}

/* From dlogits to the gradient of the encoder's output, in dstream. */
static void head_backward(const Classifier *c, ClassifierScratch *s, const float *params, float *grads, int B,
                          bool dropped) {
    int N = c->n_tokens, D = c->model.width, K = c->n_classes;
    size_t pooled_floats = (size_t)B * (size_t)D;
    /* the head, the dropout, fc_norm (which adds to a cleared gradient), and the mean, which gives each of N tokens 1 /
     * N */
    ConstRows dlogits = {s->dlogits, K};
    linear_backward_weight(s->block.team, grads + c->head_weight, grads + c->head_bias, dlogits,
                           (ConstRows){s->normed, D}, (LinearShape){B, D, K});
    linear_backward_input(s->block.team, (Rows){s->block.dbranch, D}, dlogits, params + c->head_weight,
                          (LinearShape){B, D, K});
    for (size_t i = 0; dropped && i < pooled_floats; i++) s->block.dbranch[i] *= s->kept[i];
    memset(s->dpooled, 0, pooled_floats * sizeof(float));
    layernorm_backward(s->block.team,
                       &(NormGradients){s->dpooled, grads + c->norm_weight, grads + c->norm_bias, s->block.partial},
                       s->block.dbranch, s->pooled, params + c->norm_weight, (size_t)B, D);
    for (size_t i = 0; i < pooled_floats; i++) s->dpooled[i] /= (float)N;
    team_for(s->block.team, B * N, 1, (double)B * N * D, spread_pooled, &(Tokens){.c = c, .s = s});
}

/* Up to the head; returns what was dropped on the way. */
static const BlockDrops *features_forward(const Classifier *c, ClassifierScratch *s, const float *params,
                                          const float *inputs, int B, const ClassifierDraws *draws) {
    if (draws) draw_drop_path(c, s, draws, B);
    const BlockDrops *drops = draws && c->drop_path > 0 ? s->drops : NULL;
    encode(c, s, params, inputs, B, drops);
    pool(c, s, params, B);
    if (draws && c->head_dropout > 0) drop_features(c, s, draws, B);
    return drops;
}

void classifier_features(const Classifier *classifier, ClassifierScratch *scratch, const float *params, float *features,
                         const float *inputs, int B, const ClassifierDraws *draws) {
    ASSERT(B >= 1 && B <= scratch->B);
    features_forward(classifier, scratch, params, inputs, B, draws);
    memcpy(features, scratch->normed, (size_t)B * (size_t)classifier->model.width * sizeof(float));
}

void classifier_step(const Classifier *classifier, ClassifierScratch *scratch, const float *params, float *grads,
                     double *loss, const ClassifierBatch *batch, float loss_scale) {
    const Classifier *c = classifier;
    int B = batch->B;
    ASSERT(B >= 1 && B <= scratch->B);
    bool drop = batch->draws && c->head_dropout > 0;
    const BlockDrops *drops = features_forward(c, scratch, params, batch->inputs, B, batch->draws);
    head(c, scratch, scratch->logits, params, B);
    *loss += loss_scale *
             softmax_cross_entropy(scratch->dlogits, scratch->logits, batch->targets, B, c->n_classes, loss_scale);
    if (!grads) return;
    const LayerPass pass = {params, grads, &scratch->block};
    head_backward(c, scratch, params, grads, B, drop);
    grads_final(scratch->watch, c->norm_weight); /* the first parameter behind the blocks */
    vit_backward(scratch->dstream, scratch->dstream, &scratch->encoder, &c->encoder, B, &pass, drops, scratch->watch);
    embedding_backward(&c->patch, scratch->dstream, &scratch->patches, B * c->n_tokens, &pass);
}

const float *classifier_encoded(const ClassifierScratch *scratch) {
    return scratch->encoder.output;
}

void classifier_forward(const Classifier *classifier, ClassifierScratch *scratch, const float *params, float *logits,
                        float *features, const float *inputs, int B) {
    ASSERT(B >= 1 && B <= scratch->B);
    encode(classifier, scratch, params, inputs, B, NULL);
    pool(classifier, scratch, params, B);
    if (features) memcpy(features, scratch->pooled, (size_t)B * (size_t)classifier->model.width * sizeof(float));
    head(classifier, scratch, logits, params, B);
}
