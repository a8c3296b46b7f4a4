/* Linear, nearest-neighbor, few-shot and attentive read-outs of one frozen encoder: one function each, behind one
 * table. All but one kind work on features that are computed once and kept in a folder, named by weights and videos. */
#include "eval/clips/views.h"
#include "eval/readout/internal/readout.h"

#include "base/system/estimate.h"
#include "par/agree.h"

static const struct {
    const char *task; /* how results call it */
    ReadoutRun *run;
    bool tokens; /* wants more than the mean over all tokens */
} protocols[] = {
    [PROBE_LINEAR] = {"probe", readout_linear_all, false},
    [PROBE_KNN] = {"knn", readout_knn_all, false},
    [PROBE_FEW_SHOT] = {"few-shot", readout_few_shot_all, false},
    [PROBE_ATTENTIVE] = {"attentive-probe", readout_attentive_all, true},
};

static int grid_of(const FinetuneConfig *config) {
    return protocols[config->protocol].tokens ? config->readout.token_grid : 0;
}

/* ---- features ---- */

/* Beside the run folders, unless the user names another place or none. */
static Err features_folder(char *out, size_t size, const FinetuneConfig *config, const Run *run) {
    if (text_equal(config->readout.features, "none")) return text_copy(out, size, "");
    if (config->readout.features[0]) return text_copy(out, size, config->readout.features);
    return path_join(out, size, run->out, "features");
}

/* Random weights are known by their seed. */
static Err weights_digest(char *out, size_t size, const Classification *c) {
    if (c->pretrained.digest[0]) return text_copy(out, size, c->pretrained.digest);
    return text_format(out, size, "random %llu", (unsigned long long)c->task.run->seed);
}

/* n_clips x n_crops views of every video of a source, normalized. */
static Err get_features_all(FeatureTable *features, const Classification *c, const ClipSource *source, int n_clips,
                            int n_crops, const char *what) {
    const ClassificationTask *t = &c->task;
    const FinetuneConfig *config = t->config;
    char folder[PATH_SIZE], weights[64];
    FeatureRequest request = {.forward = {.network = c->network,
                                          .params = c->initial,
                                          .views = {.source = source,
                                                    .model = &config->model,
                                                    .frame_stride = config->data.frame_stride,
                                                    .n_clips = n_clips,
                                                    .n_crops = n_crops},
                                          .batch = config->train.micro_batch,
                                          .team = config->train.team,
                                          .n_classes = t->train->n_classes,
                                          .token_grid = grid_of(config),
                                          .what = what},
                              .weights = weights,
                              .folder = folder};
    Err err = features_folder(folder, sizeof folder, config, t->run);
    if (!err) err = weights_digest(weights, sizeof weights, c);
    TRY(err_agree_all(err, &t->run->par, what));
    TRY(features_get_all(features, &request, t->run));
    features_normalize(features);
    return ERR_NONE;
}

/* `repeat` clips a training video, the middle crop of each; the test protocol's views of a test video. */
static Err execute_all(void *state, const RunFolder *folder) {
    Classification *c = state;
    c->folder = folder;
    const ClassifyData *data = &c->task.config->data;
    Readout readout = {.c = c};
    Err err = get_features_all(&readout.train, c, c->task.train, data->repeat, 1, "training videos");
    if (!err) err = get_features_all(&readout.test, c, c->task.test, data->test_clips, data->test_crops, "test videos");
    if (!err) err = protocols[c->task.config->protocol].run(&readout);
    feature_table_free(&readout.train);
    feature_table_free(&readout.test);
    return err;
}

/* ---- the command ---- */

static Err plan(void *state) {
    const Classification *c = state;
    const FinetuneConfig *config = c->task.config;
    double views = (double)c->task.train->count * config->data.repeat +
                   (double)c->task.test->count * config->data.test_clips * config->data.test_crops;
    double flops = model_finetune_flops(&config->model, c->task.train->n_classes) / 3 * views; /* forward only */
    char bytes[32], model[64];
    TRY(model_title(model, sizeof(model), &config->model));
    printf("%s: %s, %lld training and %lld test videos, %.0f forward passes\n", c->task.task, model,
           (long long)c->task.train->count, (long long)c->task.test->count, views);
    double memory = views * tokens_count(&config->model, grid_of(config)) * config->model.width * sizeof(float);
    printf("  %s of memory a rank for features, %.3g TFLOP: %.2f core-hours at 50 GFLOP/s\n",
           text_bytes(bytes, sizeof(bytes), memory), flops * 1e-12, flops / ESTIMATE_CORE_FLOPS / 3600);
    estimate_print(memory, flops / ESTIMATE_CORE_FLOPS);
    return ERR_NONE;
}

/* What would otherwise be found after the forward passes. */
static Err check_config(const FinetuneConfig *config) {
    int shots[READOUT_SHOTS_MAX], count;
    if (config->data.augment && config->protocol != PROBE_LINEAR)
        return RAISE(ERR_USAGE, "data.augment: only the linear protocol recomputes features; the others keep them");
    TRY(tokens_check_grid(&config->model, grid_of(config)));
    if (config->protocol == PROBE_FEW_SHOT) TRY(readout_parse_shots(shots, &count, config->readout.shots));
    if (config->protocol == PROBE_ATTENTIVE && config->model.width % config->readout.heads != 0)
        return RAISE(ERR_USAGE, "readout.heads: %d do not divide model.width %d", config->readout.heads,
                     config->model.width);
    return ERR_NONE;
}

CHECKED Err probe_run_all(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test,
                          const Run *run) {
    ClassificationTask task = {.task = protocols[config->protocol].task,
                               .config = config,
                               .fields = probe_fields,
                               .train = train,
                               .test = test,
                               .run = run,
                               .frozen = true};
    Classification c;
    TRY(check_config(config));
    Err err = classification_open_all(&c, &task);
    if (!err && config->data.augment)
        err = readout_augmented_all(&c);
    else if (!err)
        err = classification_run_all(&c, &(ClassificationWork){plan, execute_all, &c});
    classification_free(&c);
    return err;
}
