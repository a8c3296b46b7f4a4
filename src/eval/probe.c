#include "eval/classification.h"
#include "eval/forward.h"
#include "eval/linear_head.h"

#include "base/estimate.h"
#include "base/log.h"
#include "par/agree.h"
#include "train/identity.h"

#include <math.h>

/* The official probe recomputes features in every epoch, with the whole network in training mode. */
#define PROBE_DEVIATION "features once per clip: no augmentation, mixup, dropout, drop path"
static const double norm_eps = 1e-6;

typedef struct {
    int64_t n_rows;
    int D;
    float *rows;         /* (n_rows, D) */
    int *labels;         /* (n_rows) */
    float *mean, *scale; /* (D) x -> (x - mean) * scale */
} Features;

/* ---- features ---- */

/* fc_norm as it stays in a probe: weight 1, bias 0. */
static void normalize_row(float *row, int D) {
    double mean = 0, variance = 0;
    for (int d = 0; d < D; d++) mean += row[d];
    mean /= D;
    for (int d = 0; d < D; d++) variance += (row[d] - mean) * (row[d] - mean);
    double scale = 1 / sqrt(variance / D + norm_eps);
    for (int d = 0; d < D; d++) row[d] = (float)((row[d] - mean) * scale);
}

/* Mean 0 and deviation 1 over the training rows: the official head's BatchNorm without affine, with the statistics of
 * the whole set, so that they depend on no worker count. */
static void standardize(Features *f) {
    for (int d = 0; d < f->D; d++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < f->n_rows; i++) sum += f->rows[i * f->D + d];
        double mean = sum / (double)f->n_rows;
        for (int64_t i = 0; i < f->n_rows; i++) {
            double deviation = f->rows[i * f->D + d] - mean;
            squares += deviation * deviation;
        }
        f->mean[d] = (float)mean;
        f->scale[d] = (float)(1 / sqrt(squares / (double)f->n_rows + norm_eps));
        for (int64_t i = 0; i < f->n_rows; i++)
            f->rows[i * f->D + d] = (f->rows[i * f->D + d] - f->mean[d]) * f->scale[d];
    }
}

static Err expand_labels(Features *f, const int *labels, int64_t n_videos, int n_views) {
    f->labels = malloc((size_t)f->n_rows * sizeof(int));
    f->mean = malloc((size_t)f->D * sizeof(float));
    f->scale = malloc((size_t)f->D * sizeof(float));
    if (!f->labels || !f->mean || !f->scale)
        return RAISE(ERR_MEMORY, "probe: no memory for %lld rows", (long long)f->n_rows);
    for (int64_t video = 0; video < n_videos; video++)
        for (int view = 0; view < n_views; view++) f->labels[video * n_views + view] = labels[video];
    return ERR_NONE;
}

/* `repeat` clips a training video, the middle crop of each. */
static Err compute_features_all(Features *f, const Classification *c) {
    const ClassificationTask *t = &c->task;
    const FinetuneConfig *config = t->config;
    Forward forward = {.network = c->network,
                       .params = c->initial,
                       .views = {.source = t->train,
                                 .model = &config->model,
                                 .frame_stride = config->data.frame_stride,
                                 .n_clips = config->data.repeat,
                                 .n_crops = 1},
                       .batch = config->train.micro_batch,
                       .n_classes = t->train->n_classes,
                       .what = "training videos"};
    int *labels = NULL;
    f->n_rows = t->train->count * config->data.repeat;
    f->D = config->model.width;
    TRY(forward_features_all(&f->rows, &labels, &forward, t->run));
    Err err = expand_labels(f, labels, t->train->count, config->data.repeat);
    free(labels);
    TRY(err_agree_all(err, &t->run->par, "probe features"));
    for (int64_t i = 0; i < f->n_rows; i++) normalize_row(f->rows + i * f->D, f->D);
    standardize(f);
    return ERR_NONE;
}

static void features_free(Features *f) {
    free(f->rows);
    free(f->labels);
    free(f->mean);
    free(f->scale);
}

/* ---- the head ---- */

/* Head on standardized features -> the same head on the network's own: w' = w scale, b' = b - sum w scale mean. */
static void fold_standardization(LinearHead *head, const Features *f, int K) {
    for (int k = 0; k < K; k++) {
        float *weight = head->weight + (size_t)k * (size_t)f->D;
        double shift = 0;
        for (int d = 0; d < f->D; d++) {
            weight[d] *= f->scale[d];
            shift += (double)weight[d] * f->mean[d];
        }
        head->bias[k] -= (float)shift;
    }
}

static Err train_head(Classification *c, const Features *f) {
    const ClassificationTask *t = &c->task;
    const ParamTable *table = classifier_params(c->network);
    const Param *weight = params_find(table, "head.weight"), *bias = params_find(table, "head.bias");
    LinearHead head = {.weight = c->initial + weight->offset, .bias = c->initial + bias->offset};
    LabelledRows rows = {
        .n_rows = f->n_rows, .D = f->D, .K = t->train->n_classes, .features = f->rows, .labels = f->labels};
    double loss = 0;
    TRY(linear_head_train(&head, &loss, &rows, &t->config->train, t->config->data.label_smoothing, t->run->seed));
    fold_standardization(&head, f, rows.K);
    log_info("probe: head trained on %lld rows of %d features, loss %.4f", (long long)f->n_rows, f->D, loss);
    return ERR_NONE;
}

static Err probe_all(Classification *c, void *state) {
    (void)state;
    Features features = {0};
    Err err = compute_features_all(&features, c);
    if (!err) err = err_agree_all(train_head(c, &features), &c->task.run->par, "training the head");
    features_free(&features);
    return err ? err : classification_finish_all(c, c->initial, NULL, PROBE_DEVIATION);
}

static void print_plan(const Classification *c) {
    const FinetuneConfig *config = c->task.config;
    double views = (double)c->task.train->count * config->data.repeat +
                   (double)c->task.test->count * config->data.test_clips * config->data.test_crops;
    double flops = model_finetune_flops(&config->model, c->task.train->n_classes) / 3 * views; /* forward only */
    char bytes[32], model[64];
    if (model_title(model, sizeof(model), &config->model)) return;
    printf("probe: %s, %lld training and %lld test videos, %.0f forward passes\n", model,
           (long long)c->task.train->count, (long long)c->task.test->count, views);
    double memory = (double)c->task.train->count * config->data.repeat * config->model.width * sizeof(float);
    printf("  %s of memory a rank for features, %.3g TFLOP: %.2f core-hours at 50 GFLOP/s\n",
           text_bytes(bytes, sizeof(bytes), memory), flops * 1e-12, flops / ESTIMATE_CORE_FLOPS / 3600);
    estimate_print(memory, flops / ESTIMATE_CORE_FLOPS);
}

CHECKED Err probe_run_all(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test,
                          const Run *run) {
    ClassificationTask task = {
        .task = "probe", .config = config, .fields = probe_fields, .train = train, .test = test, .run = run};
    Classification c;
    Err err = classification_open_all(&c, &task);
    if (!err && run->dry_run)
        print_plan(&c);
    else if (!err)
        err = classification_run_all(&c, probe_all, NULL);
    classification_free(&c);
    return err;
}
