/* VideoMAE's pre-training step. Sizes, with B clips: V visible and M masked tokens of a clip, N = V + M; D the
 * encoder's width, E the decoder's. The patches of masked tokens are never gathered: embedding the visible ones alone
 * gives the numbers of the official code, which embeds all and drops the hidden ones.
 *
 *     patches (B*V, values) -> + positions -> encoder -> (B*V, D) -> norm, E wide -> (B*V, E)
 *     decoder input, clip by clip: V visible rows, then M times the mask token, each + its position -> (B*N, E)
 *     decoder, whose last block computes the masked rows only -> (B*M, E) -> norm, head -> (B*M, values)
 *
 * The decoder's rows are not in the order of the grid. Attention does not look at the order; positions carry the place.
 * Rows of one clip are neighbors everywhere, so row r of a stream of n tokens a clip belongs to clip r / n. */
#include "nn/models/mae.h"

#include "base/system/minmax.h"
#include "math/blas.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/kept_rows.h"
#include "nn/layers/linear.h"
#include "nn/layers/patch.h"
#include "nn/layers/projection.h"
#include "nn/models/internal/vit.h"
#include "nn/models/mask.h"

struct Mae {
    ModelConfig model;
    ParamTable table;
    int n_tokens, n_visible, n_masked, values; /* values: of a patch */
    Vit encoder, decoder;
    PatchEmbedding patch;
    Projection bridge, head; /* encoder.norm and encoder_to_decoder; decoder.norm and decoder.head */
    size_t mask_token;
    Bf16Plan matrices;
    float *encoder_positions, *decoder_positions; /* (N, D), (N, E) */
};

/* V = n_visible, M = n_masked. */
typedef struct {
    Patches patches; /* (B*V, values) */
    float *squares;  /* (B*M, 3*P) squared differences */
    VitActs encoder, decoder;
    BlockScratch block;
    float *visible;     /* (B*V, E) at the bridge between encoder and decoder */
    float *predictions; /* (B*M, values) */
    float *dpredictions;
    float *dmasked; /* (B*M, E) */
    float *dstream; /* (B*N, E) or (B*V, D) */
} TrainBuffers;

/* Everything visible, no backward pass; `clips` at a time. */
typedef struct {
    int clips;
    float *patches; /* (clips*N, values) */
    VitActs encoder;
    BlockScratch block;
} FeatureBuffers;

struct MaeScratch {
    Arena arena;
    Team *team;
    const GradsWatch *watch; /* NULL: nobody */
    int B;
    size_t prediction_floats;       /* of a clip */
    int *tokens, *visible, *masked; /* 0..N-1; (B, V), (B, M) ascending */
    TrainBuffers train;             /* these two share memory */
    FeatureBuffers features;
};

/* In the order of the official checkpoint, which is the order of the flat vector. The official code leaves the
 * embedding and encoder_to_decoder as the framework initializes them, and redraws the rest. Vectors do not decay. */
static Err mae_params_add(Mae *mae) {
    const ModelConfig *m = &mae->model;
    ParamTable *t = &mae->table;
    int D = m->width, E = m->decoder_width, P = m->patch_size, values = mae->values;
    const int patch_dims[] = {D, 3, m->tubelet_size, P, P}, token_dims[] = {1, 1, E};
    TRY(params_add(t, &mae->mask_token, &(ParamRow){"mask_token", token_dims, 3, INIT_TRUNC_02_1SD, 0, 0, false, 0}));
    mae->patch = (PatchEmbedding){.width = D};
    mae->bridge = (Projection){.Din = D, .Dout = E};
    mae->head = (Projection){.Din = E, .Dout = values, .has_bias = true};
    TRY(params_add(t, &mae->patch.weight,
                   &(ParamRow){"encoder.patch_embed.proj.weight", patch_dims, 5, INIT_FRAMEWORK, values, D, true, 0}));
    TRY(params_add(t, &mae->patch.bias,
                   &(ParamRow){"encoder.patch_embed.proj.bias", &D, 1, INIT_FRAMEWORK, values, D, false, 0}));
    TRY(vit_params_add(&mae->encoder, t, "encoder.blocks.", INIT_XAVIER, 0, 0));
    TRY(params_add(t, &mae->bridge.norm_weight, &(ParamRow){"encoder.norm.weight", &D, 1, INIT_ONE, 0, 0, false, 0}));
    TRY(params_add(t, &mae->bridge.norm_bias, &(ParamRow){"encoder.norm.bias", &D, 1, INIT_ZERO, 0, 0, false, 0}));
    TRY(vit_params_add(&mae->decoder, t, "decoder.blocks.", INIT_XAVIER, 0, 0));
    TRY(params_add(t, &mae->head.norm_weight, &(ParamRow){"decoder.norm.weight", &E, 1, INIT_ONE, 0, 0, false, 0}));
    TRY(params_add(t, &mae->head.norm_bias, &(ParamRow){"decoder.norm.bias", &E, 1, INIT_ZERO, 0, 0, false, 0}));
    TRY(params_add(t, &mae->head.weight,
                   &(ParamRow){"decoder.head.weight", (const int[]){values, E}, 2, INIT_XAVIER, E, values, true, 0}));
    TRY(params_add(t, &mae->head.bias, &(ParamRow){"decoder.head.bias", &values, 1, INIT_ZERO, 0, 0, false, 0}));
    return params_add(t, &mae->bridge.weight,
                      &(ParamRow){"encoder_to_decoder.weight", (const int[]){E, D}, 2, INIT_FRAMEWORK, D, E, true, 0});
}

/* The matrices of mixed precision. The embedding needs no gradient of its input. */
static Err mae_plan(Mae *mae) {
    Bf16Plan *plan = &mae->matrices;
    TRY(bf16_plan_add(plan, &mae->patch.matrix, mae->patch.weight, 1, mae->patch.width, mae->values, false));
    TRY(vit_plan(&mae->encoder, plan));
    TRY(bf16_plan_add(plan, &mae->bridge.matrix, mae->bridge.weight, 1, mae->bridge.Dout, mae->bridge.Din, true));
    TRY(vit_plan(&mae->decoder, plan));
    return bf16_plan_add(plan, &mae->head.matrix, mae->head.weight, 1, mae->head.Dout, mae->head.Din, true);
}

static Err mae_fill(Mae *mae) {
    const ModelConfig *m = &mae->model;
    TRY(mae_params_add(mae));
    TRY(mae_plan(mae));
    size_t n = (size_t)mae->n_tokens;
    mae->encoder_positions = malloc(n * (size_t)m->width * sizeof(float));
    mae->decoder_positions = malloc(n * (size_t)m->decoder_width * sizeof(float));
    if (!mae->encoder_positions || !mae->decoder_positions)
        return RAISE(ERR_MEMORY, "model: no memory for position tables");
    posenc_table(mae->encoder_positions, mae->n_tokens, m->width);
    posenc_table(mae->decoder_positions, mae->n_tokens, m->decoder_width);
    return ERR_NONE;
}

Err mae_new(Mae **mae, const ModelConfig *model, double mask_ratio) {
    *mae = NULL;
    TRY(model_check(model));
    TRY(mask_check(model, mask_ratio));
    Mae *new = calloc(1, sizeof *new);
    if (!new) return RAISE(ERR_MEMORY, "model: no memory");
    blas_single_thread();
    new->model = *model;
    new->n_tokens = model_tokens(model);
    new->n_masked = model->n_frames / model->tubelet_size *mask_hidden_cells(model, mask_ratio);
    new->n_visible = new->n_tokens - new->n_masked;
    new->values = model_patch_values(model);
    new->encoder = (Vit){
        .depth = model->depth, .width = model->width, .heads = model->heads, .hidden = model->mlp_ratio * model->width};
    new->decoder = (Vit){.depth = model->decoder_depth,
                         .width = model->decoder_width,
                         .heads = model->decoder_heads,
                         .hidden = model->mlp_ratio * model->decoder_width};
    Err err = mae_fill(new);
    if (err) mae_free(&new);
    *mae = new;
    return err;
}

void mae_free(Mae **mae) {
    if (!*mae) return;
    params_free(&(*mae)->table);
    bf16_plan_free(&(*mae)->matrices);
    free((*mae)->encoder_positions);
    free((*mae)->decoder_positions);
    free(*mae);
    *mae = NULL;
}

const ParamTable *mae_params(const Mae *mae) {
    return &mae->table;
}

const Bf16Plan *mae_matrices(const Mae *mae) {
    return &mae->matrices;
}

/* Layers outside of the blocks. */
static Bf16Need layers_need(const Mae *mae, int B) {
    Bf16Need need = {0};
    bf16_need_layer(&need, B * mae->n_visible, mae->values, mae->patch.width);
    bf16_need_layer(&need, B * mae->n_visible, mae->bridge.Din, mae->bridge.Dout);
    bf16_need_layer(&need, B * mae->n_masked, mae->head.Din, mae->head.Dout);
    return need;
}

/* All buffers of a training step, for B clips. With recompute only the blocks' inputs are kept. dstream serves the
 * decoder's gradient first and then the encoder's. */
static void train_layout(TrainBuffers *t, Arena *arena, const Mae *mae, Precision precision, int members, int B) {
    size_t clips = (size_t)B, V = (size_t)mae->n_visible, M = (size_t)mae->n_masked, values = (size_t)mae->values;
    size_t D = (size_t)mae->model.width, E = (size_t)mae->model.decoder_width;
    VitPlan plan = mae->model.recompute ? VIT_RECOMPUTE : VIT_KEEP;
    BlockShape shapes[4];
    patches_layout(&t->patches, arena, precision, B * mae->n_visible, mae->values, members);
    const VitTokens seen = {B, mae->n_visible, 0}, all = {B, mae->n_tokens, mae->n_visible};
    vit_acts_layout(&t->encoder, arena, &mae->encoder, plan, precision, seen);
    vit_acts_layout(&t->decoder, arena, &mae->decoder, plan, precision, all);
    vit_shapes(shapes, &mae->encoder, seen);
    vit_shapes(shapes + 2, &mae->decoder, all);
    const Bf16Need need = layers_need(mae, B);
    vit_scratch_layout(&t->block, arena, precision, shapes, 4, &need, members);
    t->squares = arena_floats(arena, clips * M * 3 * (size_t)mae->model.patch_size);
    t->visible = arena_floats(arena, clips * V * E);
    t->predictions = arena_floats(arena, clips * M * values);
    t->dpredictions = arena_floats(arena, clips * M * values);
    t->dmasked = arena_floats(arena, clips * M * E);
    t->dstream = arena_floats(arena, max_size(clips * (V + M) * E, clips * V * D));
}

/* As many whole clips (N tokens) as there are tokens in B clips of V, so that features need about the memory that
 * training has. */
static void feature_layout(FeatureBuffers *f, Arena *arena, const Mae *mae, int members, int B) {
    BlockShape shapes[2];
    f->clips = B * mae->n_visible / mae->n_tokens;
    if (f->clips < 1) f->clips = 1;
    f->patches = arena_floats(arena, (size_t)f->clips * (size_t)mae->n_tokens * (size_t)mae->values);
    const VitTokens tokens = {f->clips, mae->n_tokens, 0};
    vit_acts_layout(&f->encoder, arena, &mae->encoder, VIT_FORWARD, PRECISION_FLOAT32, tokens);
    vit_shapes(shapes, &mae->encoder, tokens);
    block_scratch_layout(&f->block, arena, shapes, 1, members);
}

static void scratch_layout(MaeScratch *scratch, Arena *arena, const Mae *mae, Precision precision, int members, int B) {
    size_t int_bytes = sizeof(int);
    scratch->tokens = arena_take(arena, (size_t)mae->n_tokens * int_bytes);
    scratch->visible = arena_take(arena, (size_t)B * (size_t)mae->n_visible * int_bytes);
    scratch->masked = arena_take(arena, (size_t)B * (size_t)mae->n_masked * int_bytes);
    /* training and features never run at the same time: both start at one place, and the larger one counts */
    size_t shared = arena_mark(arena);
    train_layout(&scratch->train, arena, mae, precision, members, B);
    size_t train_end = arena_mark(arena);
    arena_reset(arena, shared);
    feature_layout(&scratch->features, arena, mae, members, B);
    if (arena->used < train_end) arena->used = train_end;
}

/* A layout into an arena without memory counts and writes nothing: the same code measures and places. */
size_t mae_scratch_bytes(const Mae *mae, Precision precision, int members, int B) {
    MaeScratch measured;
    Arena arena = {0};
    scratch_layout(&measured, &arena, mae, precision, members, B);
    return arena.used;
}

Err mae_scratch_new_team(MaeScratch **scratch, const Mae *mae, const Bf16Packed *packed, Team *team, int B) {
    Precision precision = packed ? PRECISION_BFLOAT16 : PRECISION_FLOAT32;
    *scratch = NULL;
    MaeScratch *new = calloc(1, sizeof *new);
    if (!new) return RAISE(ERR_MEMORY, "activations: no memory");
    Err err =
        arena_alloc(&new->arena, mae_scratch_bytes(mae, precision, team_size(team), B), "activations of a micro-batch");
    if (err) {
        free(new);
        return err;
    }
    scratch_layout(new, &new->arena, mae, precision, team_size(team), B);
    new->train.block.packed = packed;
    new->train.block.team = new->features.block.team = new->team = team;
    new->B = B;
    new->prediction_floats = (size_t)mae->n_masked *(size_t)mae->values;
    for (int i = 0; i < mae->n_tokens; i++) new->tokens[i] = i;
    *scratch = new;
    return ERR_NONE;
}

Err mae_scratch_new(MaeScratch **scratch, const Mae *mae, int B) {
    return mae_scratch_new_team(scratch, mae, NULL, NULL, B);
}

void mae_scratch_watch(MaeScratch *scratch, const GradsWatch *watch) {
    scratch->watch = watch;
}

void mae_scratch_free(MaeScratch **scratch) {
    if (!*scratch) return;
    arena_free(&(*scratch)->arena);
    free(*scratch);
    *scratch = NULL;
}

/* ---- forward ---- */

static size_t clip_bytes(const ModelConfig *m) {
    return (size_t)m->n_frames * (size_t)m->image_size * (size_t)m->image_size * 3;
}

/* What rows of the token streams are made of, for those who share them. */
typedef struct {
    const Mae *mae;
    const MaeScratch *scratch;
    const float *params;
    const uint8_t *clips;
    const int *tokens; /* of rows, clip after clip */
    int clip_tokens;
    float *x;
    const float *visible; /* (B*V, E) */
    float slope;          /* of the loss */
} Streams;

/* Pixels of rows of patches, which may belong to several clips. */
static void read_patches(void *source, float *rows, int first, int count) {
    const Streams *s = source;
    const Mae *mae = s->mae;
    for (int done = 0, n; done < count; done += n) {
        int row = first + done, b = row / s->clip_tokens;
        n = min_int(count - done, (b + 1) * s->clip_tokens - row);
        patch_from_pixels(rows + (size_t)done * (size_t)mae->values, s->clips + (size_t)b * clip_bytes(&mae->model),
                          s->tokens + row, n, &mae->model);
    }
}

/* The bias goes in here, with the position, since the product that follows only adds. */
static void embed_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Streams *s = context;
    size_t D = (size_t)s->mae->model.width;
    for (size_t i = (size_t)begin; i < (size_t)end; i++)
        rows_sum(s->x + i * D, s->mae->encoder_positions + (size_t)s->tokens[i] * D, s->params + s->mae->patch.bias, 1,
                 (int)D);
}

/* x (count, D) = bias + positions of the tokens, to which the patches' products are added. */
static void embed_places(Team *team, Streams *s, int count) {
    team_for(team, count, 1, (double)count * s->mae->model.width, embed_rows, s);
}

/* 1. which tokens are visible; 2. their patches; 3. bias and positions, to which the embedding adds; 4. blocks. */
static void encode_visible(const Mae *mae, MaeScratch *scratch, const MaeBatch *batch, const LayerPass *pass) {
    TrainBuffers *t = &scratch->train;
    int V = mae->n_visible, M = mae->n_masked, B = batch->B;
    for (int b = 0; b < B; b++)
        mask_split(scratch->visible + (size_t)b * (size_t)V, scratch->masked + (size_t)b * (size_t)M,
                   batch->masked + (size_t)b * (size_t)mae->n_tokens, mae->n_tokens);
    Streams streams = {.mae = mae,
                       .params = pass->params,
                       .clips = batch->clips,
                       .tokens = scratch->visible,
                       .clip_tokens = V,
                       .x = t->encoder.inputs[0]};
    patches_fill(scratch->team, &t->patches, B * V, read_patches, &streams);
    embed_places(scratch->team, &streams, B * V);
    embedding_forward(&mae->patch, t->encoder.inputs[0], &t->patches, B * V, pass);
    vit_forward(&t->encoder, &mae->encoder, B, pass, NULL);
}

/* Decoder input: of each clip visible tokens, then masked ones, each with the positions of their tokens. */
static void decoder_rows(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Streams *s = context;
    const Mae *mae = s->mae;
    int V = mae->n_visible, M = mae->n_masked, N = mae->n_tokens;
    size_t E = (size_t)mae->model.decoder_width;
    for (int64_t row = begin; row < end; row++) {
        int b = (int)(row / N), i = (int)(row % N);
        bool seen = i < V;
        int token = seen ? s->scratch->visible[b * V + i] : s->scratch->masked[b * M + i - V];
        const float *from = seen ? s->visible + (size_t)(b * V + i) * E : s->params + mae->mask_token;
        rows_sum(s->x + (size_t)row * E, from, mae->decoder_positions + (size_t)token * E, 1, (int)E);
    }
}

/* From the encoder's output to the decoder's input. */
static void bridge_forward(const Mae *mae, MaeScratch *scratch, int B, const LayerPass *pass) {
    TrainBuffers *t = &scratch->train;
    int rows = B * mae->n_tokens;
    Streams streams = {
        .mae = mae, .scratch = scratch, .params = pass->params, .visible = t->visible, .x = t->decoder.inputs[0]};
    projection_forward(&mae->bridge, t->visible, t->encoder.output, B * mae->n_visible, pass);
    team_for(scratch->team, rows, 1, (double)rows * mae->model.decoder_width, decoder_rows, &streams);
}

/* Decoder, norm and head: predictions. */
static void decode(const Mae *mae, MaeScratch *scratch, int B, const LayerPass *pass) {
    TrainBuffers *t = &scratch->train;
    vit_forward(&t->decoder, &mae->decoder, B, pass, NULL);
    projection_forward(&mae->head, t->predictions, t->decoder.output, B * mae->n_masked, pass);
}

/* Masked patches of all clips: their squares and, with a slope, gradients of predictions. */
static void patch_losses(void *context, int member, int64_t begin, int64_t end) {
    (void)member;
    const Streams *s = context;
    const Mae *mae = s->mae;
    const TrainBuffers *t = &s->scratch->train;
    for (int64_t row = begin, n; row < end; row += n) {
        int64_t b = row / mae->n_masked;
        size_t at = (size_t)row * (size_t)mae->values;
        n = min_int64(end, (b + 1) * mae->n_masked) - row;
        const ClipPatches patches = {s->clips + (size_t)b * clip_bytes(&mae->model), s->scratch->masked + row, (int)n};
        patch_loss(s->slope > 0 ? t->dpredictions + at : NULL,
                   t->squares + (size_t)row * 3 * (size_t)mae->model.patch_size, t->predictions + at, &patches,
                   &mae->model, s->slope);
    }
}

/* Adds the loss; fills dpredictions if gradients are wanted. */
static void measure_loss(const Mae *mae, MaeScratch *scratch, double *loss, const uint8_t *clips, int B,
                         float loss_scale, bool want_gradients) {
    /* Squares are summed line by line in floats, patch by patch by whoever has it, and then all together in double and
     * in their order by one thread: the loss does not depend on the team. d(mean of squares) = 2 difference / count. */
    double mean_of = (double)B * (double)scratch->prediction_floats, sum = 0;
    int M = mae->n_masked;
    Streams streams = {.mae = mae,
                       .scratch = scratch,
                       .clips = clips,
                       .slope = want_gradients ? (float)(2 * loss_scale / mean_of) : 0};
    team_for(scratch->team, B * M, 1, 2 * mean_of, patch_losses, &streams);
    for (int b = 0; b < B; b++)
        sum += patch_loss_sum(scratch->train.squares + (size_t)(b * M) * 3 * (size_t)mae->model.patch_size, M,
                              &mae->model);
    *loss += loss_scale * sum / mean_of;
}

/* ---- backward ---- */

/* From dpredictions to the gradient of the decoder's input, in dstream (B*N, E). */
static void decode_backward(const Mae *mae, MaeScratch *scratch, int B, const LayerPass *pass) {
    TrainBuffers *t = &scratch->train;
    projection_backward(&mae->head, t->dmasked, t->dpredictions, t->decoder.output, B * mae->n_masked, pass);
    vit_backward(t->dstream, t->dmasked, &t->decoder, &mae->decoder, B, pass, NULL, NULL);
}

/* From the gradient of the decoder's input to that of the encoder's output, both in dstream. All masked tokens start
 * from one vector, whose gradient is the sum of theirs. */
static void bridge_backward(const Mae *mae, MaeScratch *scratch, int B, const LayerPass *pass) {
    TrainBuffers *t = &scratch->train;
    int V = mae->n_visible, E = mae->model.decoder_width;
    size_t N = (size_t)mae->n_tokens, width = (size_t)E, visible_floats = (size_t)V * width;
    for (int b = 0; b < B; b++) {
        const float *dclip = t->dstream + (size_t)b * N * width;
        floats_copy(scratch->team, t->visible + (size_t)b * visible_floats, dclip, visible_floats);
        rows_add_to(scratch->team, pass->grads + mae->mask_token, (ConstRows){dclip + visible_floats, E}, mae->n_masked,
                    E);
    }
    projection_backward(&mae->bridge, t->dstream, t->visible, t->encoder.output, B * V, pass);
}

static void encode_backward(const Mae *mae, MaeScratch *scratch, int B, const LayerPass *pass) {
    TrainBuffers *t = &scratch->train;
    vit_backward(t->dstream, t->dstream, &t->encoder, &mae->encoder, B, pass, NULL, scratch->watch);
    embedding_backward(&mae->patch, t->dstream, &t->patches, B * mae->n_visible, pass);
}

void mae_step(const Mae *mae, MaeScratch *scratch, const float *params, float *grads, double *loss,
              const MaeBatch *batch, float loss_scale) {
    /* each stage finds the previous one's output in scratch->train, and so does the way back */
    const LayerPass pass = {params, grads, &scratch->train.block};
    int B = batch->B;
    ASSERT(B >= 1 && B <= scratch->B);
    encode_visible(mae, scratch, batch, &pass);
    bridge_forward(mae, scratch, B, &pass);
    decode(mae, scratch, B, &pass);
    measure_loss(mae, scratch, loss, batch->clips, B, loss_scale, grads != NULL);
    if (!grads) return;
    decode_backward(mae, scratch, B, &pass);
    bridge_backward(mae, scratch, B, &pass);
    grads_final(scratch->watch, mae->bridge.norm_weight); /* the first parameter behind the encoder's blocks */
    encode_backward(mae, scratch, B, &pass);
}

const float *mae_predictions(const MaeScratch *scratch, int b) {
    return scratch->train.predictions + (size_t)b * scratch->prediction_floats;
}

/* ---- features: nothing hidden, float32, no way back ---- */

/* features (D) = mean over rows of x (N, D). */
static void mean_rows(float *features, const float *x, int N, int D) {
    memset(features, 0, (size_t)D * sizeof(float));
    rows_add_to(NULL, features, (ConstRows){x, D}, N, D);
    for (int i = 0; i < D; i++) features[i] /= (float)N;
}

/* `count` clips, at most f->clips, through all blocks with nothing hidden. */
static void encode_whole(const Mae *mae, MaeScratch *scratch, const float *params, const uint8_t *clips, int count) {
    FeatureBuffers *f = &scratch->features;
    int N = mae->n_tokens, D = mae->model.width;
    size_t patch_floats = (size_t)N * (size_t)mae->values, clip_floats = (size_t)N * (size_t)D;
    for (int b = 0; b < count; b++) {
        float *x = f->encoder.inputs[0] + (size_t)b * clip_floats, *patches = f->patches + (size_t)b * patch_floats;
        Streams streams = {.mae = mae, .params = params, .tokens = scratch->tokens, .x = x};
        patch_from_pixels(patches, clips + (size_t)b * clip_bytes(&mae->model), scratch->tokens, N, &mae->model);
        embed_places(scratch->team, &streams, N);
        linear_add(scratch->team, (Rows){x, D}, (ConstRows){patches, mae->values}, params + mae->patch.weight,
                   (LinearShape){N, mae->values, D});
    }
    vit_forward(&f->encoder, &mae->encoder, count, &(LayerPass){.params = params, .scratch = &f->block}, NULL);
}

void mae_features(const Mae *mae, MaeScratch *scratch, const float *params, float *features, const uint8_t *clips,
                  int B) {
    FeatureBuffers *f = &scratch->features;
    int N = mae->n_tokens, D = mae->model.width;
    size_t clip_floats = (size_t)N * (size_t)D;
    for (int first = 0; first < B; first += f->clips) {
        int count = B - first < f->clips ? B - first : f->clips;
        encode_whole(mae, scratch, params, clips + (size_t)first * clip_bytes(&mae->model), count);
        layernorm_forward(scratch->team, f->block.norm, f->encoder.output, params + mae->bridge.norm_weight,
                          params + mae->bridge.norm_bias, (size_t)count * (size_t)N, D);
        for (int b = 0; b < count; b++) {
            mean_rows(features + (size_t)(first + b) * (size_t)D, f->block.norm + (size_t)b * clip_floats, N, D);
        }
    }
}

void mae_keys(const Mae *mae, MaeScratch *scratch, const float *params, float *keys, const uint8_t *clips, int B) {
    FeatureBuffers *f = &scratch->features;
    size_t N = (size_t)mae->n_tokens, D = (size_t)mae->model.width;
    /* after a forward pass the last block's q, k and v lie side by side; keys are the middle third of each row */
    const float *qkv = f->encoder.acts[mae->encoder.depth - 1].qkv; /* (clips*N, 3*D) after a forward pass */
    for (int first = 0; first < B; first += f->clips) {
        int count = B - first < f->clips ? B - first : f->clips;
        encode_whole(mae, scratch, params, clips + (size_t)first * clip_bytes(&mae->model), count);
        for (size_t row = 0; row < (size_t)count * N; row++)
            memcpy(keys + ((size_t)first * N + row) * D, qkv + row * 3 * D + D, D * sizeof *keys);
    }
}
