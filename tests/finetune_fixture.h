/* What tests of fine-tuning share: the classifiers of the golden files with their weights, clips, targets and draws;
 * the constants are those of tests/oracle/finetune_oracle.py. */
#pragma once

#include "eval/clips/views.h"
#include "golden_file.h"
#include "nn/models/classifier.h"
#include "video/transform/augment.h"

enum { B_MAX = 4 };

typedef struct {
    const char *file;
    uint64_t seed;
    int B, K;
    ModelConfig model;
} Case;

static const Case small = {"finetune.gold",
                           9,
                           4,
                           7,
                           {.image_size = 24,
                            .n_frames = 4,
                            .patch_size = 8,
                            .tubelet_size = 2,
                            .width = 30,
                            .depth = 4,
                            .heads = 5,
                            .decoder_width = 8,
                            .decoder_depth = 1,
                            .decoder_heads = 1,
                            .mlp_ratio = 4}};
static const Case vit_b = {"finetune_vit_b.gold",
                           10,
                           1,
                           101,
                           {.image_size = 224,
                            .n_frames = 16,
                            .patch_size = 16,
                            .tubelet_size = 2,
                            .width = 768,
                            .depth = 12,
                            .heads = 12,
                            .decoder_width = 384,
                            .decoder_depth = 4,
                            .decoder_heads = 6,
                            .mlp_ratio = 4,
                            .recompute = true}};

/* The same constants as in the oracle. */
static const uint64_t samples[B_MAX] = {5, 6, 11, ((uint64_t)1 << 33) + 1};
static const ClassifierDraws draws = {.seed = 3 + ((uint64_t)1 << 40), .samples = samples};
static const int labels[B_MAX] = {2, 5, 0, 5};
static const Box cut_box = {7, 3, 11, 14};
static const double drop_path = 0.4, dropout = 0.5, smoothing = 0.1;

typedef struct {
    const Case *c;
    Golden golden;
    Classifier *classifier;
    ClassifierScratch *scratch;
    Bf16Packed *packed; /* mixed precision only */
    const ParamTable *table;
    float *params, *grads;
    float *clips, *inputs, *targets; /* (B, T, H, W, 3), (B, 3, T, H, W), (B, K) */
} Training;

static inline Training training_open(const Case *c, bool recompute, bool mixed) {
    Training t = {.c = c, .golden = golden_read(c->file)};
    ModelConfig model = c->model;
    model.recompute = recompute;
    assert_int_equal(classifier_new(&t.classifier, &model, c->K, drop_path, dropout), ERR_NONE);
    t.table = classifier_params(t.classifier);
    t.params = formula_params(t.table, c->seed);
    if (mixed) {
        assert_int_equal(bf16_packed_new(&t.packed, classifier_matrices(t.classifier)), ERR_NONE);
        assert_int_equal(classifier_scratch_new_team(&t.scratch, t.classifier, t.packed, NULL, c->B), ERR_NONE);
    } else {
        assert_int_equal(classifier_scratch_new(&t.scratch, t.classifier, c->B), ERR_NONE);
    }
    t.grads = calloc(t.table->total, sizeof(float));
    t.clips = calloc((size_t)c->B * input_floats(&model), sizeof(float));
    t.inputs = calloc((size_t)c->B * input_floats(&model), sizeof(float));
    t.targets = calloc((size_t)c->B * (size_t)c->K, sizeof(float));
    return t;
}

static inline void training_close(Training *t) {
    classifier_scratch_free(&t->scratch);
    bf16_packed_free(&t->packed);
    classifier_free(&t->classifier);
    golden_free(&t->golden);
    float *const all[] = {t->params, t->grads, t->clips, t->inputs, t->targets};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free(all[i]);
}

/* Mixup in even steps, cutmix in odd ones. */
static inline void make_batch(Training *t, int step) {
    const Case *c = t->c;
    const ModelConfig *model = &c->model;
    size_t floats = input_floats(model);
    ClipShape shape = {model->n_frames, model->image_size, model->image_size};
    AugmentMix mix = {.cut = step % 2 == 1, .lambda = 0.7, .box = cut_box};
    if (mix.cut) mix.lambda = 1 - (double)(cut_box.width * cut_box.height) / (shape.height * shape.width);
    char name[32];
    (void)snprintf(name, sizeof name, "clips %d", step);
    formula_floats(t->clips, (size_t)c->B * floats, c->seed, name, 0, 2);
    for (int i = 0; i < c->B / 2; i++)
        augment_mix_pair(t->clips + (size_t)i * floats, t->clips + (size_t)(c->B - 1 - i) * floats, shape, &mix);
    for (int i = 0; i < c->B; i++) {
        augment_target(t->targets + (size_t)i * (size_t)c->K, c->K, labels[i], labels[c->B - 1 - i], mix.lambda,
                       smoothing);
        input_from_clip(t->inputs + (size_t)i * floats, t->clips + (size_t)i * floats, model);
    }
}

/* The loss; the gradients are in t->grads. */
static inline double batch_gradients(Training *t, int step) {
    double loss = 0;
    make_batch(t, step);
    if (t->packed) bf16_packed_update(t->packed, t->params, 1);
    memset(t->grads, 0, t->table->total * sizeof(float));
    classifier_step(t->classifier, t->scratch, t->params, t->grads, &loss,
                    &(ClassifierBatch){t->inputs, t->targets, t->c->B, &draws}, 1);
    return loss;
}
