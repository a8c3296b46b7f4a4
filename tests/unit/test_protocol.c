#include "eval/finetune/finetune.h"
#include "run/identity.h"
#include "run/protocol.h"
#include "train/pretrain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static FinetuneConfig config;
static Result result;

static Err identity_of(char out[DIGEST_SIZE], uint64_t seed, const char *const *inputs) {
    return run_identity(out, &(RunIdentity){&config, finetune_fields, inputs, 2, false}, seed);
}

static int start(void **state) {
    (void)state;
    memset(&result, 0, sizeof(result));
    memset(&config, 0, sizeof(config));
    fields_default(&config, finetune_fields);
    return 0;
}

static void compare(void) {
    assert_int_equal(protocol_compare(&result, &config, sizeof(config), finetune_fields), ERR_NONE);
}

static void test_the_defaults_are_the_papers_protocol(void **state) {
    (void)state;
    compare();
    assert_true(result.paper_protocol);
    assert_int_equal(config.train.epochs, 100);
    assert_float_equal(config.train.base_lr, 1e-3, 0);
    assert_float_equal(config.train.layer_decay, 0.7, 0);
    PretrainConfig pretrain;
    fields_default(&pretrain, pretrain_fields);
    assert_int_equal(pretrain.train.epochs, 3200);
    assert_float_equal(pretrain.train.base_lr, 3e-4, 0);
    assert_float_equal(pretrain.train.beta2, 0.95, 0);
    FinetuneConfig probe;
    fields_default(&probe, probe_fields);
    assert_float_equal(probe.train.base_lr, 1e-2, 0);
    assert_float_equal(probe.train.weight_decay, 0, 0);
}

static void test_what_only_decides_rounding_or_files_is_no_deviation(void **state) {
    (void)state;
    config.train.micro_batch = 16;
    config.train.reduce = 2;
    config.train.log_steps = 1;
    config.model.recompute = true;
    assert_int_equal(text_copy(config.data.train, sizeof(config.data.train), "/elsewhere"), ERR_NONE);
    compare();
    assert_true(result.paper_protocol);
}

static void test_every_other_difference_is_named_with_both_values(void **state) {
    (void)state;
    config.train.epochs = 20;
    config.data.flip = false;
    config.data.crop = CLASSIFY_CROP_SHIFT;
    compare();
    assert_false(result.paper_protocol);
    assert_int_equal(result.n_deviations, 3);
    assert_string_equal(result.deviations[0], "data.crop shift instead of resized");
    assert_string_equal(result.deviations[1], "data.flip false instead of true");
    assert_string_equal(result.deviations[2], "train.epochs 20 instead of 100");
}

static void test_a_deviation_noted_before_counts(void **state) {
    (void)state;
    assert_int_equal(result_add_deviation(&result, "dataset standin instead of UCF101"), ERR_NONE);
    compare();
    assert_false(result.paper_protocol);
}

static void test_more_deviations_than_fit_are_counted(void **state) {
    (void)state;
    for (int i = 0; i < RESULT_DEVIATIONS - 2; i++)
        assert_int_equal(result_add_deviation(&result, "deviation %d", i), ERR_NONE);
    config.train.epochs = 20;
    config.train.batch = 8;
    config.data.flip = false;
    compare();
    assert_int_equal(result.n_deviations, RESULT_DEVIATIONS);
    assert_string_equal(result.deviations[RESULT_DEVIATIONS - 1], "and 2 more settings");
}

static void test_identity_follows_settings_seed_and_inputs_but_not_paths(void **state) {
    (void)state;
    char a[DIGEST_SIZE], b[DIGEST_SIZE];
    const char *inputs[] = {"0123", "4567"}, *others[] = {"0123", "4568"};
    assert_int_equal(identity_of(a, 1, inputs), ERR_NONE);
    assert_int_equal(text_copy(config.checkpoint, sizeof(config.checkpoint), "/moved"), ERR_NONE);
    assert_int_equal(identity_of(b, 1, inputs), ERR_NONE);
    assert_string_equal(a, b);
    assert_int_equal(identity_of(b, 2, inputs), ERR_NONE);
    assert_string_not_equal(a, b);
    assert_int_equal(identity_of(b, 1, others), ERR_NONE);
    assert_string_not_equal(a, b);
    config.train.epochs++;
    assert_int_equal(identity_of(b, 1, inputs), ERR_NONE);
    assert_string_not_equal(a, b);
}

static void test_models_are_called_by_their_usual_names(void **state) {
    (void)state;
    char title[64];
    assert_int_equal(model_title(title, sizeof(title), &config.model), ERR_NONE);
    assert_string_equal(title, "ViT-B/16 16x224");
    ModelConfig small = {.image_size = 40, .n_frames = 8, .patch_size = 8, .width = 96, .depth = 4, .heads = 3};
    assert_int_equal(model_title(title, sizeof(title), &small), ERR_NONE);
    assert_string_equal(title, "ViT-96x4/8 8x40");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_defaults_are_the_papers_protocol, start),
        cmocka_unit_test_setup(test_what_only_decides_rounding_or_files_is_no_deviation, start),
        cmocka_unit_test_setup(test_every_other_difference_is_named_with_both_values, start),
        cmocka_unit_test_setup(test_a_deviation_noted_before_counts, start),
        cmocka_unit_test_setup(test_more_deviations_than_fit_are_counted, start),
        cmocka_unit_test_setup(test_identity_follows_settings_seed_and_inputs_but_not_paths, start),
        cmocka_unit_test_setup(test_models_are_called_by_their_usual_names, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
