#include "base/config/config.h"
#include "eval/finetune/finetune.h"
#include "run/folder.h"
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
    const ProtocolScope scope = {.task = "finetune", .dataset = "ucf101", .model = "ViT-B/16 16x224"};
    assert_int_equal(protocol_compare(&result, &scope, &config, sizeof(config), finetune_fields), ERR_NONE);
}

static void test_the_defaults_are_the_papers_protocol(void **state) {
    (void)state;
    compare();
    assert_string_equal(result.protocol, "paper");
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
    assert_string_equal(result.protocol, "paper");
}

static void test_every_other_difference_is_named_with_both_values(void **state) {
    (void)state;
    config.train.epochs = 20;
    config.data.flip = false;
    config.data.crop = CLASSIFY_CROP_SHIFT;
    compare();
    assert_string_equal(result.protocol, "reduced");
    assert_int_equal(result.n_deviations, 3);
    assert_string_equal(result.deviations[0], "data.crop shift instead of resized");
    assert_string_equal(result.deviations[1], "data.flip false instead of true");
    assert_string_equal(result.deviations[2], "train.epochs 20 instead of 100");
}

static void test_a_deviation_noted_before_counts(void **state) {
    (void)state;
    assert_int_equal(result_add_deviation(&result, "dataset standin instead of UCF101"), ERR_NONE);
    compare();
    assert_string_equal(result.protocol, "reduced");
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
    assert_string_equal(result.deviations[RESULT_DEVIATIONS - 1], "and 2 more");
}

/* ---- presets ---- */

/* What a preset's result is called, against a dataset, when it was made from something under `made_from`. */
static const char *name_of(const char *task, const char *preset, const char *dataset, const char *made_from) {
    static Result from, named;
    PretrainConfig pretrain;
    char title[64], path[PATH_SIZE];
    bool pretrains = text_equal(task, "pretrain");
    const Field *fields = pretrains ? pretrain_fields : text_equal(task, "probe") ? probe_fields : finetune_fields;
    void *into = pretrains ? (void *)&pretrain : (void *)&config;
    ClipSource source = {.count = 9537, .departures = {"", ""}};
    memset(&named, 0, sizeof named);
    memset(&from, 0, sizeof from);
    assert_int_equal(text_copy(from.protocol, sizeof from.protocol, made_from ? made_from : ""), ERR_NONE);
    assert_int_equal(text_format(path, sizeof path, "%s/%s/%s.json", SYNVID_CONFIGS, task, preset), ERR_NONE);
    assert_int_equal(config_load(into, fields, path, NULL, 0), ERR_NONE);
    assert_int_equal(model_title(title, sizeof title, pretrains ? &pretrain.model : &config.model), ERR_NONE);
    const ProtocolScope scope = {.task = task,
                                 .dataset = dataset,
                                 .model = title,
                                 .videos = pretrains ? &source : NULL,
                                 .made_from = made_from ? &from : NULL,
                                 .made_how = "pre-training"};
    assert_int_equal(protocol_compare(&named, &scope, into, pretrains ? sizeof pretrain : sizeof config, fields),
                     ERR_NONE);
    for (int i = 0; i < named.n_deviations; i++) print_message("%s %s: %s\n", task, preset, named.deviations[i]);
    return named.protocol;
}

static void test_every_preset_follows_the_protocol_it_is_called_after(void **state) {
    (void)state;
    static const struct {
        const char *task, *preset, *dataset, *made_from, *name;
    } cases[] = {
        {"pretrain", "paper", "moving-circles", NULL, "paper"},
        {"pretrain", "paper-vit-l", "moving-circles", NULL, "paper"},
        {"pretrain", "released", "moving-circles", NULL, "released"},
        {"pretrain", "videomae-k400", "kinetics400", NULL, "videomae-k400"},
        {"finetune", "paper", "ucf101", "paper", "paper"},
        {"finetune", "paper", "ucf101", "videomae", "paper"},
        {"finetune", "paper", "ucf101", NULL, "paper"},
        {"finetune", "paper-hmdb51", "hmdb51", "paper", "paper"},
        {"finetune", "paper-vit-l", "ucf101", "paper", "paper"},
        {"finetune", "paper-hmdb51-vit-l", "hmdb51", "paper", "paper"},
        {"finetune", "released", "ucf101", "released", "released"},
        {"finetune", "released-hmdb51", "hmdb51", "released", "released"},
        {"finetune", "videomae-k400", "kinetics400", "paper", "videomae-k400"},
        {"finetune", "videomae-k400", "kinetics400", "videomae", "videomae-k400"},
        {"probe", "paper", "ucf101", "paper", "paper"},
        {"probe", "released", "ucf101", "released", "released"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(name_of(cases[i].task, cases[i].preset, cases[i].dataset, cases[i].made_from),
                            cases[i].name);
}

static void test_the_wrong_dataset_or_origin_makes_a_preset_reduced(void **state) {
    (void)state;
    static const char *const cases[][4] = {
        {"finetune", "paper", "hmdb51", "paper"},      /* UCF101's stride and clips */
        {"finetune", "paper", "kinetics400", "paper"}, /* Table 4 follows VideoMAE's script */
        {"finetune", "released", "ucf101", "paper"},   /* two readings in one run */
        {"finetune", "paper", "ucf101", "reduced"},    /* who knows how that was pre-trained */
        {"finetune", "paper", "ucf101", "rehearsal"},  {"finetune", "videomae-k400", "ucf101", "paper"},
        {"probe", "features", "ucf101", "paper"}, /* frozen features are not the paper's probe */
        {"probe", "knn", "ucf101", "paper"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(name_of(cases[i][0], cases[i][1], cases[i][2], cases[i][3]), "reduced");
}

static void test_deviations_of_the_pre_training_are_inherited(void **state) {
    (void)state;
    Result from = {.protocol = "reduced"};
    const ProtocolScope scope = {.task = "finetune",
                                 .dataset = "ucf101",
                                 .model = "ViT-B/16 16x224",
                                 .made_from = &from,
                                 .made_how = "pre-training"};
    assert_int_equal(result_add_deviation(&from, "train.epochs 5 instead of 3200"), ERR_NONE);
    assert_int_equal(protocol_compare(&result, &scope, &config, sizeof config, finetune_fields), ERR_NONE);
    assert_string_equal(result.protocol, "reduced");
    assert_int_equal(result.n_deviations, 1);
    assert_string_equal(result.deviations[0], "pre-training: train.epochs 5 instead of 3200");
}

static void test_videos_count_as_much_as_settings(void **state) {
    (void)state;
    PretrainConfig pretrain;
    ClipSource source = {.name = "moving-circles", .departures = {"videos: objects 1 instead of 500\n", "a\nb\n"}};
    const ProtocolScope scope = {
        .task = "pretrain", .dataset = "moving-circles", .model = "ViT-B/16 16x224", .videos = &source};
    fields_default(&pretrain, pretrain_fields);
    assert_int_equal(protocol_compare(&result, &scope, &pretrain, sizeof pretrain, pretrain_fields), ERR_NONE);
    assert_string_equal(result.protocol, "reduced");
    assert_int_equal(result.n_deviations, 1);
    assert_string_equal(result.deviations[0], "videos: objects 1 instead of 500");
    source.departures[SOURCE_PAPER] = source.departures[SOURCE_RELEASED] = NULL;
    memset(&result, 0, sizeof result);
    assert_int_equal(protocol_compare(&result, &scope, &pretrain, sizeof pretrain, pretrain_fields), ERR_NONE);
    assert_string_equal(result.deviations[0], "videos of unknown making (moving-circles)");
}

static void test_a_rehearsal_may_be_smaller_and_nothing_else(void **state) {
    (void)state;
    ProtocolScope scope = {.task = "finetune", .dataset = "ucf101", .model = "ViT-B/16 16x224", .rehearsal = true};
    config.model.width = 16;
    config.train.epochs = 1;
    config.train.batch = 8;
    assert_int_equal(result_add_count(&result, 12, "training videos", 9537), ERR_NONE);
    assert_int_equal(protocol_compare(&result, &scope, &config, sizeof config, finetune_fields), ERR_NONE);
    assert_string_equal(result.protocol, "rehearsal");
    assert_int_equal(result.n_deviations, 4);
    memset(&result, 0, sizeof result);
    config.data.flip = false; /* another path through the code */
    assert_int_equal(protocol_compare(&result, &scope, &config, sizeof config, finetune_fields), ERR_NONE);
    assert_string_equal(result.protocol, "reduced");
    memset(&result, 0, sizeof result);
    config.data.flip = true;
    config.train.epochs = 200; /* more is not less */
    assert_int_equal(protocol_compare(&result, &scope, &config, sizeof config, finetune_fields), ERR_NONE);
    assert_string_equal(result.protocol, "reduced");
    memset(&result, 0, sizeof result);
    config.train.epochs = 1;
    scope.rehearsal = false;
    assert_int_equal(protocol_compare(&result, &scope, &config, sizeof config, finetune_fields), ERR_NONE);
    assert_string_equal(result.protocol, "reduced");
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
        cmocka_unit_test_setup(test_every_preset_follows_the_protocol_it_is_called_after, start),
        cmocka_unit_test_setup(test_the_wrong_dataset_or_origin_makes_a_preset_reduced, start),
        cmocka_unit_test_setup(test_deviations_of_the_pre_training_are_inherited, start),
        cmocka_unit_test_setup(test_videos_count_as_much_as_settings, start),
        cmocka_unit_test_setup(test_a_rehearsal_may_be_smaller_and_nothing_else, start),
        cmocka_unit_test_setup(test_identity_follows_settings_seed_and_inputs_but_not_paths, start),
        cmocka_unit_test_setup(test_models_are_called_by_their_usual_names, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
