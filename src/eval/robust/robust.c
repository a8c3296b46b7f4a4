/* A table of cells: the clean test and every corruption at every severity. A cell is one pass over the test videos,
 * kept as a file when it is done; a run that starts again does what is missing. Figures are made of the cells in the
 * end. */
#include "eval/robust/robust.h"

#include "base/system/estimate.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/stop.h"
#include "eval/finetune/forward.h"
#include "eval/robust/internal/robust_score.h"
#include "par/agree.h"
#include "par/spread.h"
#include "run/protocol.h"
#include "run/task.h"

const Field robust_fields[] = {
    FIELD_TEXT(RobustConfig, name, "readable part of the run folder's name; empty: robust, dataset, pre-training", "",
               .flags = FIELD_COSMETIC),
    FIELD_PATH(RobustConfig, checkpoint, "fine-tuned run folder (its digest may be left out)", ""),
    FIELD_PATH(RobustConfig, test, "folder of labelled shards to test on; empty: that of fine-tuning", ""),
    FIELD_TEXT(RobustConfig, corruptions, "names with commas between, or a preset: paper14 | readme14 | ucf101p | all",
               "paper14", .flags = FIELD_COMMAS),
    FIELD_ENUM(RobustConfig, generator,
               "which of the authors' programs is followed: on-the-fly: on the model's crop, as the paper's release; "
               "stored: on whole videos, encoded again",
               CORRUPT_ON_THE_FLY, CORRUPT_GENERATORS),
    FIELD_TEXT(RobustConfig, severities, "1 (mild) to 5, as 1-5 or 1,3,5", "1-5", .flags = FIELD_COMMAS),
    FIELD_INT(RobustConfig, test_clips, "clips spread over a video; 0: as in fine-tuning", 0, 0, CORRUPT_MAX_CLIPS),
    FIELD_INT(RobustConfig, test_crops, "crops along the longer side; 0: as in fine-tuning", 0, 0, CORRUPT_MAX_CROPS),
    FIELD_PATH(RobustConfig, sheet, "write a contact sheet of corruptions x severities there (PNG) and stop", ""),
    FIELD_INT(RobustConfig, sheet_video, "the video on the contact sheet", 0, 0, 1e9, .flags = FIELD_COSMETIC),
    FIELD_END,
};

static Err raise_severities(const char *text) {
    return RAISE(ERR_USAGE,
                 "severities: \"%s\": expected whole numbers from 1 to %d in rising order, such as 1-5 or 1,3,5", text,
                 CORRUPT_SEVERITIES);
}

/* 1 to 5; 0: no severity stands here. */
static int digit_at(const char *at) {
    return *at >= '1' && *at <= '0' + CORRUPT_SEVERITIES ? *at - '0' : 0;
}

/* One number or a range; moves *at behind it. */
static Err read_part(RobustPlan *plan, const char **at, const char *text) {
    int first = digit_at(*at), last = first;
    if (first) ++*at;
    if (first && **at == '-') {
        last = digit_at(++*at);
        if (last) ++*at;
    }
    int before = plan->n_severities ? plan->severities[plan->n_severities - 1] : 0;
    if (!first || last < first || first <= before) return raise_severities(text);
    for (int severity = first; severity <= last; severity++) plan->severities[plan->n_severities++] = severity;
    return ERR_NONE;
}

/* Parts with commas between; they must rise, so that none is there twice. */
static Err read_severities(RobustPlan *plan, const char *text) {
    for (const char *at = text;; at++) {
        TRY(read_part(plan, &at, text));
        if (!*at) return ERR_NONE;
        if (*at != ',') return raise_severities(text);
    }
}

/* Cells are numbered by the plan: 0 is clean, then corruption by corruption, in it severity by severity. */
CHECKED Err robust_plan_parse(RobustPlan *plan, const RobustConfig *config) {
    *plan = (RobustPlan){0};
    TRY(corrupt_list_parse(&plan->list, config->corruptions));
    return read_severities(plan, config->severities);
}

typedef struct {
    const RobustConfig *config;
    const Finetuned *tuned;
    const ClipSource *test;
    const Run *run;
    const RunFolder *folder;
    RobustCells cells;
    Progress *progress; /* over the cells that are missing */
} Robust;

/* 0 means as the run tested itself, so that clean accuracy here is its own. */
static int clips_of(const Robust *r) {
    return r->config->test_clips ? r->config->test_clips : r->tuned->config.data.test_clips;
}

static int crops_of(const Robust *r) {
    return r->config->test_crops ? r->config->test_crops : r->tuned->config.data.test_crops;
}

/* ---- a cell ---- */

/* The test of fine-tuning, with a corruption on its way. */
static Forward forward_of(const Robust *r, const Corruption *corruption) {
    const FinetuneConfig *config = &r->tuned->config;
    return (Forward){.network = r->tuned->network,
                     .params = r->tuned->params,
                     .views = {.source = r->test,
                               .model = &config->model,
                               .frame_stride = config->data.frame_stride,
                               .order = (FrameOrder)config->data.frames,
                               .n_clips = clips_of(r),
                               .n_crops = crops_of(r),
                               .corruption = corruption},
                     .batch = config->train.micro_batch,
                     .team = config->train.team,
                     .n_classes = r->tuned->n_classes,
                     .what = "test videos",
                     .stoppable = true,
                     .progress = r->progress};
}

/* 1. every rank its videos; 2. rank 0 keeps the predictions: from then on a stop loses nothing of the cell. */
static Err run_cell_all(Robust *r, int cell) {
    Corruption corruption = {.scale = corrupt_scale(r->tuned->config.model.image_size),
                             .seed = r->run->seed,
                             .generator = r->config->generator};
    bool corrupted = robust_cell_corruption(&r->cells, cell, &corruption);
    float *probabilities = NULL;
    int *labels = NULL;
    char name[NAME_SIZE];
    Forward forward = forward_of(r, corrupted ? &corruption : NULL);
    TRY(robust_cell_name(name, sizeof name, &r->cells, cell));
    progress_note(r->progress, "%s", name);
    TRY(err_within(forward_probabilities_all(&probabilities, &labels, &forward, r->run), "%s: ", name));
    Predictions predictions = {
        .n_videos = r->test->count, .n_classes = r->tuned->n_classes, .probabilities = probabilities, .labels = labels};
    Err err = r->run->par.rank == 0 ? robust_cell_store(&r->cells, cell, &predictions, r->folder->path) : ERR_NONE;
    err = err_agree_all(err, &r->run->par, "keeping a cell");
    free(probabilities);
    free(labels);
    return err;
}

/* Rank 0 knows which cells are there; everybody hears it. */
static Err find_done_all(Robust *r) {
    const Par *par = &r->run->par;
    Err err = par->rank == 0 ? robust_cells_read(&r->cells, r->folder->path) : ERR_NONE;
    TRY(err_agree_all(err, par, "reading the cells"));
    return spread_bytes_all(r->cells.done, (size_t)r->cells.n_cells * sizeof *r->cells.done, par);
}

static int count_missing(const Robust *r) {
    int n = 0;
    for (int cell = 0; cell < r->cells.n_cells; cell++) n += !r->cells.done[cell];
    return n;
}

/* A wish, not a failure: exit code 75. */
static Err say_stopped(const Robust *r) {
    return RAISE(ERR_STOPPED,
                 "robust: %s: stopped with %d of %d cells in %s/cells; run the same command again to go on",
                 stop_reason(), r->cells.n_cells - count_missing(r), r->cells.n_cells, r->folder->path);
}

static Err run_missing_all(Robust *r) {
    for (int cell = 0; cell < r->cells.n_cells; cell++) {
        if (r->cells.done[cell]) continue;
        /* between cells all ranks agree whether to stop */
        Err err = agree_stop_all(&r->run->par) ? ERR_STOPPED : run_cell_all(r, cell);
        if (err == ERR_STOPPED) return say_stopped(r);
        TRY(err);
        r->cells.done[cell] = true;
    }
    return ERR_NONE;
}

/* Progress counts videos of the missing cells alone, so its rate and end are true after a restart. */
static Err run_cells_all(Robust *r) {
    TRY(find_done_all(r));
    int missing = count_missing(r);
    if (missing < r->cells.n_cells)
        log_info("robust: %d of %d cells are there already", r->cells.n_cells - missing, r->cells.n_cells);
    Forward forward = forward_of(r, NULL);
    TRY(forward_progress_all(&r->progress, &forward, missing * r->test->count, r->run));
    Err err = run_missing_all(r);
    progress_end_all(&r->progress);
    return err;
}

/* ---- the result ---- */

/* What deviated in fine-tuning deviates here. */
static Err fill_protocol(Result *result, const Robust *r) {
    const Result *tuned = &r->tuned->result;
    const ProtocolScope scope = {.task = "robust",
                                 .dataset = tuned->dataset,
                                 .model = tuned->model,
                                 .made_from = tuned,
                                 .made_how = "fine-tuning",
                                 .rehearsal = r->run->rehearsed != NULL};
    for (int i = 0; i < tuned->n_inputs; i++)
        if (text_equal(tuned->inputs[i].role, "test") && !text_equal(tuned->inputs[i].digest, r->test->digest))
            TRY(result_add_deviation(result, "tested on %s, not on the test set of fine-tuning", r->test->name));
    if (r->run->seed != 1)
        TRY(result_add_deviation(result, "seed of corruptions %llu instead of 1", (unsigned long long)r->run->seed));
    return protocol_compare(result, &scope, r->config, sizeof *r->config, robust_fields);
}

/* The result goes by the name of the fine-tuning's: what was pre-trained on what. */
static Err fill_result(Result *result, const RunFolder *folder, void *state) {
    const Robust *r = state;
    const Result *tuned = &r->tuned->result;
    TRY(result_identify(result, "robust", tuned->dataset, tuned->pretraining, tuned->model, tuned->seed));
    TRY(fill_protocol(result, r));
    TRY(robust_into_result(result, &r->cells));
    TRY(result_add_input(result, "test", r->test->name, r->test->digest));
    TRY(result_add_input(result, "weights", r->tuned->path, r->tuned->digest));
    return robust_write_table(&r->cells, folder->path);
}

static void say_outcome(const Result *result, const RunFolder *folder, void *state) {
    const Robust *r = state;
    const ResultMetric *clean = result_metric(result, "top1"), *corrupted = result_metric(result, "mean_corrupted");
    log_info("robust: %s on %s: top-1 %.2f %% clean, %.2f %% [%.2f, %.2f] corrupted (%d corruptions, %lld videos, "
             "chance %.2f %%), protocol %s; table in %s/robustness.csv",
             result->pretraining, result->dataset, clean->value, corrupted->value, corrupted->low, corrupted->high,
             r->cells.plan.list.count, (long long)clean->count, result_metric(result, "chance")->value,
             result->protocol, folder->path);
}

/* ---- the run ---- */

/* The stop file is looked for in this run's folder. */
static Err execute_all(void *state, const RunFolder *folder) {
    Robust *r = state;
    const Conclusion conclusion = {fill_result, say_outcome, r};
    r->folder = folder;
    stop_watch_folder(folder->path);
    Err err = run_cells_all(r);
    stop_watch_folder(NULL);
    TRY(err);
    return run_conclude_all(&conclusion, folder, &r->run->par);
}

static Err plan(void *state) {
    const Robust *r = state;
    const FinetuneConfig *config = &r->tuned->config;
    double passes = (double)r->cells.n_cells * (double)r->test->count * clips_of(r) * crops_of(r);
    double flops = model_finetune_flops(&config->model, r->tuned->n_classes) / 3 * passes; /* forward only */
    size_t batch = (size_t)config->train.micro_batch;
    double memory = (double)classifier_scratch_bytes(r->tuned->network, PRECISION_FLOAT32, 1, (int)batch) +
                    (double)(batch * input_floats(&config->model) * sizeof(float)) +
                    (double)(classifier_params(r->tuned->network)->total * sizeof(float));
    char bytes[32];
    printf("robust: %s after %s, %lld test videos x %d clips x %d crops\n", r->tuned->result.model,
           r->tuned->result.pretraining, (long long)r->test->count, clips_of(r), crops_of(r));
    printf("  clean and %d corruptions x %d severities: %d cells, %.0f forward passes\n", r->cells.plan.list.count,
           r->cells.plan.n_severities, r->cells.n_cells, passes);
    printf("  %s of memory a rank with one thread, %.3g TFLOP: %.2f core-hours at 50 GFLOP/s\n",
           text_bytes(bytes, sizeof bytes, memory), flops * 1e-12, flops / ESTIMATE_CORE_FLOPS / 3600);
    estimate_print(memory, flops / ESTIMATE_CORE_FLOPS);
    return ERR_NONE;
}

/* What would otherwise come out in the middle of the first cell. */
static Err check(const Robust *r) {
    if (r->test->count == 0) return RAISE(ERR_INPUT, "test: %s has no videos", r->test->name);
    if (r->test->n_classes != r->tuned->n_classes)
        return RAISE(ERR_INPUT, "test: %s has %d classes, but %s was fine-tuned for %d", r->test->name,
                     r->test->n_classes, r->tuned->path, r->tuned->n_classes);
    if (r->tuned->config.model.n_frames > CORRUPT_MAX_FRAMES)
        return RAISE(ERR_USAGE, "corruptions: clips of %d frames, at most %d are possible",
                     r->tuned->config.model.n_frames, CORRUPT_MAX_FRAMES);
    return ERR_NONE;
}

CHECKED Err robust_run_all(const RobustConfig *config, const Finetuned *tuned, const ClipSource *test, const Run *run) {
    Robust r = {.config = config, .tuned = tuned, .test = test, .run = run};
    RobustPlan wanted;
    char fallback[4 * NAME_SIZE] = "";
    const char *inputs[] = {test->digest, tuned->digest};
    const Task task = {.name = config->name,
                       .fallback = fallback,
                       .identity = {config, robust_fields, inputs, 2},
                       .plan = plan,
                       .execute_all = execute_all,
                       .state = &r};
    TRY(robust_plan_parse(&wanted, config));
    TRY(check(&r));
    if (!config->name[0])
        TRY(text_format(fallback, sizeof fallback, "robust-%s-%s", tuned->result.dataset, tuned->result.pretraining));
    TRY(err_agree_all(robust_cells_new(&r.cells, &wanted, test->count, tuned->n_classes), &run->par, "the cells"));
    Err err = run_task_all(&task, run);
    robust_cells_free(&r.cells);
    return err;
}
