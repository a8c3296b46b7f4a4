/* Features are standardized, the head is trained on them, and the standardization is folded into the head: what is
 * tested and written is a plain linear head on plain features. */
#include "eval/readout/internal/readout.h"

#include "base/system/log.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/linear.h"
#include "par/agree.h"

/* ---- testing a head ---- */

/* Probabilities are averaged, not logits, as the official test does. */
static void average_views(float *probabilities, const float *logits, int n_views, int K, double *sums) {
    memset(sums, 0, (size_t)K * sizeof *sums);
    for (int view = 0; view < n_views; view++) softmax_add(sums, logits + (size_t)view * (size_t)K, K);
    for (int k = 0; k < K; k++) probabilities[k] = (float)(sums[k] / n_views);
}

/* Every rank all videos: a product of features and weights is nothing beside the forward passes that made them. */
CHECKED Err readout_probabilities(float *probabilities, const LinearHead *head, const FeatureTable *test, int K) {
    int n_views = test->n_views, D = test->D;
    float *logits = malloc((size_t)n_views * (size_t)K * sizeof *logits);
    double *sums = malloc((size_t)K * sizeof *sums);
    Err err = logits && sums ? ERR_NONE : RAISE(ERR_MEMORY, "test videos: no memory for %d views", n_views);
    for (int64_t video = 0; video < test->n_videos && !err; video++) {
        const float *rows = test->rows + (size_t)video * (size_t)n_views * (size_t)D;
        linear_forward(NULL, (Rows){logits, K}, (ConstRows){rows, D}, head->weight, head->bias,
                       (LinearShape){n_views, D, K});
        average_views(probabilities + video * K, logits, n_views, K, sums);
    }
    free(sums);
    free(logits);
    return err;
}

/* w' = w scale, b' = b - sum w scale mean. */
void readout_fold(LinearHead *head, const Standard *standard, int K) {
    for (int k = 0; k < K; k++) {
        float *weight = head->weight + (size_t)k * (size_t)standard->D;
        double shift = 0;
        for (int d = 0; d < standard->D; d++) {
            weight[d] *= standard->scale[d];
            shift += (double)weight[d] * standard->mean[d];
        }
        head->bias[k] -= (float)shift;
    }
}

/* ---- the probe ---- */

typedef struct {
    int *labels; /* of every training row */
    float *probabilities;
    LinearHead head;
} Linear;

/* The head starts as the network's. */
static Err prepare(Linear *linear, const Readout *readout) {
    const Classification *c = readout->c;
    const FeatureTable *train = &readout->train;
    const ParamTable *table = classifier_params(c->network);
    const Param *weight = params_find(table, "head.weight"), *bias = params_find(table, "head.bias");
    size_t K = (size_t)c->task.test->n_classes, n_rows = (size_t)train->n_videos * (size_t)train->n_views;
    linear->head = (LinearHead){.weight = c->initial + weight->offset, .bias = c->initial + bias->offset};
    linear->labels = malloc(n_rows * sizeof(int));
    linear->probabilities = malloc((size_t)readout->test.n_videos * K * sizeof(float));
    if (!linear->labels || !linear->probabilities) return RAISE(ERR_MEMORY, "probe: no memory for %zu rows", n_rows);
    for (int64_t video = 0; video < train->n_videos; video++)
        for (int view = 0; view < train->n_views; view++)
            linear->labels[video * train->n_views + view] = train->labels[video];
    return ERR_NONE;
}

/* 1. standardize; 2. train; 3. fold; 4. test. The features are changed in place. */
static Err train_and_test(Linear *linear, Readout *readout) {
    const ClassificationTask *t = &readout->c->task;
    FeatureTable *train = &readout->train;
    Standard standard = {0};
    LabelledRows rows = {
        .n_rows = train->n_videos * train->n_views, .D = train->D, .K = t->train->n_classes, .features = train->rows};
    double loss = 0;
    TRY(prepare(linear, readout));
    rows.labels = linear->labels;
    Err err = standard_fit(&standard, train->rows, rows.n_rows, rows.D);
    if (!err) {
        standard_apply(train->rows, &standard, rows.n_rows);
        err = linear_head_train(&linear->head, &loss, &rows, &t->config->train, t->config->data.label_smoothing,
                                t->run->seed);
    }
    if (!err) readout_fold(&linear->head, &standard, rows.K);
    standard_free(&standard);
    TRY(err);
    log_info("probe: head trained on %lld rows of %d features, loss %.4f", (long long)rows.n_rows, rows.D, loss);
    return readout_probabilities(linear->probabilities, &linear->head, &readout->test, rows.K);
}

Err readout_linear_all(Readout *readout) {
    Linear linear = {0};
    Err err = err_agree_all(train_and_test(&linear, readout), &readout->c->task.run->par, "training the head");
    if (!err)
        err = classification_conclude_all(readout->c, linear.probabilities, readout->test.labels, NULL,
                                          "features once per clip: no augmentation, mixup, dropout, drop path");
    free(linear.labels);
    free(linear.probabilities);
    return err;
}
