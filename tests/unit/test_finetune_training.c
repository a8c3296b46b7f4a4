/* Fine-tuning against the double-precision oracle (tests/oracle/finetune_oracle.py): mixtures fixed, drop path and
 * dropout drawn by both sides from the same streams, smoothed targets, layer-wise rates, AdamW, schedule. */
#include "finetune_fixture.h"
#include "nn/models/optimizer.h"
#include "support/unit.h"

#define TOLERANCE 2e-5

static const double layer_decay = 0.7;
static const Schedule schedule = {.peak = 1e-3, .minimum = 1e-5, .warmup_steps = 3, .total_steps = 10};
static const AdamwConfig adamw = {.beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f, .weight_decay = 0.05f};

typedef struct {
    float *m, *v, *lr_scale;
} Optimizer;

static Optimizer optimizer_new(const Training *t) {
    Optimizer o = {.m = calloc(t->table->total, sizeof(float)),
                   .v = calloc(t->table->total, sizeof(float)),
                   .lr_scale = calloc((unsigned)t->table->n_rows, sizeof(float))};
    for (int r = 0; r < t->table->n_rows; r++)
        o.lr_scale[r] = schedule_layer_scale(layer_decay, t->c->model.depth, t->table->rows[r].layer);
    return o;
}

static void optimizer_free(Optimizer *o) {
    free(o->m);
    free(o->v);
    free(o->lr_scale);
}

/* The loss before the update. */
static double train(Training *t, Optimizer *o, int step) {
    double loss = batch_gradients(t, step);
    adamw_update(&(AdamwSlice){t->params, o->m, o->v, t->grads, 0, t->table->total}, t->table,
                 &(AdamwStep){&adamw, schedule_rate(&schedule, step), o->lr_scale, step + 1});
    return loss;
}

static void check_training(const Case *c, bool recompute) {
    static const char *const grads[] = {"grad0", "grad1"};
    Training t = training_open(c, recompute, false);
    Optimizer o = optimizer_new(&t);
    const GoldenTensor *losses = golden_get(&t.golden, "losses");
    for (int step = 0; step < (int)losses->count; step++) {
        double loss = train(&t, &o, step), expected = ((const double *)losses->data)[step];
        if (!(fabs(loss - expected) <= (step ? 1e-4 : TOLERANCE) * expected))
            fail_msg("%s: loss of step %d: %.9g instead of %.9g", c->file, step, loss, expected);
        /* The first step's rate is 0: the second one starts from the same weights, with cutmix. */
        if (step < 2) golden_assert_near(&t.golden, grads[step], t.table, t.grads, TOLERANCE);
        if (step == 2) golden_assert_near(&t.golden, "three", t.table, t.params, TOLERANCE);
    }
    optimizer_free(&o);
    training_close(&t);
}

static void test_steps_with_mixtures_and_dropping_match_the_oracle(void **state) {
    (void)state;
    check_training(&small, false);
    check_training(&small, true);
}

static void test_the_gradient_of_vit_b_matches_the_oracle(void **state) {
    (void)state;
    skip_if_emulated();
    check_training(&vit_b, true);
}

/* Without its decay or its drops the same run is another: the golden file can tell. */
static void test_the_oracle_tells_dropping_from_none(void **state) {
    (void)state;
    Training t = training_open(&small, false, false);
    double loss = 0, expected = *(const double *)golden_get(&t.golden, "losses")->data;
    make_batch(&t, 0);
    classifier_step(t.classifier, t.scratch, t.params, NULL, &loss,
                    &(ClassifierBatch){t.inputs, t.targets, small.B, NULL}, 1);
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
