#include "eval/classification.h"

#include "eval/sample.h"
#include "par/agree.h"
#include "train/trainer.h"
#include "train/trainlog.h"

#include <math.h>

typedef struct {
    ClassifierScratch *scratch;
    SampleBatch batch;
    double data_s; /* spent on loading */
} Worker;          /* of one thread */

typedef struct {
    Classification *c;
    Worker *workers;
    int n_workers, B;
    float *lr_scale; /* (rows of the parameter table) */
} Finetune;

/* ---- memory ---- */

static Err worker_init(Worker *worker, const Finetune *f) {
    TRY(sample_batch_init(&worker->batch, f->c->task.config, f->c->task.train->n_classes));
    return classifier_scratch_new(&worker->scratch, f->c->network, f->B);
}

static void worker_free(Worker *worker) {
    classifier_scratch_free(&worker->scratch);
    sample_batch_free(&worker->batch);
}

static void workers_free(Finetune *f) {
    for (int i = 0; i < f->n_workers; i++) worker_free(&f->workers[i]);
    free(f->workers);
    f->workers = NULL;
    f->n_workers = 0;
}

static Err workers_new(Finetune *f) {
    int n_workers = f->c->task.run->par.threads;
    f->workers = calloc((size_t)n_workers, sizeof(*f->workers));
    if (!f->workers) return RAISE(ERR_MEMORY, "fine-tuning: no memory for %d threads", n_workers);
    f->n_workers = n_workers;
    for (int i = 0; i < n_workers; i++) TRY(worker_init(&f->workers[i], f));
    return ERR_NONE;
}

/* Group 0 the embedding, i+1 block i, depth+1 fc_norm and head: the lower, the slower. */
static Err layer_scales(Finetune *f) {
    const FinetuneConfig *config = f->c->task.config;
    const ParamTable *table = classifier_params(f->c->network);
    f->lr_scale = malloc((size_t)table->n_rows * sizeof(float));
    if (!f->lr_scale) return RAISE(ERR_MEMORY, "fine-tuning: no memory for the layers' rates");
    for (int i = 0; i < table->n_rows; i++)
        f->lr_scale[i] = (float)pow(config->train.layer_decay, config->model.depth + 1 - table->rows[i].layer);
    return ERR_NONE;
}

/* ---- a leaf ---- */

static Err leaf(TrainTask *task, int thread, const TrainLeaf *which, const float *params, float *grads, double *loss) {
    const Finetune *f = task->state;
    const ClassificationTask *t = &f->c->task;
    Worker *worker = &f->workers[thread];
    double started = trainlog_now();
    TRY(sample_batch_load(&worker->batch, t->config, t->train, which, task->seed));
    worker->data_s += trainlog_now() - started;
    ClassifierDraws draws = {.seed = task->seed, .samples = worker->batch.samples};
    classifier_step(f->c->network, worker->scratch, params, grads, loss, worker->batch.inputs, worker->batch.targets,
                    f->B, 1.0f / (float)which->n_leaves, &draws);
    return ERR_NONE;
}

static double take_data_seconds(TrainTask *task) {
    const Finetune *f = task->state;
    double sum = 0;
    for (int i = 0; i < f->n_workers; i++) {
        sum += f->workers[i].data_s;
        f->workers[i].data_s = 0;
    }
    return sum;
}

/* ---- the run ---- */

static Err finish_all(TrainTask *task, const float *params, const TrainOutcome *outcome) {
    Finetune *f = task->state;
    workers_free(f);
    return classification_finish_all(f->c, params, outcome->weights_digest, NULL);
}

static TrainTask task_of(Finetune *f) {
    const ClassificationTask *t = &f->c->task;
    const FinetuneConfig *config = t->config;
    return (TrainTask){.name = "fine-tuning",
                       .params = classifier_params(f->c->network),
                       .clips_per_epoch = t->train->count,
                       .seed = t->run->seed,
                       .head_scale = (float)config->init_scale,
                       .lr_scale = f->lr_scale,
                       .state = f,
                       .flops_per_clip = config->data.repeat *
                                         model_finetune_flops(&config->model, t->train->n_classes),
                       .scratch_bytes = classifier_scratch_bytes(f->c->network, f->B) + sample_batch_bytes(config),
                       .leaf = leaf,
                       .take_data_seconds = take_data_seconds,
                       .finish_all = finish_all};
}

static Err train_all(Classification *c, void *state) {
    Finetune *f = state;
    const Run *run = c->task.run;
    Err err = workers_new(f);
    if (!err) err = layer_scales(f);
    TRY(err_agree_all(err, &run->par, "fine-tuning memory"));
    TrainTask task = task_of(f);
    return trainer_run_all(&task, &c->task.config->train, c->initial, run, &c->folder);
}

CHECKED Err finetune_run_all(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test,
                             const Run *run) {
    ClassificationTask task = {
        .task = "finetune", .config = config, .fields = finetune_fields, .train = train, .test = test, .run = run};
    Classification c;
    Finetune f = {.c = &c, .B = config->train.micro_batch * config->data.repeat};
    Err err = classification_open_all(&c, &task);
    if (!err) {
        TrainTask plan = task_of(&f);
        err = run->dry_run ? trainer_print_plan(&plan, &config->train, run) : trainer_check(&plan, &config->train, run);
    }
    if (!err && !run->dry_run) err = classification_run_all(&c, train_all, &f);
    workers_free(&f);
    free(f.lr_scale);
    classification_free(&c);
    return err;
}
