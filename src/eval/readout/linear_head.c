/* The same code on every rank, on the same rows: a linear head is trained in a moment, and without communication
 * there is nothing that could differ. */
#include "eval/readout/internal/readout.h"

#include "base/system/arena.h"
#include "nn/layers/linear.h"
#include "nn/models/optimizer.h"
#include "train/batch.h"
#include "video/transform/augment.h"

#include <math.h>

/* Flat vectors are weight (K, D), then bias (K). */
typedef struct {
    const LabelledRows *rows;
    const TrainConfig *config;
    double label_smoothing;
    int batch;
    BatchPlan plan;
    Schedule schedule;
    AdamwConfig adamw;
    ParamTable table;
    Arena memory;
    float *params, *grads, *m, *v;
    float *x, *logits; /* (batch, D), (batch, K); logits become their gradient */
    float *target;     /* (K) */
} Regression;

/* As fine-tuning's head: the weight decays, the bias does not. */
static Err describe(Regression *r) {
    const int weight[] = {r->rows->K, r->rows->D}, bias[] = {r->rows->K};
    TRY(params_add(&r->table, NULL, &(ParamRow){"head.weight", weight, 2, INIT_HEAD, weight[1], weight[0], true, 0}));
    return params_add(&r->table, NULL, &(ParamRow){"head.bias", bias, 1, INIT_ZERO, 1, 1, false, 0});
}

static Err allocate(Regression *r) {
    size_t total = r->table.total, K = (size_t)r->rows->K, D = (size_t)r->rows->D, B = (size_t)r->batch;
    size_t floats = 4 * total + B * (D + K) + K;
    TRY(arena_alloc(&r->memory, floats * sizeof(float) + 1024, "linear head"));
    r->params = arena_floats(&r->memory, total);
    r->grads = arena_floats(&r->memory, total);
    r->m = arena_floats(&r->memory, total);
    r->v = arena_floats(&r->memory, total);
    r->x = arena_floats(&r->memory, B * D);
    r->logits = arena_floats(&r->memory, B * K);
    r->target = arena_floats(&r->memory, K);
    return ERR_NONE;
}

/* The schedule and optimizer of train/trainer.c, without ranks and checkpoints. */
static Err regression_init(Regression *r, uint64_t seed) {
    const TrainConfig *c = r->config;
    /* small sets make smaller batches; the rate follows the batch (base_lr for 256) */
    r->batch = c->batch < r->rows->n_rows ? c->batch : (int)r->rows->n_rows;
    TRY(batch_plan_init(&r->plan, seed, r->rows->n_rows, r->batch, r->batch));
    int64_t per_epoch = batch_steps_per_epoch(&r->plan);
    r->schedule = (Schedule){.peak = c->base_lr * r->batch / 256.0,
                             .minimum = c->min_lr * r->batch / 256.0,
                             .warmup_steps = llround(c->warmup_epochs * (double)per_epoch),
                             .total_steps = per_epoch * c->epochs};
    r->adamw = (AdamwConfig){(float)c->beta1, (float)c->beta2, (float)c->eps, (float)c->weight_decay};
    TRY(describe(r));
    return allocate(r);
}

static void regression_free(Regression *r) {
    batch_plan_free(&r->plan);
    params_free(&r->table);
    arena_free(&r->memory);
}

/* -sum target*log softmax of one row; the row becomes its gradient, (softmax - target) / batch. */
static double cross_entropy(float *logits, const float *target, int K, int batch) {
    /* less the largest: no exponential overflows */
    double largest = logits[0], sum = 0, loss = 0;
    for (int k = 1; k < K; k++) largest = fmax(largest, logits[k]);
    for (int k = 0; k < K; k++) sum += exp(logits[k] - largest);
    for (int k = 0; k < K; k++) {
        double log_probability = logits[k] - largest - log(sum);
        loss -= target[k] * log_probability;
        logits[k] = (float)((exp(log_probability) - target[k]) / batch);
    }
    return loss / batch;
}

/* One batch of rows, in the order of train/batch; `leaf` is the whole batch. */
static double step(Regression *r, int64_t number) {
    const LabelledRows *rows = r->rows;
    size_t D = (size_t)rows->D, K = (size_t)rows->K;
    batch_plan_enter(&r->plan, number);
    TrainLeaf leaf = batch_leaf(&r->plan, number, 0);
    for (int b = 0; b < r->batch; b++)
        memcpy(r->x + (size_t)b * D, rows->features + leaf.clips[b] * D, D * sizeof(float));
    linear_forward(NULL, (Rows){r->logits, rows->K}, (ConstRows){r->x, rows->D}, r->params, r->params + K * D,
                   (LinearShape){r->batch, rows->D, rows->K});
    double loss = 0;
    for (int b = 0; b < r->batch; b++) {
        int label = rows->labels[leaf.clips[b]];
        augment_target(r->target, rows->K, label, label, 1, r->label_smoothing);
        loss += cross_entropy(r->logits + (size_t)b * K, r->target, rows->K, r->batch);
    }
    memset(r->grads, 0, r->table.total * sizeof(float));
    linear_backward_weight(NULL, r->grads, r->grads + K * D, (ConstRows){r->logits, rows->K},
                           (ConstRows){r->x, rows->D}, (LinearShape){r->batch, rows->D, rows->K});
    adamw_update(&(AdamwSlice){r->params, r->m, r->v, r->grads, 0, r->table.total}, &r->table,
                 &(AdamwStep){&r->adamw, schedule_rate(&r->schedule, number), NULL, number + 1});
    return loss;
}

/* The loss that is told is the mean over the last epoch. */
static Err run_steps(Regression *r, double *loss) {
    int64_t per_epoch = batch_steps_per_epoch(&r->plan);
    for (int64_t number = 0; number < r->schedule.total_steps; number++) {
        if (number % per_epoch == 0) *loss = 0;
        double mean = step(r, number);
        if (!isfinite(mean))
            return RAISE(ERR_DIVERGED, "linear head: step %lld: the loss is %g (try a smaller train.base_lr)",
                         (long long)number + 1, mean);
        *loss += mean / (double)per_epoch;
    }
    return ERR_NONE;
}

/* Weights and bias are one flat vector while they learn. */
CHECKED Err linear_head_train(LinearHead *head, double *loss, const LabelledRows *rows, const TrainConfig *config,
                              double label_smoothing, uint64_t seed) {
    Regression r = {.rows = rows, .config = config, .label_smoothing = label_smoothing};
    size_t K = (size_t)rows->K, weights = K * (size_t)rows->D;
    Err err = regression_init(&r, seed);
    if (!err) {
        memcpy(r.params, head->weight, weights * sizeof(float));
        memcpy(r.params + weights, head->bias, K * sizeof(float));
        err = run_steps(&r, loss);
        memcpy(head->weight, r.params, weights * sizeof(float));
        memcpy(head->bias, r.params + weights, K * sizeof(float));
    }
    regression_free(&r);
    return err;
}
