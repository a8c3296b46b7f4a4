/* What fine-tuning and probing have in common, from the opening of both datasets to the result: first weights,
 * labels, the run folder's identity, and the comparison with the paper's protocol (run/protocol.h). Stages hand in
 * what differs. */
#include "eval/finetune/classification.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "eval/clips/views.h"
#include "eval/finetune/forward.h"
#include "eval/finetune/sample.h"
#include "eval/finetune/score.h"
#include "par/agree.h"
#include "par/spread.h"
#include "run/folder.h"
#include "run/protocol.h"
#include "run/task.h"

#include <math.h>

/* Videos of the first split; copies of Kinetics shrink, so that their number says nothing. */
typedef struct {
    const char *name;
    int64_t n_train, n_test;
    int n_classes;
} PaperDataset;
static const PaperDataset paper_datasets[] = {
    {"ucf101", 9537, 3783, 101}, {"hmdb51", 3570, 1530, 51}, {"kinetics400", 0, 0, 400}};

/* ---- opening ---- */

/* Every rank draws the fresh weights; only rank 0 reads the checkpoint. */
static Err load_initial(Classification *c) {
    const FinetuneConfig *config = c->task.config;
    const ParamTable *table = classifier_params(c->network);
    c->initial = malloc(table->total * sizeof(float));
    if (!c->initial) return RAISE(ERR_MEMORY, "%s: no memory for the weights", c->task.task);
    params_init(c->initial, table, c->task.run->seed, (float)config->init_scale);
    if (!config->checkpoint[0] || c->task.run->par.rank != 0) return ERR_NONE;
    return pretrained_load(c->initial, &c->pretrained, table, &config->model, config->checkpoint);
}

/* The newest checkpoint of a run that still goes on, or was stopped, is no mistake; it should be meant. */
static void warn_unfinished(const Classification *c) {
    char path[PATH_SIZE];
    const Pretrained *p = &c->pretrained;
    if (c->task.run->par.rank != 0 || !file_is_directory(p->path)) return;
    if (path_join(path, sizeof(path), p->path, "result.json") || file_exists(path)) return;
    log_warn("%s: the pre-training is not finished; taking its checkpoint of step %lld", p->path, (long long)p->step);
}

static Err load_initial_all(Classification *c) {
    const Par *par = &c->task.run->par;
    TRY(err_agree_all(load_initial(c), par, "loading the checkpoint"));
    TRY(spread_bytes_all(&c->pretrained, sizeof(c->pretrained), par));
    if (!c->task.config->checkpoint[0]) return ERR_NONE;
    warn_unfinished(c);
    log_info("weights of %s, step %lld, from %s", c->pretrained.name, (long long)c->pretrained.step,
             c->pretrained.path);
    return spread_bytes_all(c->initial, classifier_params(c->network)->total * sizeof(float), par);
}

/* 1. the model; 2. the labels; 3. the network; 4. its first weights. What is cheap to refuse comes first. */
CHECKED Err classification_open_all(Classification *c, const ClassificationTask *task) {
    *c = (Classification){.task = *task};
    const FinetuneConfig *config = task->config;
    int span = config->model.n_frames * config->data.frame_stride;
    TRY(model_check(&config->model));
    TRY(label_check_all(task->train, task->test, span, &task->run->par));
    ModelConfig model = config->model;
    /* no gradient of the encoder: nothing of a layer has to be kept for it */
    if (task->frozen) model.recompute = true;
    TRY(classifier_new(&c->network, &model, task->train->n_classes, config->drop_path, config->head_dropout));
    return load_initial_all(c);
}

void classification_free(Classification *c) {
    classifier_free(&c->network);
    free(c->initial);
    c->initial = NULL;
}

/* ---- the run folder ---- */

static const char *pretraining_name(const Classification *c) {
    if (c->task.config->pretraining[0]) return c->task.config->pretraining;
    return c->pretrained.name[0] ? c->pretrained.name : RANDOM_INITIALIZATION;
}

/* ---- training clips ---- */

static Err place_new(void *state, void **place) {
    const ClassificationTask *t = &((const Classification *)state)->task;
    SampleBatch *batch = *place = calloc(1, sizeof(*batch));
    if (!batch) return RAISE(ERR_MEMORY, "training clips: no memory for a micro-batch");
    return sample_batch_init(batch, t->config, t->train->n_classes);
}

static void place_free(void *state, void *place) {
    (void)state;
    if (place) sample_batch_free(place);
    free(place);
}

/* One micro-batch, by a thread of the loader. */
static Err load(void *state, void *place, const TrainLeaf *which) {
    const ClassificationTask *t = &((const Classification *)state)->task;
    return sample_batch_load(place, t->config, t->train, which, t->run->seed);
}

LeafLoader classification_loader(Classification *c) {
    return (LeafLoader){.state = c,
                        .place_bytes = sample_batch_bytes(c->task.config),
                        .place_new = place_new,
                        .place_free = place_free,
                        .load = load};
}

/* ---- the run ---- */

CHECKED Err classification_run_all(const Classification *c, const ClassificationWork *work) {
    const ClassificationTask *t = &c->task;
    char fallback[4 * NAME_SIZE] = "";
    const char *inputs[] = {t->train->digest, t->test->digest, c->pretrained.digest};
    if (!t->config->name[0])
        TRY(text_format(fallback, sizeof fallback, "%s-%s-%s", t->task, t->train->name, pretraining_name(c)));
    const Task task = {.name = t->config->name,
                       .fallback = fallback,
                       .identity = {t->config, t->fields, inputs, 3},
                       .plan = work->plan,
                       .execute_all = work->execute_all,
                       .state = work->state};
    return run_task_all(&task, t->run);
}

/* ---- the result ---- */

static Err fill_identity(Result *result, const Classification *c) {
    const ClassificationTask *t = &c->task;
    /* A rehearsal goes by the name of the model that it made smaller. */
    FinetuneConfig *whole;
    char model[sizeof result->model];
    TRY(rehearsal_original((void **)&whole, t->run, sizeof *whole, t->fields));
    Err err = model_title(model, sizeof(model), whole ? &whole->model : &t->config->model);
    free(whole);
    TRY(err);
    return result_identify(result, t->task, t->train->name, pretraining_name(c), model, t->run->seed);
}

static const PaperDataset *paper_dataset(const char *name) {
    for (size_t i = 0; i < sizeof(paper_datasets) / sizeof(paper_datasets[0]); i++)
        if (text_equal(name, paper_datasets[i].name)) return &paper_datasets[i];
    return NULL;
}

/* A part of a dataset, or its frames cut to squares, is not the dataset. */
static Err compare_videos(Result *result, const ClassificationTask *t, const PaperDataset *paper) {
    VideoInfo info;
    TRY(result_add_count(result, t->train->count, "training videos", paper->n_train));
    TRY(result_add_count(result, t->test->count, "test videos", paper->n_test));
    TRY(result_add_count(result, t->train->n_classes, "classes", paper->n_classes));
    TRY(clip_source_info(t->test, 0, 0, &info));
    if (info.height != info.width) return ERR_NONE;
    return result_add_deviation(result, "squares of %d pixels instead of whole frames: all crops are the same",
                                info.height);
}

/* What the pre-training's own result says; weights without one could be anything. */
static Err read_pretraining(Result **from, const Classification *c) {
    char path[PATH_SIZE];
    *from = NULL;
    if (!c->pretrained.digest[0]) return ERR_NONE;
    Result *made = *from = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "result of the pre-training: no memory");
    if (file_is_directory(c->pretrained.path)) {
        TRY(path_join(path, sizeof path, c->pretrained.path, "result.json"));
        if (file_exists(path)) return result_read(made, path);
    }
    return result_add_deviation(made, "weights without a result.json, made in ways unknown");
}

/* What departs from the paper: the dataset, the pre-training's own departures, the settings, in this order. */
static Err fill_protocol(Result *result, const Classification *c, const char *special) {
    const ClassificationTask *t = &c->task;
    const PaperDataset *paper = paper_dataset(result->dataset);
    Result *from;
    Err err = read_pretraining(&from, c);
    const ProtocolScope scope = {.task = t->task,
                                 .dataset = result->dataset,
                                 .model = result->model,
                                 .made_from = from,
                                 .made_how = "pre-training",
                                 .rehearsal = t->run->rehearsed != NULL};
    if (!err && paper) err = compare_videos(result, t, paper);
    if (!err && !paper) err = result_add_deviation(result, "dataset %s instead of UCF101", result->dataset);
    if (!err && special) err = result_add_deviation(result, "%s", special);
    if (!err) err = protocol_compare(result, &scope, t->config, sizeof *t->config, t->fields);
    free(from);
    return err;
}

/* Contents of all that was read, and of what came out. */
static Err fill_inputs(Result *result, const Classification *c, const char *final) {
    TRY(result_add_input(result, "train", c->task.train->name, c->task.train->digest));
    TRY(result_add_input(result, "test", c->task.test->name, c->task.test->digest));
    if (c->pretrained.digest[0]) TRY(result_add_input(result, "checkpoint", c->pretrained.path, c->pretrained.digest));
    return final ? result_add_input(result, "final weights", "ckpt", final) : ERR_NONE;
}

/* What classification_write_all was given. */
typedef struct {
    const Classification *c;
    ClassificationFill *fill;
    void *state;
    const char *final, *special;
} Writing;

static Err fill_result(Result *result, const RunFolder *folder, void *state) {
    const Writing *w = state;
    TRY(fill_identity(result, w->c));
    TRY(fill_protocol(result, w->c, w->special));
    TRY(fill_inputs(result, w->c, w->final));
    return w->fill(result, folder->path, w->state);
}

static void say_outcome(const Result *result, const RunFolder *folder, void *state) {
    (void)state;
    const ResultMetric *top1 = result_metric(result, "top1");
    if (top1)
        log_info("%s of %s on %s: top-1 %.2f %% [%.2f, %.2f] of %lld videos (chance %.2f %%), protocol %s; result in "
                 "%s",
                 result->task, result->pretraining, result->dataset, top1->value, top1->low, top1->high,
                 (long long)top1->count, result_metric(result, "chance")->value, result->protocol, folder->path);
    else
        log_info("%s of %s on %s: protocol %s; result in %s", result->task, result->pretraining, result->dataset,
                 result->protocol, folder->path);
}

CHECKED Err classification_write_all(const Classification *c, ClassificationFill *fill, void *state, const char *final,
                                     const char *special) {
    Writing writing = {c, fill, state, final, special};
    const Conclusion conclusion = {fill_result, say_outcome, &writing};
    return run_conclude_all(&conclusion, c->folder, &c->task.run->par);
}

static Err fill_accuracy(Result *result, const char *folder, void *state) {
    const Predictions *predictions = state;
    TRY(score_into_result(result, predictions));
    return score_write_tables(predictions, folder);
}

CHECKED Err classification_conclude_all(const Classification *c, const float *probabilities, const int *labels,
                                        const char *final, const char *special) {
    const ClipSource *test = c->task.test;
    Predictions predictions = {.n_videos = test->count,
                               .n_classes = test->n_classes,
                               .probabilities = probabilities,
                               .labels = labels,
                               .class_names = test->class_names};
    return classification_write_all(c, fill_accuracy, &predictions, final, special);
}

/* `final`: digest of the weights, as rank 0 has it. */
static Err open_test_journal_all(Journal **journal, const Classification *c, const char *final) {
    const Par *par = &c->task.run->par;
    char folder[PATH_SIZE], weights[DIGEST_SIZE] = "", identity[2 * DIGEST_SIZE + 16];
    /* the journal belongs to these weights: other ranks have no digest of them */
    if (par->rank == 0) snprintf(weights, sizeof weights, "%s", final);
    TRY(spread_bytes_all(weights, sizeof weights, par));
    Err err = runfolder_path(folder, sizeof folder, c->folder, "test.journal");
    if (!err) err = text_format(identity, sizeof identity, "test %s %s", weights, c->task.test->digest);
    if (!err) err = journal_open(journal, folder, identity, par);
    return err_agree_all(err, par, "the test");
}

/* The test, whose finished videos are kept from life to life, and then the result. */
CHECKED Err classification_finish_all(Classification *c, const float *params, const char *final, const char *special) {
    const ClassificationTask *t = &c->task;
    const ClassifyData *data = &t->config->data;
    Forward forward = {.network = c->network,
                       .params = params,
                       .views = {.source = t->test,
                                 .model = &t->config->model,
                                 .frame_stride = data->frame_stride,
                                 .order = (FrameOrder)data->frames,
                                 .n_clips = data->test_clips,
                                 .n_crops = data->test_crops},
                       .batch = t->config->train.micro_batch,
                       .team = t->config->train.team,
                       .n_classes = t->test->n_classes,
                       .what = "test videos",
                       .stoppable = true};
    float *probabilities = NULL;
    int *labels = NULL;
    TRY(open_test_journal_all(&forward.journal, c, final));
    Err err = forward_probabilities_all(&probabilities, &labels, &forward, t->run);
    if (err) {
        journal_close(&forward.journal);
        return err;
    }
    TRY(journal_remove_all(&forward.journal, &t->run->par));
    err = classification_conclude_all(c, probabilities, labels, final, special);
    free(probabilities);
    free(labels);
    return err;
}
