/* Fine-tuning and probing of drawn videos whose classes differ in brightness: they are learned, the outcome does not
 * depend on ranks, and weights go from pre-training to classifier as they should. */
#include "train_fixture.h"

#include "base/system/log.h"
#include "eval/finetune/finetune.h"
#include "eval/finetune/forward.h"
#include "eval/import/pretrained.h"
#include "nn/models/classifier.h"
#include "par_check.h"
#include "store/checkpoint/checkpoint.h"
#include "train/pretrain.h"

enum { TRAIN_CLIPS = 24, TEST_CLIPS = 15 };

typedef Err RunAll(const FinetuneConfig *, const ClipSource *, const ClipSource *, const Run *);

static FinetuneConfig make_config(const Field *fields) {
    FinetuneConfig config;
    memset(&config, 0, sizeof config);
    fields_default(&config, fields);
    config.model = fixture_model();
    config.data.frame_stride = 1;
    config.data.test_clips = 2;
    config.data.test_crops = 3;
    fixture_train(&config.train, 12, 3);
    config.train.epochs = 12;
    return config;
}

/* No color changes: brightness is the label. */
static FinetuneConfig finetune_config(void) {
    FinetuneConfig config = make_config(finetune_fields);
    config.data.rand_augment_ops = 0;
    config.data.mixup = config.data.cutmix = 0;
    config.head_dropout = config.drop_path = 0.05;
    config.train.layer_decay = 0.9;
    config.train.base_lr = 0.2;
    return config;
}

static FinetuneConfig probe_config(void) {
    FinetuneConfig config = make_config(probe_fields);
    config.train.base_lr = 0.5;
    return config;
}

static Err run_all(RunAll *task, const FinetuneConfig *config, const Par *par, const char *out) {
    ClipSource train = fixture_source(TRAIN_CLIPS, "train"), test = fixture_source(TEST_CLIPS, "test");
    Run run = {.par = *par, .out = out, .seed = 3, .progress = PROGRESS_NONE, .config_text = "{}", .command = "test"};
    return task(config, &train, &test, &run);
}

static void check_learns_all(RunAll *task, const FinetuneConfig *config, const char *name, const Par *par, bool bits) {
    char folder[64], alone[80];
    CHECK_OK(fixture_folder_all(folder, par));
    Par serial = par_serial(1), team = *par;
    team.threads = 2;
    (void)snprintf(alone, sizeof alone, "%s/alone-%d", folder, par->rank);
    CHECK_OK(run_all(task, config, &serial, alone));
    CHECK_OK(run_all(task, config, &team, folder));
    Result expected = {0}, found = {0};
    CHECK_OK(fixture_result(&expected, alone, name));
    CHECK_OK(fixture_result(&found, folder, name));
    const ResultMetric *top1 = result_metric(&found, "top1");
    CHECK(top1 && top1->value > 80 && top1->count == TEST_CLIPS && top1->low < top1->value && top1->high <= 100);
    CHECK(text_equal(found.pretraining, "random-initialization") && !result_is_official(&found));
    if (bits) CHECK(text_equal(fixture_weights(&expected), fixture_weights(&found)));
    if (bits) CHECK(result_metric(&expected, "top1")->value == top1->value);
    fixture_remove_all(folder, par);
}

static void test_finetuning_learns_and_does_not_depend_on_ranks_all(const Par *par) {
    FinetuneConfig config = finetune_config();
    check_learns_all(finetune_run_all, &config, "finetune", par, par->n_ranks != 3);
}

/* ---- which weights are tested ---- */

/* The class probabilities of the last checkpoint of the only run below `out`, computed again. */
static void probabilities_of_checkpoint(float **probabilities, const FinetuneConfig *config, const char *stem) {
    char folder[PATH_SIZE];
    Classifier *network = NULL;
    WeightSet weights = {0};
    ClipSource test = fixture_source(TEST_CLIPS, "test");
    Run run = {.par = par_serial(1), .progress = PROGRESS_NONE};
    int *labels = NULL;
    CHECK_OK(pretrained_find(folder, sizeof folder, stem));
    CHECK_OK(weights_read(&weights, folder));
    CHECK_OK(classifier_new(&network, &config->model, FIXTURE_CLASSES, 0, 0));
    const ParamTable *table = classifier_params(network);
    float *flat = malloc(table->total * sizeof *flat);
    for (int i = 0; i < table->n_rows; i++) {
        const Tensor *tensor = weights_find(&weights, table->rows[i].name);
        CHECK(tensor != NULL);
        if (tensor) memcpy(flat + table->rows[i].offset, tensor->data, table->rows[i].count * sizeof(float));
    }
    Forward forward = {
        .network = network,
        .params = flat,
        .batch = config->train.micro_batch,
        .n_classes = FIXTURE_CLASSES,
        .what = "videos",
        .views = {&test, &config->model, config->data.frame_stride, config->data.test_clips, config->data.test_crops}};
    CHECK_OK(forward_probabilities_all(probabilities, &labels, &forward, &run));
    free(labels);
    free(flat);
    weights_free(&weights);
    classifier_free(&network);
}

/* The official code keeps the "best" epoch as well, and tests the last one. */
static void test_the_last_epochs_weights_are_tested_all(const Par *par) {
    char folder[64], alone[80], stem[128], path[PATH_SIZE], *text = NULL;
    size_t length = 0;
    float *probabilities = NULL;
    FinetuneConfig config = finetune_config();
    Par serial = par_serial(1);
    config.train.epochs = 3;
    CHECK_OK(fixture_folder_all(folder, par));
    (void)snprintf(alone, sizeof alone, "%s/alone-%d", folder, par->rank);
    (void)snprintf(stem, sizeof stem, "%s/finetune-drawn-random-initialization", alone);
    CHECK_OK(run_all(finetune_run_all, &config, &serial, alone));
    probabilities_of_checkpoint(&probabilities, &config, stem);
    CHECK_OK(pretrained_find(path, sizeof path - 32, stem));
    CHECK_OK(text_format(path + strlen(path), 32, "/predictions.csv"));
    CHECK_OK(file_read(&text, &length, path, 1 << 20));
    const char *line = text ? strchr(text, '\n') : NULL;
    for (int video = 0; video < TEST_CLIPS && line; video++, line = strchr(line + 1, '\n')) {
        char expected[32];
        (void)snprintf(expected, sizeof expected, ",%.6f,", (double)probabilities[video * FIXTURE_CLASSES + video % 3]);
        const char *found = strstr(line, expected);
        CHECK(found && found < strchr(line + 1, '\n'));
    }
    free(text);
    free(probabilities);
    fixture_remove_all(folder, par);
}

static void test_a_probe_learns_and_does_not_depend_on_ranks_all(const Par *par) {
    FinetuneConfig config = probe_config();
    check_learns_all(probe_run_all, &config, "probe", par, true);
}

/* ---- the other read-outs ---- */

static FinetuneConfig readout_config(int protocol) {
    FinetuneConfig config = probe_config();
    config.protocol = protocol;
    config.readout.neighbors = 3;
    config.readout.heads = 2;
    config.readout.draws = 3;
    CHECK_OK(text_copy(config.readout.shots, sizeof config.readout.shots, "1,4"));
    return config;
}

static void test_neighbors_and_attention_learn_and_do_not_depend_on_ranks_all(const Par *par) {
    FinetuneConfig config = readout_config(PROBE_KNN);
    check_learns_all(probe_run_all, &config, "knn", par, true);
    config = readout_config(PROBE_ATTENTIVE);
    config.train.base_lr = 0.2;
    config.train.epochs = 30;
    check_learns_all(probe_run_all, &config, "attentive-probe", par, par->n_ranks != 3);
}

/* BatchNorm sees leaves of 12 here, and its running statistics must lead to the same answers in testing. */
static void test_an_augmented_probe_learns_and_does_not_depend_on_ranks_all(const Par *par) {
    FinetuneConfig config = probe_config();
    config.data.augment = true;
    config.data.rand_augment_ops = 0;
    config.data.mixup = config.data.cutmix = config.data.erasing = 0;
    config.drop_path = config.head_dropout = 0.05;
    config.train.micro_batch = 6;
    config.train.epochs = 40;
    check_learns_all(probe_run_all, &config, "probe", par, par->n_ranks != 3);
    config.protocol = PROBE_KNN;
    CHECK_ERR(ERR_USAGE, run_all(probe_run_all, &config, par, "/nowhere"));
}

static void test_few_shot_curves_rise_and_do_not_depend_on_ranks_all(const Par *par) {
    static const char *const names[] = {"top1-1-shot", "top1-4-shot"};
    char folder[64], alone[80];
    FinetuneConfig config = readout_config(PROBE_FEW_SHOT);
    Par serial = par_serial(1);
    CHECK_OK(fixture_folder_all(folder, par));
    (void)snprintf(alone, sizeof alone, "%s/alone-%d", folder, par->rank);
    CHECK_OK(run_all(probe_run_all, &config, &serial, alone));
    CHECK_OK(run_all(probe_run_all, &config, par, folder));
    Result expected = {0}, found = {0};
    CHECK_OK(fixture_result(&expected, alone, "few-shot"));
    CHECK_OK(fixture_result(&found, folder, "few-shot"));
    for (int i = 0; i < 2; i++) {
        const ResultMetric *a = result_metric(&expected, names[i]), *b = result_metric(&found, names[i]);
        CHECK(a && b && a->value == b->value && b->count == 3 && b->value > 50);
    }
    CHECK(result_metric(&found, "top1") == NULL);
    fixture_remove_all(folder, par);
}

/* ---- the protocols of the paper's datasets ---- */

static bool deviates(const Result *result, const char *text) {
    for (int i = 0; i < result->n_deviations; i++)
        if (strstr(result->deviations[i], text)) return true;
    return false;
}

static void test_hmdb51_is_held_against_its_own_protocol_all(const Par *par) {
    char folder[64];
    FinetuneConfig config = probe_config();
    ClipSource train = fixture_source(TRAIN_CLIPS, "train"), test = fixture_source(TEST_CLIPS, "test");
    Run run = {.par = *par, .seed = 3, .progress = PROGRESS_NONE, .config_text = "{}", .command = "test"};
    Result result = {0};
    config.train.epochs = 2;
    config.data.test_clips = 10;
    const struct {
        const char *dataset;
        int stride;
        const char *expected;
    } cases[] = {{"hmdb51", 2, NULL},
                 {"hmdb51", 4, "data.frame_stride 4 instead of 2"},
                 {"ucf101", 2, "data.frame_stride 2 instead of 4"},
                 {"ucf101", 4, "data.test_clips 10 instead of 5"}};
    for (int i = 0; i < 4; i++) {
        CHECK_OK(fixture_folder_all(folder, par));
        run.out = folder;
        (void)snprintf(train.name, sizeof train.name, "%s", cases[i].dataset);
        config.data.frame_stride = cases[i].stride;
        CHECK_OK(probe_run_all(&config, &train, &test, &run));
        CHECK_OK(fixture_result(&result, folder, "probe"));
        CHECK(cases[i].expected ? deviates(&result, cases[i].expected)
                                : !deviates(&result, "data.frame_stride") && !deviates(&result, "data.test_clips"));
        CHECK(deviates(&result, "24 training videos instead of ") && deviates(&result, "squares of 20 pixels"));
        fixture_remove_all(folder, par);
    }
}

static void test_every_augmentation_at_once_runs_all(const Par *par) {
    char folder[64];
    CHECK_OK(fixture_folder_all(folder, par));
    FinetuneConfig config = make_config(finetune_fields);
    config.train.epochs = 1;
    config.data.erasing = 1;
    for (int crop = CLASSIFY_CROP_RESIZED; crop <= CLASSIFY_CROP_CENTER; crop++) {
        config.data.crop = crop;
        config.data.shift = 3;
        CHECK_OK(run_all(finetune_run_all, &config, par, folder));
    }
    fixture_remove_all(folder, par);
}

/* ---- pre-trained weights ---- */

static Err pretrain_all(const Par *par, const char *out) {
    PretrainConfig config;
    fields_default(&config, pretrain_fields);
    config.model = fixture_model();
    config.data.frame_stride = 1;
    config.mask_ratio = 0.5;
    fixture_train(&config.train, 12, 3);
    ClipSource source = fixture_source(TRAIN_CLIPS, "train");
    static const char text[] = "{\"name\": \"drawn-videos\", \"model\": {\"image_size\": 16, \"n_frames\": 4,"
                               "\"patch_size\": 8, \"tubelet_size\": 2, \"width\": 16, \"depth\": 2, \"heads\": 2,"
                               "\"decoder_width\": 8, \"decoder_depth\": 1, \"decoder_heads\": 1, \"mlp_ratio\": 2}}";
    Run run = {.par = *par, .out = out, .seed = 3, .progress = PROGRESS_NONE, .config_text = text, .command = "test"};
    return pretrain_run_all(&config, &source, &run);
}

static void check_copied(const float *flat, const ParamTable *table, const WeightSet *weights) {
    for (int i = 0; i < table->n_rows; i++) {
        const Param *row = &table->rows[i];
        char name[TENSOR_NAME_SIZE + 8];
        (void)snprintf(name, sizeof name, "encoder.%s", row->name);
        const Tensor *tensor = weights_find(weights, name);
        bool fresh = text_starts(row->name, "fc_norm.") || text_starts(row->name, "head.");
        CHECK(fresh == (tensor == NULL));
        if (tensor) CHECK(!memcmp(flat + row->offset, tensor->data, row->count * sizeof(float)));
        if (fresh) CHECK(flat[row->offset] == -5);
    }
}

static void test_the_encoder_is_copied_and_the_head_left_fresh(const char *stem) {
    ModelConfig model = fixture_model();
    Classifier *network = NULL;
    Pretrained source;
    WeightSet weights = {0};
    CHECK_OK(classifier_new(&network, &model, 3, 0, 0));
    const ParamTable *table = classifier_params(network);
    float *flat = malloc(table->total * sizeof *flat);
    for (size_t i = 0; i < table->total; i++) flat[i] = -5;
    CHECK_OK(pretrained_load(flat, &source, table, &model, stem));
    CHECK(text_equal(source.name, "drawn-videos") && source.step == 6 && strlen(source.digest) == 32);
    CHECK_OK(weights_read(&weights, source.path));
    check_copied(flat, table, &weights);
    model.width = 32;
    CHECK_ERR(ERR_USAGE, pretrained_load(flat, &source, table, &model, stem));
    CHECK(strstr(err_message(), "model.width: 32, but ") && strstr(err_message(), "was trained with 16"));
    CHECK_ERR(ERR_INPUT, pretrained_load(flat, &source, table, &model, "/nowhere/at-all"));
    weights_free(&weights);
    free(flat);
    classifier_free(&network);
}

static void test_a_checkpoint_enters_the_result_and_the_identity_all(const Par *par) {
    char folder[64], stem[128];
    CHECK_OK(fixture_folder_all(folder, par));
    CHECK_OK(pretrain_all(par, folder));
    (void)snprintf(stem, sizeof stem, "%s/drawn", folder); /* its digest left out */
    if (par->rank == 0) test_the_encoder_is_copied_and_the_head_left_fresh(stem);
    FinetuneConfig config = probe_config();
    CHECK_OK(run_all(probe_run_all, &config, par, folder));
    CHECK_OK(text_copy(config.checkpoint, sizeof config.checkpoint, stem));
    CHECK_OK(run_all(probe_run_all, &config, par, folder));
    Result result = {0};
    CHECK_OK(fixture_result(&result, folder, "probe-drawn-drawn-videos"));
    CHECK(text_equal(result.pretraining, "drawn-videos") && result.n_inputs == 3);
    CHECK_OK(fixture_result(&result, folder, "probe-drawn-random-initialization"));
    config.model.depth = 3;
    CHECK_ERR(ERR_USAGE, run_all(probe_run_all, &config, par, folder));
    fixture_remove_all(folder, par);
}

static void test_sources_that_do_not_belong_together_are_refused_all(const Par *par) {
    FinetuneConfig config = probe_config();
    ClipSource train = fixture_source(TRAIN_CLIPS, "train"), test = fixture_source(TEST_CLIPS, "test");
    Run run = {.par = *par, .out = "/nowhere", .seed = 3, .progress = PROGRESS_NONE};
    test.n_classes = 2;
    CHECK_ERR(ERR_INPUT, probe_run_all(&config, &train, &test, &run));
    train.n_classes = 0;
    CHECK_ERR(ERR_INPUT, finetune_run_all(&config, &train, &test, &run));
    CHECK(strstr(err_message(), "no labels") != NULL);
}

/* ---- labels, before any training ---- */

static int64_t odd_video = -1; /* has the label odd_label */
static int odd_label;

static Err odd_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    TRY(fixture_info(source, epoch, index, info));
    if (index == odd_video) info->label = odd_label;
    return ERR_NONE;
}

static void test_labels_are_looked_at_before_anything_is_trained_all(const Par *par) {
    static const ClipSourceOps odd_ops = {.kind = "odd", .info = odd_info, .read = fixture_read};
    FinetuneConfig config = finetune_config();
    ClipSource train = fixture_source(TRAIN_CLIPS, "train"), test = fixture_source(TEST_CLIPS, "test");
    Run run = {.par = *par, .out = "/nowhere", .seed = 3, .progress = PROGRESS_NONE};
    train.ops = &odd_ops;
    odd_video = 17;
    const int bad[] = {-1, FIXTURE_CLASSES};
    for (int i = 0; i < 2; i++) {
        odd_label = bad[i];
        CHECK_ERR(ERR_INPUT, finetune_run_all(&config, &train, &test, &run));
        CHECK(strstr(err_message(), "data.train: drawn: video 17 has label ") != NULL);
    }
    odd_video = -1;
    test.count = 0;
    CHECK_ERR(ERR_INPUT, finetune_run_all(&config, &train, &test, &run));
    CHECK(strstr(err_message(), "data.test: drawn: holds no videos") != NULL);
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    log_setup(par.rank, par.n_ranks, LOG_QUIET);
    test_finetuning_learns_and_does_not_depend_on_ranks_all(&par);
    test_the_last_epochs_weights_are_tested_all(&par);
    test_a_probe_learns_and_does_not_depend_on_ranks_all(&par);
    test_neighbors_and_attention_learn_and_do_not_depend_on_ranks_all(&par);
    test_an_augmented_probe_learns_and_does_not_depend_on_ranks_all(&par);
    test_few_shot_curves_rise_and_do_not_depend_on_ranks_all(&par);
    test_hmdb51_is_held_against_its_own_protocol_all(&par);
    test_every_augmentation_at_once_runs_all(&par);
    test_a_checkpoint_enters_the_result_and_the_identity_all(&par);
    test_sources_that_do_not_belong_together_are_refused_all(&par);
    test_labels_are_looked_at_before_anything_is_trained_all(&par);
    return par_check_finish_all(&par);
}
