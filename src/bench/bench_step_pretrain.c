/* The work of a pre-training step: masked clips of live videos through the autoencoder, as train/pretrain.c feeds it.
 * Every step takes the next clips, so that no cache holds what it reads. */
#include "bench/internal/bench_step_work.h"

#include "gen/dataset/generate.h"
#include "gen/dataset/sources.h"
#include "nn/models/mae.h"
#include "train/masked_clips.h"

enum { VIDEOS = 64, SEED = 1 };

typedef struct {
    PretrainConfig config;
    Variant *variant;
    ClipSource *source;
    Mae *mae;
    Bf16Packed *packed; /* mixed precision */
    MaeScratch *scratch;
    MaskedClips *clips;
    int64_t loaded; /* clips so far: each load takes the next */
} State;

/* As the loader of training: a video, its clip, its mask; the draw is the number of the clip. */
static Err load(StepWork *work) {
    State *s = work->state;
    for (int k = 0; k < work->clips; k++, s->loaded++)
        TRY(masked_clips_load(s->clips, k, &s->config, s->source, SEED, 0, s->loaded % VIDEOS, (uint64_t)s->loaded));
    return ERR_NONE;
}

static void compute(StepWork *work, const float *params, float *grads, double *loss) {
    const State *s = work->state;
    mae_step(s->mae, s->scratch, params, grads, loss, &(MaeBatch){s->clips->clips, s->clips->masked, work->clips}, 1);
}

/* Mixed precision rounds and packs the weights once a step. */
static void params_changed(StepWork *work, const float *params) {
    const State *s = work->state;
    bf16_packed_update(s->packed, params, 1);
}

/* clips (B, T, H, W, 3) as bytes, masked (B, tokens): each clip on its own, weighted as in the batch. */
static double loss_one_by_one(StepWork *work, const float *params) {
    const State *s = work->state;
    const ModelConfig *m = &s->config.model;
    size_t bytes = (size_t)m->n_frames * (size_t)m->image_size * (size_t)m->image_size * 3;
    double loss = 0;
    for (size_t b = 0; b < (size_t)work->clips; b++)
        mae_step(s->mae, s->scratch, params, NULL, &loss,
                 &(MaeBatch){s->clips->clips + b * bytes, s->clips->masked + b * (size_t)model_tokens(m), 1},
                 1.0f / (float)work->clips);
    return loss;
}

/* Of a state that was made in part, too. */
static void state_free(StepWork *work) {
    State *s = work->state;
    if (!s) return;
    masked_clips_free(s->clips);
    mae_scratch_free(&s->scratch);
    bf16_packed_free(&s->packed);
    mae_free(&s->mae);
    clip_source_close(&s->source);
    variant_free(&s->variant);
    free(s);
    work->state = NULL;
}

Err pretrain_work_new(StepWork *work, const ModelConfig *model, double mask_ratio, int clips, Precision precision,
                      Team *team) {
    State *s = calloc(1, sizeof *s);
    const Par alone = par_serial(1);
    const char *const sets[] = {bench_video_size(model)};
    *work = (StepWork){.clips = clips,
                       .flops = clips * model_pretrain_flops(model, mask_ratio),
                       .state = s,
                       .load = load,
                       .compute = compute,
                       .loss_one_by_one = loss_one_by_one,
                       .free = state_free};
    if (!s) return RAISE(ERR_MEMORY, "bench: no memory");
    fields_default(&s->config, pretrain_fields);
    s->config.model = *model;
    s->config.mask_ratio = mask_ratio;
    s->config.train.micro_batch = clips;
    TRY(variant_load(&s->variant, "moving-shapes", sets, 1));
    TRY(live_source_open_all(&s->source, s->variant, "", "", VIDEOS, SEED, &alone));
    TRY(mae_new(&s->mae, model, mask_ratio));
    if (precision == PRECISION_BFLOAT16) {
        TRY(bf16_packed_new(&s->packed, mae_matrices(s->mae)));
        work->params_changed = params_changed;
    }
    TRY(mae_scratch_new_team(&s->scratch, s->mae, s->packed, team, clips));
    TRY(masked_clips_new(&s->clips, &s->config));
    work->params = mae_params(s->mae);
    return ERR_NONE;
}
