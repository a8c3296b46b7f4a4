/* Fine-tuning as a task of the trainer (train/trainer.h): a leaf is a micro-batch of clips with their copies. Every
 * thread has scratch of its own; the packed weights of mixed precision are shared and made anew when they change. */
#include "eval/finetune/classification.h"

#include "eval/finetune/sample.h"
#include "nn/models/optimizer.h"
#include "par/agree.h"
#include "train/trainer.h"

typedef struct {
    Classification *c;
    Bf16Packed *packed;          /* mixed precision: the weights of the step; else NULL */
    ClassifierScratch **scratch; /* of each team */
    int n_teams, B;
    float *lr_scale; /* (rows of the parameter table) */
} Finetune;

/* ---- memory ---- */

static void scratch_free(Finetune *f) {
    for (int i = 0; i < f->n_teams; i++) classifier_scratch_free(&f->scratch[i]);
    free(f->scratch);
    bf16_packed_free(&f->packed);
    f->scratch = NULL;
    f->n_teams = 0;
}

/* As pre-training's (train/pretrain.c), with the classifier in place of the autoencoder. */
static Err teams_ready(TrainTask *task, Team *const *teams, int n_teams) {
    Finetune *f = task->state;
    const Classifier *network = f->c->network;
    f->scratch = calloc((size_t)n_teams, sizeof(ClassifierScratch *));
    if (!f->scratch) return RAISE(ERR_MEMORY, "fine-tuning: no memory for %d teams", n_teams);
    f->n_teams = n_teams;
    if (f->c->task.config->train.precision == PRECISION_BFLOAT16)
        TRY(bf16_packed_new(&f->packed, classifier_matrices(network)));
    for (int i = 0; i < n_teams; i++)
        TRY(classifier_scratch_new_team(&f->scratch[i], network, f->packed, teams[i], f->B));
    return ERR_NONE;
}

/* Layer-wise decay: a rate for each row of the table, by its group. */
static Err layer_scales(Finetune *f) {
    const FinetuneConfig *config = f->c->task.config;
    const ParamTable *table = classifier_params(f->c->network);
    f->lr_scale = malloc((size_t)table->n_rows * sizeof(float));
    if (!f->lr_scale) return RAISE(ERR_MEMORY, "fine-tuning: no memory for the layers' rates");
    for (int i = 0; i < table->n_rows; i++)
        f->lr_scale[i] = schedule_layer_scale(config->train.layer_decay, config->model.depth, table->rows[i].layer);
    return ERR_NONE;
}

/* ---- a leaf ---- */

/* The mean over the step's leaves: each leaf's mean weighs 1 / n_leaves. */
static void leaf(TrainTask *task, int team, void *place, const TrainLeaf *which, const float *params, float *grads,
                 double *loss, const GradsWatch *watch) {
    const Finetune *f = task->state;
    const SampleBatch *batch = place;
    ClassifierDraws draws = {.seed = task->seed, .samples = batch->samples};
    classifier_scratch_watch(f->scratch[team], watch);
    classifier_step(f->c->network, f->scratch[team], params, grads, loss,
                    &(ClassifierBatch){batch->inputs, batch->targets, f->B, &draws}, 1.0f / (float)which->n_leaves);
}

static void params_changed(TrainTask *task, const float *params, int threads) {
    const Finetune *f = task->state;
    if (f->packed) bf16_packed_update(f->packed, params, threads);
}

/* ---- the run ---- */

/* Training scratch goes before the test makes its own. */
static Err finish_all(TrainTask *task, const float *params, const TrainOutcome *outcome) {
    Finetune *f = task->state;
    scratch_free(f);
    return classification_finish_all(f->c, params, outcome->weights_digest, NULL);
}

static size_t scratch_bytes(const TrainTask *task, int members) {
    const Finetune *f = task->state;
    return classifier_scratch_bytes(f->c->network, (Precision)f->c->task.config->train.precision, members, f->B);
}

static TrainTask task_of(Finetune *f) {
    const ClassificationTask *t = &f->c->task;
    const FinetuneConfig *config = t->config;
    const Classifier *network = f->c->network;
    Precision precision = (Precision)config->train.precision;
    return (TrainTask){
        .name = "fine-tuning",
        .params = classifier_params(f->c->network),
        .clips_per_epoch = t->train->count,
        .seed = t->run->seed,
        .head_scale = (float)config->init_scale,
        .lr_scale = f->lr_scale,
        .state = f,
        .flops_per_clip = config->data.repeat * model_finetune_flops(&config->model, t->train->n_classes),
        .scratch_bytes = scratch_bytes,
        .shared_bytes = precision == PRECISION_BFLOAT16 ? bf16_packed_bytes(classifier_matrices(network)) : 0,
        .rounded = precision == PRECISION_BFLOAT16 ? classifier_matrices(network) : NULL,
        .loader = classification_loader(f->c),
        .leaf = leaf,
        .teams_ready = teams_ready,
        .params_changed = params_changed,
        .finish_all = finish_all};
}

/* Learning rates, and then the trainer, which ends in finish_all. */
static Err execute_all(void *state, const RunFolder *folder) {
    Finetune *f = state;
    Classification *c = f->c;
    const Run *run = c->task.run;
    c->folder = folder;
    TRY(err_agree_all(layer_scales(f), &run->par, "fine-tuning memory"));
    TrainTask task = task_of(f);
    return trainer_run_all(&task, &c->task.config->train, c->initial, run, folder);
}

/* --dry-run. */
static Err plan(void *state) {
    const TrainTask task = task_of(state);
    const ClassificationTask *t = &((Finetune *)state)->c->task;
    return trainer_print_plan(&task, &t->config->train, t->run);
}

/* What the trainer would refuse is refused before the run has a folder. */
CHECKED Err finetune_run_all(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test,
                             const Run *run) {
    ClassificationTask task = {
        .task = "finetune", .config = config, .fields = finetune_fields, .train = train, .test = test, .run = run};
    Classification c;
    Finetune f = {.c = &c, .B = config->train.micro_batch * config->data.repeat};
    Err err = classification_open_all(&c, &task);
    if (!err && !run->dry_run) {
        const TrainTask training = task_of(&f);
        err = trainer_check(&training, &config->train, run);
    }
    if (!err) err = classification_run_all(&c, &(ClassificationWork){plan, execute_all, &f});
    scratch_free(&f);
    free(f.lr_scale);
    classification_free(&c);
    return err;
}
