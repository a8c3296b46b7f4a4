/* nn/models/classifier - loss, logits and gradients against a double-precision oracle; dropping; starting values. */
#include "golden_file.h"
#include "grads_told.h"
#include "nn/models/classifier.h"
#include "operator_check.h"
#include "support/official_sizes.h"

#define TOLERANCE 2e-5

static const ModelConfig tiny = {.image_size = 24,
                                 .n_frames = 4,
                                 .patch_size = 8,
                                 .tubelet_size = 2,
                                 .width = 30,
                                 .depth = 2,
                                 .heads = 5,
                                 .decoder_width = 8,
                                 .decoder_depth = 1,
                                 .decoder_heads = 1,
                                 .mlp_ratio = 4};
enum { B = 3, K = 7, D = 30, CLIP = 3 * 4 * 24 * 24 };

typedef struct {
    Golden golden;
    Classifier *classifier;
    ClassifierScratch *scratch;
    const ParamTable *table;
    float *params, *grads;
    float *inputs, *labels; /* (B, 3, T, H, W), owned; of the golden file */
    const ClassifierDraws *draws;
} Bench;

static Bench bench_open(double drop_path, double dropout, bool recompute) {
    Bench b = {.golden = golden_read("classifier.gold")};
    ModelConfig model = tiny;
    model.recompute = recompute;
    assert_int_equal(classifier_new(&b.classifier, &model, K, drop_path, dropout), ERR_NONE);
    assert_int_equal(classifier_scratch_new(&b.scratch, b.classifier, B), ERR_NONE);
    b.table = classifier_params(b.classifier);
    b.params = formula_params(b.table, 3);
    b.grads = calloc(b.table->total, sizeof(float));
    b.inputs = malloc(B * CLIP * sizeof(float));
    formula_floats(b.inputs, B * CLIP, 3, "inputs", 0, 2);
    b.labels = golden_get(&b.golden, "labels")->data;
    return b;
}

static void bench_close(Bench *b) {
    classifier_scratch_free(&b->scratch);
    classifier_free(&b->classifier);
    free(b->params);
    free(b->grads);
    free(b->inputs);
    golden_free(&b->golden);
}

static double step(Bench *b, float *grads) {
    double loss = 0;
    classifier_step(b->classifier, b->scratch, b->params, grads, &loss,
                    &(ClassifierBatch){b->inputs, b->labels, B, b->draws}, 1);
    return loss;
}

static void test_loss_logits_features_and_gradients_match_the_oracle(void **state) {
    (void)state;
    Bench b = bench_open(0.2, 0.5, false);
    float logits[B * K], features[B * D];
    double loss = step(&b, b.grads), oracle = *(const double *)golden_get(&b.golden, "loss")->data;
    assert_true(fabs(loss - oracle) <= TOLERANCE * oracle);
    golden_assert_near(&b.golden, "grad", b.table, b.grads, TOLERANCE);
    classifier_forward(b.classifier, b.scratch, b.params, logits, features, b.inputs, B);
    assert_true(relative_distance(logits, golden_get(&b.golden, "logits")->data, B * K) < TOLERANCE);
    assert_true(relative_distance(features, golden_get(&b.golden, "features")->data, B * D) < TOLERANCE);
    bench_close(&b);
}

static double loss_at_params(void *context) {
    return step(context, NULL);
}

static void test_gradients_with_dropping_agree_with_central_differences(void **state) {
    (void)state;
    const uint64_t samples[B] = {5, 6, 11};
    const ClassifierDraws draws = {.seed = 3, .samples = samples};
    Bench b = bench_open(0.6, 0.3, false);
    b.draws = &draws;
    step(&b, b.grads);
    check_gradient(loss_at_params, &b, b.params, b.grads, b.table->total, 3e-4f, 3e-3);
    bench_close(&b);
}

/* After the head, and after each block. */
static void test_gradients_that_are_told_final_do_not_change(void **state) {
    (void)state;
    Bench b = bench_open(0.2, 0.5, false);
    GradsTold told;
    grads_told_open(&told, b.grads, b.table->total);
    classifier_scratch_watch(b.scratch, &told.watch);
    step(&b, b.grads);
    grads_told_check(&told, tiny.depth + 1);
    bench_close(&b);
}

static void test_recomputing_with_dropping_gives_the_same_bits(void **state) {
    (void)state;
    const uint64_t samples[B] = {5, 6, 11};
    const ClassifierDraws draws = {.seed = 3, .samples = samples};
    Bench keep = bench_open(0.6, 0.3, false), again = bench_open(0.6, 0.3, true);
    keep.draws = again.draws = &draws;
    assert_true(step(&keep, keep.grads) == step(&again, again.grads));
    assert_memory_equal(keep.grads, again.grads, keep.table->total * sizeof(float));
    bench_close(&keep);
    bench_close(&again);
}

static void test_draws_belong_to_the_sample_not_to_its_place(void **state) {
    (void)state;
    Bench b = bench_open(0.6, 0.3, false);
    const uint64_t together[B] = {5, 6, 11};
    const ClassifierDraws draws = {.seed = 3, .samples = together}, last = {.seed = 3, .samples = together + 2},
                          other = {.seed = 4, .samples = together};
    double whole = 0, alone = 0, first_two = 0, reseeded = 0;
    classifier_step(b.classifier, b.scratch, b.params, NULL, &whole, &(ClassifierBatch){b.inputs, b.labels, B, &draws},
                    1);
    classifier_step(b.classifier, b.scratch, b.params, NULL, &first_two,
                    &(ClassifierBatch){b.inputs, b.labels, 2, &draws}, 1);
    classifier_step(b.classifier, b.scratch, b.params, NULL, &alone,
                    &(ClassifierBatch){b.inputs + 2 * CLIP, b.labels + 2 * K, 1, &last}, 1);
    classifier_step(b.classifier, b.scratch, b.params, NULL, &reseeded,
                    &(ClassifierBatch){b.inputs, b.labels, B, &other}, 1);
    assert_true(fabs(whole - (2 * first_two + alone) / 3) < 1e-5);
    assert_true(fabs(whole - reseeded) > 1e-5);
    bench_close(&b);
}

static void test_names_layers_and_starting_values_are_the_official_ones(void **state) {
    (void)state;
    ModelConfig base = VIT_B;
    Classifier *c;
    assert_int_equal(classifier_new(&c, &base, 101, 0.2, 0), ERR_NONE);
    const ParamTable *table = classifier_params(c);
    assert_int_equal(table->n_rows, 162);
    assert_int_equal(table->total, 86304869);
    assert_int_equal(params_find(table, "patch_embed.proj.weight")->layer, 0);
    assert_int_equal(params_find(table, "blocks.11.mlp.fc2.bias")->layer, 12);
    assert_int_equal(params_find(table, "fc_norm.weight")->layer, 13);
    assert_int_equal(params_find(table, "head.weight")->layer, 13);
    assert_int_equal(params_find(table, "head.weight")->init, INIT_HEAD);
    assert_int_equal(params_find(table, "blocks.0.attn.qkv.weight")->init, INIT_NORMAL_02);
    assert_int_equal(params_find(table, "patch_embed.proj.weight")->init, INIT_FRAMEWORK);
    classifier_free(&c);
}

static void test_bad_settings_are_refused(void **state) {
    (void)state;
    Classifier *c;
    assert_int_equal(classifier_new(&c, &tiny, 0, 0, 0), ERR_USAGE);
    assert_int_equal(classifier_new(&c, &tiny, 5, 1.0, 0), ERR_USAGE);
    assert_non_null(strstr(err_message(), "drop_path"));
    assert_int_equal(classifier_new(&c, &tiny, 5, 0, -0.1), ERR_USAGE);
    assert_null(c);
    classifier_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_logits_features_and_gradients_match_the_oracle),
        cmocka_unit_test(test_gradients_with_dropping_agree_with_central_differences),
        cmocka_unit_test(test_gradients_that_are_told_final_do_not_change),
        cmocka_unit_test(test_recomputing_with_dropping_gives_the_same_bits),
        cmocka_unit_test(test_draws_belong_to_the_sample_not_to_its_place),
        cmocka_unit_test(test_names_layers_and_starting_values_are_the_official_ones),
        cmocka_unit_test(test_bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
