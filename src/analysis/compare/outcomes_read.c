#include "analysis/compare/outcomes_read.h"

#include "analysis/compare/internal/budget.h"
#include "base/system/walk.h"

#include <math.h>

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
/* A figure that is no number would spread through every mean it enters. */
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
    if (!err) err = budget_find(outcomes);
    if (!err) err = drop_rivals(outcomes);
    file_list_free(&files);
    if (err) outcomes_free(outcomes);
    return err;
}
