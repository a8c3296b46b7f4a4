/* Fine-tuning against the double-precision oracle (tests/oracle/finetune_oracle.py): mixtures fixed, drop path and
 * dropout drawn by both sides from the same streams, smoothed targets, layer-wise rates, AdamW, schedule. */
#include "eval/clips/views.h"
#include "golden_file.h"
#include "nn/models/adamw.h"
#include "nn/models/classifier.h"
#include "nn/models/schedule.h"
#include "video/transform/augment.h"

#define TOLERANCE 2e-5

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
static const double drop_path = 0.4, dropout = 0.5, smoothing = 0.1, layer_decay = 0.7;
static const Schedule schedule = {.peak = 1e-3, .minimum = 1e-5, .warmup_steps = 3, .total_steps = 10};
static const AdamwConfig adamw = {.beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f, .weight_decay = 0.05f};

typedef struct {
    const Case *c;
    Golden golden;
    Classifier *classifier;
    ClassifierScratch *scratch;
    const ParamTable *table;
    float *params, *grads, *m, *v, *lr_scale;
    float *clips, *inputs, *targets; /* (B, T, H, W, 3), (B, 3, T, H, W), (B, K) */
} Training;

static Training training_open(const Case *c, bool recompute) {
    Training t = {.c = c, .golden = golden_read(c->file)};
    ModelConfig model = c->model;
    model.recompute = recompute;
    assert_int_equal(classifier_new(&t.classifier, &model, c->K, drop_path, dropout), ERR_NONE);
    assert_int_equal(classifier_scratch_new(&t.scratch, t.classifier, c->B), ERR_NONE);
    t.table = classifier_params(t.classifier);
    t.params = formula_params(t.table, c->seed);
    t.grads = calloc(t.table->total, sizeof(float));
    t.m = calloc(t.table->total, sizeof(float));
    t.v = calloc(t.table->total, sizeof(float));
    t.lr_scale = calloc((unsigned)t.table->n_rows, sizeof(float));
    for (int r = 0; r < t.table->n_rows; r++)
        t.lr_scale[r] = schedule_layer_scale(layer_decay, model.depth, t.table->rows[r].layer);
    t.clips = calloc((size_t)c->B * input_floats(&model), sizeof(float));
    t.inputs = calloc((size_t)c->B * input_floats(&model), sizeof(float));
    t.targets = calloc((size_t)c->B * (size_t)c->K, sizeof(float));
    return t;
}

static void training_close(Training *t) {
    classifier_scratch_free(&t->scratch);
    classifier_free(&t->classifier);
    golden_free(&t->golden);
    float *const all[] = {t->params, t->grads, t->m, t->v, t->lr_scale, t->clips, t->inputs, t->targets};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free(all[i]);
}

/* Mixup in even steps, cutmix in odd ones. */
static void make_batch(Training *t, int step) {
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

/* The loss before the update. */
static double train(Training *t, int step) {
    double loss = 0;
    make_batch(t, step);
    memset(t->grads, 0, t->table->total * sizeof(float));
    classifier_step(t->classifier, t->scratch, t->params, t->grads, &loss, t->inputs, t->targets, t->c->B, 1, &draws);
    adamw_update(t->params, t->m, t->v, t->grads, 0, t->table->total, t->table, &adamw, schedule_rate(&schedule, step),
                 t->lr_scale, step + 1);
    return loss;
}

static void check_training(const Case *c, bool recompute) {
    static const char *const grads[] = {"grad0", "grad1"};
    Training t = training_open(c, recompute);
    const GoldenTensor *losses = golden_get(&t.golden, "losses");
    for (int step = 0; step < (int)losses->count; step++) {
        double loss = train(&t, step), expected = ((const double *)losses->data)[step];
        if (!(fabs(loss - expected) <= (step ? 1e-4 : TOLERANCE) * expected))
            fail_msg("%s: loss of step %d: %.9g instead of %.9g", c->file, step, loss, expected);
        /* The first step's rate is 0: the second one starts from the same weights, with cutmix. */
        if (step < 2) golden_assert_near(&t.golden, grads[step], t.table, t.grads, TOLERANCE);
        if (step == 2) golden_assert_near(&t.golden, "three", t.table, t.params, TOLERANCE);
    }
    training_close(&t);
}

static void test_steps_with_mixtures_and_dropping_match_the_oracle(void **state) {
    (void)state;
    check_training(&small, false);
    check_training(&small, true);
}

static void test_the_gradient_of_vit_b_matches_the_oracle(void **state) {
    (void)state;
    check_training(&vit_b, true);
}

/* Without its decay or its drops the same run is another: the golden file can tell. */
static void test_the_oracle_tells_dropping_from_none(void **state) {
    (void)state;
    Training t = training_open(&small, false);
    double loss = 0, expected = *(const double *)golden_get(&t.golden, "losses")->data;
    make_batch(&t, 0);
    classifier_step(t.classifier, t.scratch, t.params, NULL, &loss, t.inputs, t.targets, small.B, 1, NULL);
    assert_true(fabs(loss - expected) > 1e-2 * expected);
    training_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_with_mixtures_and_dropping_match_the_oracle),
        cmocka_unit_test(test_the_gradient_of_vit_b_matches_the_oracle),
        cmocka_unit_test(test_the_oracle_tells_dropping_from_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
