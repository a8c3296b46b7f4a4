/* The work of a fine-tuning step: labelled stand-in videos with the paper's augmentation, mixing and dropping through
 * the classifier. A leaf holds each clip in REPEAT augmentations, as repeated augmentation has it (Hoffer et al. 2020),
 * so it reads half as many videos as it computes. */
#include "bench/internal/bench_step_work.h"

#include "eval/finetune/sample.h"
#include "gen/dataset/generate.h"
#include "gen/dataset/sources.h"
#include "nn/models/classifier.h"

enum { VIDEOS = 64, SEED = 1, REPEAT = 2 };

typedef struct {
    FinetuneConfig config;
    Variant *variant;
    ClipSource *source;
    Classifier *network;
    Bf16Packed *packed; /* mixed precision */
    ClassifierScratch *scratch;
    SampleBatch batch;
    uint32_t next[VIDEOS]; /* clips of the leaf at hand */
    int64_t leaf;          /* so far: each load takes the next */
} State;

/* Leaves go through the videos in order, an epoch after another: where a leaf lies decides its random numbers. */
static Err load(StepWork *work) {
    State *s = work->state;
    int n_clips = work->clips / REPEAT, per_epoch = VIDEOS / n_clips;
    TrainLeaf leaf = {.step = s->leaf / per_epoch,
                      .epoch = s->leaf / per_epoch,
                      .leaf = s->leaf % per_epoch,
                      .n_leaves = per_epoch,
                      .epoch_clips = VIDEOS,
                      .n_clips = n_clips,
                      .clips = s->next + s->leaf % per_epoch * n_clips,
                      .batch = VIDEOS,
                      .step_clips = s->next};
    s->leaf++;
    return sample_batch_load(&s->batch, &s->config, s->source, &leaf, SEED);
}

/* Targets are soft: mixing and smoothing have been applied. */
static void compute(StepWork *work, const float *params, float *grads, double *loss) {
    const State *s = work->state;
    const ClassifierDraws draws = {.seed = SEED, .samples = s->batch.samples};
    classifier_step(s->network, s->scratch, params, grads, loss,
                    &(ClassifierBatch){s->batch.inputs, s->batch.targets, work->clips, &draws}, 1);
}

/* Mixed precision rounds and packs the weights once a step. */
static void params_changed(StepWork *work, const float *params) {
    const State *s = work->state;
    bf16_packed_update(s->packed, params, 1);
}

/* inputs (B, T, H, W, 3), targets (B, classes), with the samples' own draws: dropping is part of the loss. */
static double loss_one_by_one(StepWork *work, const float *params) {
    const State *s = work->state;
    const ModelConfig *m = &s->config.model;
    size_t values = (size_t)m->n_frames * (size_t)m->image_size * (size_t)m->image_size * 3;
    double loss = 0;
    for (size_t b = 0; b < (size_t)work->clips; b++) {
        const ClassifierDraws draws = {.seed = SEED, .samples = s->batch.samples + b};
        classifier_step(s->network, s->scratch, params, NULL, &loss,
                        &(ClassifierBatch){s->batch.inputs + b * values,
                                           s->batch.targets + b * (size_t)s->source->n_classes, 1, &draws},
                        1.0f / (float)work->clips);
    }
    return loss;
}

static void state_free(StepWork *work) {
    State *s = work->state;
    if (!s) return;
    sample_batch_free(&s->batch);
    classifier_scratch_free(&s->scratch);
    bf16_packed_free(&s->packed);
    classifier_free(&s->network);
    clip_source_close(&s->source);
    variant_free(&s->variant);
    free(s);
    work->state = NULL;
}

/* Settings are the defaults, which are the paper's, but for sizes and copies. */
Err finetune_work_new(StepWork *work, const ModelConfig *model, int clips, Precision precision, Team *team) {
    State *s = calloc(1, sizeof *s);
    const Par alone = par_serial(1);
    const char *const sets[] = {bench_video_size(model)};
    *work = (StepWork){.clips = clips,
                       .state = s,
                       .load = load,
                       .compute = compute,
                       .loss_one_by_one = loss_one_by_one,
                       .free = state_free};
    if (!s) return RAISE(ERR_MEMORY, "bench: no memory");
    fields_default(&s->config, finetune_fields);
    s->config.model = *model;
    s->config.data.repeat = REPEAT;
    s->config.train.micro_batch = clips / REPEAT;
    for (uint32_t i = 0; i < VIDEOS; i++) s->next[i] = i;
    TRY(variant_load(&s->variant, "standin-motion", sets, 1));
    TRY(live_source_open_all(&s->source, s->variant, "", "train", VIDEOS, SEED, &alone));
    int n_classes = s->source->n_classes;
    TRY(classifier_new(&s->network, model, n_classes, s->config.drop_path, s->config.head_dropout));
    if (precision == PRECISION_BFLOAT16) {
        TRY(bf16_packed_new(&s->packed, classifier_matrices(s->network)));
        work->params_changed = params_changed;
    }
    TRY(classifier_scratch_new_team(&s->scratch, s->network, s->packed, team, clips));
    TRY(sample_batch_init(&s->batch, &s->config, n_classes));
    work->flops = clips * model_finetune_flops(model, n_classes);
    work->params = classifier_params(s->network);
    return ERR_NONE;
}
