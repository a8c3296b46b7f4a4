/* The official linear probe: features of augmented clips, computed anew every step, through a batch normalization
 * without parameters. Its statistics are those of a leaf while training and running ones in the test.
 *
 * Running statistics are not kept in the checkpoint: the last REPLAYED_STEPS steps are computed once more, since what
 * lies before weighs nothing. The same bits for any number of ranks: each leaf's moments are one rank's. */
#include "eval/readout/internal/readout.h"

#include "base/failure/shared_err.h"
#include "eval/finetune/sample.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/linear.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "train/trainer.h"

#include <math.h>
#include <omp.h>

static const double norm_eps = 1e-6, momentum = 0.1;
enum { REPLAYED_STEPS = 64 }; /* what came before weighs 0.9^64, about a thousandth */

/* Of one team. */
typedef struct {
    ClassifierScratch *scratch;
    float *features, *logits; /* (B, D), (B, K); logits become their gradient */
    double *moments;          /* (2, D) mean and biased variance of a leaf */
} Worker;

typedef struct {
    Classification *c;
    ParamTable head; /* weight (K, D), bias (K) */
    size_t weight, bias;
    Worker *workers;
    int n_workers, B, D, K;
} Probe;

/* ---- memory ---- */

static Err worker_init(Worker *worker, const Probe *p, Team *team) {
    size_t B = (size_t)p->B, D = (size_t)p->D;
    worker->features = malloc(B * D * sizeof(float));
    worker->logits = malloc(B * (size_t)p->K * sizeof(float));
    worker->moments = malloc(2 * D * sizeof(double));
    if (!worker->features || !worker->logits || !worker->moments)
        return RAISE(ERR_MEMORY, "probe: no memory for a micro-batch");
    return classifier_scratch_new_team(&worker->scratch, p->c->network, NULL, team, p->B);
}

static Err probe_open(Probe *p) {
    const int weight[] = {p->K, p->D}, bias[] = {p->K};
    p->weight = p->head.total;
    TRY(params_add(&p->head, NULL, &(ParamRow){"head.weight", weight, 2, INIT_HEAD, p->D, p->K, true, 0}));
    p->bias = p->head.total;
    return params_add(&p->head, NULL, &(ParamRow){"head.bias", bias, 1, INIT_ZERO, 1, 1, false, 0});
}

/* teams: NULL: each is a thread. */
static Err workers_new(Probe *p, Team *const *teams, int n) {
    p->workers = calloc((size_t)n, sizeof *p->workers);
    if (!p->workers) return RAISE(ERR_MEMORY, "probe: no memory for %d teams", n);
    p->n_workers = n;
    for (int i = 0; i < n; i++) TRY(worker_init(&p->workers[i], p, teams ? teams[i] : NULL));
    return ERR_NONE;
}

static Err teams_ready(TrainTask *task, Team *const *teams, int n_teams) {
    return workers_new(task->state, teams, n_teams);
}

static void workers_free(Probe *p) {
    for (int i = 0; i < p->n_workers; i++) {
        classifier_scratch_free(&p->workers[i].scratch);
        free(p->workers[i].features);
        free(p->workers[i].logits);
        free(p->workers[i].moments);
    }
    free(p->workers);
    p->workers = NULL;
    p->n_workers = 0;
}

static void probe_close(Probe *p) {
    workers_free(p);
    params_free(&p->head);
}

/* ---- a leaf ---- */

/* Features of the frozen network in training mode, and their moments. */
static void compute_features(const Probe *p, Worker *worker, const SampleBatch *batch) {
    ClassifierDraws draws = {.seed = p->c->task.run->seed, .samples = batch->samples};
    classifier_features(p->c->network, worker->scratch, p->c->initial, worker->features, batch->inputs, p->B, &draws);
    for (int d = 0; d < p->D; d++) {
        double mean = 0, variance = 0;
        for (int b = 0; b < p->B; b++) mean += worker->features[b * p->D + d];
        mean /= p->B;
        for (int b = 0; b < p->B; b++) variance += pow(worker->features[b * p->D + d] - mean, 2);
        /* two passes: the variance about the mean */
        worker->moments[d] = mean;
        worker->moments[p->D + d] = variance / p->B;
    }
}

/* Features, normalized by the leaf's own moments, then the head. No gradient goes further: the norm has no parameters.
 */
static void leaf(TrainTask *task, int team, void *place, const TrainLeaf *which, const float *params, float *grads,
                 double *loss, const GradsWatch *watch) {
    (void)watch;
    const Probe *p = task->state;
    const SampleBatch *batch = place;
    Worker *worker = &p->workers[team];
    float scale = 1.0f / (float)which->n_leaves;
    compute_features(p, worker, batch);
    for (int b = 0; b < p->B; b++)
        for (int d = 0; d < p->D; d++) {
            float *x = &worker->features[b * p->D + d];
            *x = (float)((*x - worker->moments[d]) / sqrt(worker->moments[p->D + d] + norm_eps));
        }
    ConstRows x = {worker->features, p->D};
    linear_forward(NULL, (Rows){worker->logits, p->K}, x, params + p->weight, params + p->bias,
                   (LinearShape){p->B, p->D, p->K});
    *loss += scale * softmax_cross_entropy(worker->logits, worker->logits, batch->targets, p->B, p->K, scale);
    linear_backward_weight(NULL, grads + p->weight, grads + p->bias, (ConstRows){worker->logits, p->K}, x,
                           (LinearShape){p->B, p->D, p->K});
}

/* ---- running statistics ---- */

typedef struct {
    const Probe *probe;
    BatchPlan *plans; /* of each thread: threads are at different epochs */
    SampleBatch *batches;
    int64_t first_step, n_steps, n_leaves;
    double *moments; /* (n_steps * n_leaves, 2, D) mean and unbiased variance; of this rank's leaves, else 0 */
} Replay;

/* The moments of one leaf of a step that has been, with the unbiased variance that running statistics take. */
static Err replay_leaf(Replay *r, int thread, int64_t item) {
    const Probe *p = r->probe;
    const ClassificationTask *t = &p->c->task;
    BatchPlan *plan = &r->plans[thread];
    int64_t step = r->first_step + item / r->n_leaves;
    batch_plan_enter(plan, step);
    TrainLeaf which = batch_leaf(plan, step, item % r->n_leaves);
    TRY(sample_batch_load(&r->batches[thread], t->config, t->train, &which, t->run->seed));
    Worker *worker = &p->workers[thread];
    compute_features(p, worker, &r->batches[thread]);
    double *out = r->moments + (size_t)item * 2 * (size_t)p->D;
    for (int d = 0; d < p->D; d++) {
        out[d] = worker->moments[d];
        out[p->D + d] = worker->moments[p->D + d] * p->B / (p->B > 1 ? p->B - 1 : 1);
    }
    return ERR_NONE;
}

/* Items are leaves of steps, dealt to ranks in turn and to threads as they come. */
static Err replay_mine(Replay *r) {
    const Par *par = &r->probe->c->task.run->par;
    SharedErr failure = SHARED_ERR_INIT;
#pragma omp parallel for num_threads(par->threads) schedule(dynamic, 1)
    for (int64_t item = 0; item < r->n_steps * r->n_leaves; item++) {
        if (!share_owns(item, par->rank, par->n_ranks) || shared_err_failed(&failure)) continue;
        shared_err_note(&failure, replay_leaf(r, omp_get_thread_num(), item), item);
    }
    return shared_err_adopt(&failure);
}

static Err replay_open(Replay *r, int64_t total_steps) {
    const ClassificationTask *t = &r->probe->c->task;
    const TrainConfig *train = &t->config->train;
    size_t n_threads = (size_t)t->run->par.threads;
    r->n_leaves = train->batch / train->micro_batch;
    r->n_steps = total_steps < REPLAYED_STEPS ? total_steps : REPLAYED_STEPS;
    r->first_step = total_steps - r->n_steps;
    r->plans = calloc(n_threads, sizeof *r->plans);
    r->batches = calloc(n_threads, sizeof *r->batches);
    r->moments = calloc((size_t)(r->n_steps * r->n_leaves) * 2 * (size_t)r->probe->D, sizeof *r->moments);
    if (!r->plans || !r->batches || !r->moments)
        return RAISE(ERR_MEMORY, "probe: no memory for the statistics of %lld steps", (long long)r->n_steps);
    for (size_t i = 0; i < n_threads; i++) {
        TRY(batch_plan_init(&r->plans[i], t->run->seed, t->train->count, train->batch, train->micro_batch));
        TRY(sample_batch_init(&r->batches[i], t->config, t->train->n_classes));
    }
    return ERR_NONE;
}

static void replay_close(Replay *r) {
    int n_threads = r->probe->c->task.run->par.threads;
    for (int i = 0; r->plans && i < n_threads; i++) batch_plan_free(&r->plans[i]);
    for (int i = 0; r->batches && i < n_threads; i++) sample_batch_free(&r->batches[i]);
    free(r->plans);
    free(r->batches);
    free(r->moments);
}

/* Mean 0 and variance 1 at the start, then (1 - momentum) of what was and momentum of a step's, the mean over its
 * leaves. A run that is longer than the replay starts from the first replayed step. */
static void run_statistics(Standard *standard, const Replay *r) {
    int D = standard->D;
    for (int d = 0; d < D; d++) {
        double running[2] = {0, 1};
        for (int64_t step = 0; step < r->n_steps; step++)
            for (int which = 0; which < 2; which++) {
                double mean = 0, share = step == 0 && r->first_step > 0 ? 1 : momentum;
                for (int64_t k = 0; k < r->n_leaves; k++)
                    mean += r->moments[((step * r->n_leaves + k) * 2 + which) * D + d] / (double)r->n_leaves;
                running[which] = (1 - share) * running[which] + share * mean;
            }
        standard->mean[d] = (float)running[0];
        standard->scale[d] = (float)(1 / sqrt(running[1] + norm_eps));
    }
}

/* Every leaf is one rank's: adding up the ranks' moments is exact. */
static Err replay_all(Standard *standard, const Probe *p, int64_t total_steps) {
    const Par *par = &p->c->task.run->par;
    Replay r = {.probe = p};
    *standard = (Standard){p->D, malloc((size_t)p->D * sizeof(float)), malloc((size_t)p->D * sizeof(float))};
    Err err = standard->mean && standard->scale ? replay_open(&r, total_steps)
                                                : RAISE(ERR_MEMORY, "probe: no memory for %d dimensions", p->D);
    err = err_agree_all(err, par, "running statistics");
    if (!err) err = err_agree_all(replay_mine(&r), par, "running statistics");
    if (!err) err = sum_doubles_all(r.moments, (size_t)(r.n_steps * r.n_leaves) * 2 * (size_t)p->D, par);
    if (!err) run_statistics(standard, &r);
    replay_close(&r);
    return err;
}

/* ---- the run ---- */

/* The trained head, with the statistics folded in, becomes the network's. */
static Err finish_all(TrainTask *task, const float *params, const TrainOutcome *outcome) {
    Probe *p = task->state;
    Classification *c = p->c;
    const ParamTable *table = classifier_params(c->network);
    LinearHead head = {c->initial + params_find(table, "head.weight")->offset,
                       c->initial + params_find(table, "head.bias")->offset};
    Standard standard = {0};
    int64_t steps = c->task.train->count / c->task.config->train.batch * c->task.config->train.epochs;
    workers_free(p); /* leaves of many steps: one thread each */
    Err err = err_agree_all(workers_new(p, NULL, c->task.run->par.threads), &c->task.run->par, "probe memory");
    if (!err) err = replay_all(&standard, p, steps);
    if (!err) {
        memcpy(head.weight, params + p->weight, (size_t)p->K * (size_t)p->D * sizeof(float));
        memcpy(head.bias, params + p->bias, (size_t)p->K * sizeof(float));
        readout_fold(&head, &standard, p->K);
        err = classification_finish_all(c, c->initial, outcome->weights_digest, NULL);
    }
    standard_free(&standard);
    return err;
}

static size_t scratch_bytes(const TrainTask *task, int members) {
    const Probe *p = task->state;
    return classifier_scratch_bytes(p->c->network, PRECISION_FLOAT32, members, p->B);
}

static TrainTask task_of(Probe *p) {
    const ClassificationTask *t = &p->c->task;
    double forward = model_finetune_flops(&t->config->model, p->K) / 3;
    return (TrainTask){.name = "probe",
                       .params = &p->head,
                       .clips_per_epoch = t->train->count,
                       .seed = t->run->seed,
                       .head_scale = (float)t->config->init_scale,
                       .state = p,
                       .flops_per_clip = t->config->data.repeat * forward,
                       .scratch_bytes = scratch_bytes,
                       .loader = classification_loader(p->c),
                       .leaf = leaf,
                       .teams_ready = teams_ready,
                       .finish_all = finish_all};
}

static Err execute_all(void *state, const RunFolder *folder) {
    Probe *p = state;
    const ClassificationTask *t = &p->c->task;
    p->c->folder = folder;
    TrainTask task = task_of(p);
    return trainer_run_all(&task, &t->config->train, NULL, t->run, folder);
}

static Err plan(void *state) {
    const TrainTask task = task_of(state);
    const ClassificationTask *t = &((Probe *)state)->c->task;
    return trainer_print_plan(&task, &t->config->train, t->run);
}

CHECKED Err readout_augmented_all(Classification *c) {
    const FinetuneConfig *config = c->task.config;
    const Run *run = c->task.run;
    Probe p = {.c = c,
               .B = config->train.micro_batch * config->data.repeat,
               .D = config->model.width,
               .K = c->task.train->n_classes};
    Err err = probe_open(&p);
    if (!err && !run->dry_run) {
        const TrainTask training = task_of(&p);
        err = trainer_check(&training, &config->train, run);
    }
    if (!err) err = classification_run_all(c, &(ClassificationWork){plan, execute_all, &p});
    probe_close(&p);
    return err;
}
