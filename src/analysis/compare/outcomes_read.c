/* Every result.json below a folder of runs: read, checked, with the pre-training behind it, and without those that
 * claim the same. */
#include "analysis/compare/outcomes.h"
#include "base/config/json.h"
#include "base/config/record.h"
#include "base/system/walk.h"
#include "nn/layers/model.h"

#include <cjson/cJSON.h>
#include <math.h>

/* ---- files ---- */

static Err append_outcome(Outcomes *outcomes, const Result *result, const char *folder) {
    Outcome *grown = realloc(outcomes->items, ((size_t)outcomes->count + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "%d results: no memory", outcomes->count + 1);
    outcomes->items = grown;
    grown[outcomes->count] = (Outcome){.result = *result, .clips = NAN, .flops = NAN};
    return text_copy(grown[outcomes->count++].folder, PATH_SIZE, folder);
}

/* What is not counted is told with its reason, never passed over. */
static Err append_left_out(Outcomes *outcomes, const char *path, const char *reason) {
    OutcomeLeftOut *grown = realloc(outcomes->left_out, ((size_t)outcomes->n_left_out + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "%d results: no memory", outcomes->n_left_out + 1);
    outcomes->left_out = grown;
    OutcomeLeftOut *entry = &grown[outcomes->n_left_out++];
    snprintf(entry->path, sizeof entry->path, "%s", path);
    snprintf(entry->reason, sizeof entry->reason, "%s", reason);
    return ERR_NONE;
}

/* A figure that is not a number would turn every mean and correlation it enters into one. */
static Err check_finite(const Result *result, const char *path) {
    for (int i = 0; i < result->n_metrics; i++)
        if (!isfinite(result->metrics[i].value))
            return RAISE(ERR_INPUT, "%s: %s is not a number", path, result->metrics[i].name);
    return ERR_NONE;
}

static Err read_one(Outcomes *outcomes, Result *result, const char *folder, const char *relative) {
    char path[PATH_SIZE], parent[PATH_SIZE];
    TRY(path_join(path, sizeof path, folder, relative));
    TRY(path_parent(parent, sizeof parent, path));
    Err err = result_read(result, path);
    if (!err) err = check_finite(result, path);
    if (err == ERR_MEMORY) return err;
    return err ? append_left_out(outcomes, path, err_message()) : append_outcome(outcomes, result, parent);
}

static bool is_result_file(const char *path) {
    return text_equal(path_base(path), "result.json");
}

static Err read_files(Outcomes *outcomes, const FileList *files, const char *folder) {
    Result *result = malloc(sizeof *result);
    Err err = result ? ERR_NONE : RAISE(ERR_MEMORY, "results of %s: no memory", folder);
    for (size_t i = 0; !err && i < files->count; i++)
        if (is_result_file(files->paths[i])) err = read_one(outcomes, result, folder, files->paths[i]);
    free(result);
    return err;
}

/* ---- budgets: how much pre-training went into a result: clips seen, and what that took by the model's arithmetic.
 *
 * A fine-tuning names the weights it started from by their digest, a pre-training those it ended with; the two are
 * matched, wherever the folders lie. Clips are steps times the batch of the run's config.json; FLOPs are matrix
 * products only (nn/layers/model). Without a checkpoint both are 0; where the pre-training is not among the results,
 * unknown (NAN). A run without a readable config.json is no error: its budget is unknown. ---- */

static const size_t config_bytes_max = (size_t)1 << 20;

/* Clips: steps times batch. FLOPs only where the model and the mask are those of a pre-training. */
static void read_budget(Outcome *outcome, const cJSON *config) {
    const ResultMetric *steps = result_metric(&outcome->result, "steps");
    const cJSON *group = cJSON_GetObjectItemCaseSensitive(config, "model");
    double batch = record_number_or(cJSON_GetObjectItemCaseSensitive(config, "train"), "batch", NAN),
           mask_ratio = record_number_or(config, "mask_ratio", NAN);
    ModelConfig model;
    if (!steps || isnan(batch)) return;
    outcome->clips = steps->value * batch;
    fields_default(&model, model_fields);
    if (group && !isnan(mask_ratio) && !fields_read(&model, model_fields, group, "model"))
        outcome->flops = outcome->clips * model_pretrain_flops(&model, mask_ratio);
}

/* A pre-training's own, from the settings beside its result. */
static Err find_own(Outcome *outcome) {
    char path[PATH_SIZE];
    cJSON *config;
    TRY(path_join(path, sizeof path, outcome->folder, "config.json"));
    if (json_read(&config, path, config_bytes_max, ERR_INPUT)) return ERR_NONE;
    read_budget(outcome, config);
    cJSON_Delete(config);
    return ERR_NONE;
}

/* The result that ended with these weights, NULL: not among them. */
static const Outcome *find_maker(const Outcomes *outcomes, const char *digest) {
    for (int i = 0; i < outcomes->count; i++) {
        const ResultInput *final = outcomes_input(&outcomes->items[i].result, "final weights");
        if (final && text_equal(final->digest, digest)) return &outcomes->items[i];
    }
    return NULL;
}

/* From what the result started with, given in the input `role`. */
static void inherit(Outcome *outcome, const Outcomes *outcomes, const char *role) {
    const ResultInput *weights = outcomes_input(&outcome->result, role);
    const Outcome *maker = weights ? find_maker(outcomes, weights->digest) : NULL;
    if (!maker) return;
    outcome->clips = maker->clips;
    outcome->flops = maker->flops;
}

/* Trained on labels without a checkpoint: random initialization, whose pre-training is 0 clips. */
static bool starts_from_nothing(const Result *result) {
    bool trained = text_equal(result->task, "finetune") || text_equal(result->task, "probe");
    return trained && !outcomes_input(result, "checkpoint") && outcomes_input(result, "test");
}

/* In the order in which one stage feeds the next: pre-trainings, what starts from them, what tests that. */
static Err find_budgets(Outcomes *outcomes) {
    for (int i = 0; i < outcomes->count; i++) {
        Outcome *outcome = &outcomes->items[i];
        if (text_equal(outcome->result.task, "pretrain")) TRY(find_own(outcome));
        if (starts_from_nothing(&outcome->result)) outcome->clips = outcome->flops = 0;
    }
    for (int i = 0; i < outcomes->count; i++) inherit(&outcomes->items[i], outcomes, "checkpoint");
    /* Tests under corruption start from fine-tunings, which know theirs by now. */
    for (int i = 0; i < outcomes->count; i++) inherit(&outcomes->items[i], outcomes, "weights");
    return ERR_NONE;
}

/* ---- results that claim the same ---- */

/* One cell of a table, and one seed of it. */
static bool same_claim(const Outcome *x, const Outcome *y) {
    const Result *a = &x->result, *b = &y->result;
    return outcomes_same_budget(x, y) && a->seed == b->seed && text_equal(a->task, b->task) &&
           text_equal(a->dataset, b->dataset) && text_equal(a->pretraining, b->pretraining) &&
           text_equal(a->model, b->model) && outcomes_same_protocol(a, b);
}

/* The other result that claims what item i does, or -1. */
static int find_rival(const Outcomes *outcomes, int i) {
    for (int j = 0; j < outcomes->count; j++)
        if (j != i && same_claim(&outcomes->items[i], &outcomes->items[j])) return j;
    return -1;
}

/* Two results that claim the same cannot both be counted, and nothing says which is right: neither is. */
static Err drop_rivals(Outcomes *outcomes) {
    bool *dropped = calloc((size_t)outcomes->count + 1, sizeof *dropped);
    Err err = dropped ? ERR_NONE : RAISE(ERR_MEMORY, "results: no memory");
    for (int i = 0; !err && i < outcomes->count; i++) {
        char reason[sizeof outcomes->left_out->reason];
        int rival = find_rival(outcomes, i);
        if (rival < 0) continue;
        dropped[i] = true;
        snprintf(reason, sizeof reason, "same identity, protocol and seed as %.380s: delete one of the two runs",
                 outcomes->items[rival].folder);
        err = append_left_out(outcomes, outcomes->items[i].folder, reason);
    }
    int kept = 0;
    for (int i = 0; !err && i < outcomes->count; i++)
        if (!dropped[i]) outcomes->items[kept++] = outcomes->items[i];
    if (!err) outcomes->count = kept;
    free(dropped);
    return err;
}

Err outcomes_read(Outcomes *outcomes, const char *folder) {
    FileList files = {0};
    *outcomes = (Outcomes){0};
    if (!file_is_directory(folder)) return RAISE(ERR_INPUT, "%s: no such folder of runs", folder);
    Err err = walk_files(&files, folder);
    if (!err) err = read_files(outcomes, &files, folder);
    if (!err) err = find_budgets(outcomes);
    if (!err) err = drop_rivals(outcomes);
    file_list_free(&files);
    if (err) outcomes_free(outcomes);
    return err;
}
