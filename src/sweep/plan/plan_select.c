/* Marks what "only" names, then everything that a marked task needs, and renumbers the rest in place. */

#include "sweep/plan/internal/axes.h"
#include "sweep/plan/internal/plan_file.h"

#include <cjson/cJSON.h>
#include <fnmatch.h>

typedef struct {
    const SweepPlan *plan;
    const char *path, *pattern; /* of the entry at hand, before substitution */
    bool *kept;
    int64_t comparisons; /* of names with patterns */
} Selection;

enum { COMPARISONS_MAX = 100000000 };

static Err mark_matches(void *selection_, const Bindings *bindings) {
    Selection *selection = selection_;
    char *filled;
    selection->comparisons += selection->plan->n_tasks;
    if (selection->comparisons > COMPARISONS_MAX)
        return RAISE(ERR_USAGE, "%s: only: too many entries for %d tasks", selection->path, selection->plan->n_tasks);
    TRY(template_fill(&filled, selection->pattern, bindings, selection->path));
    int matches = 0;
    for (int i = 0; i < selection->plan->n_tasks; i++) {
        const char *name = selection->plan->tasks[i].name;
        if (!text_equal(filled, name) && fnmatch(filled, name, 0)) continue;
        selection->kept[i] = true;
        matches++;
    }
    Err err = matches ? ERR_NONE : RAISE(ERR_USAGE, "%s: only: no task is called \"%s\"", selection->path, filled);
    free(filled);
    return err;
}

static Err mark_entries(Selection *selection, const cJSON *root, const cJSON *only, const Bindings *globals) {
    static const char *const keys[] = {"task", "for", NULL};
    int steps = 0;
    AxesWalk walk = {.lists = cJSON_GetObjectItemCaseSensitive(root, "lists"),
                     .path = selection->path,
                     .steps = &steps,
                     .context = selection,
                     .visit = mark_matches};
    const cJSON *entry;
    cJSON_ArrayForEach(entry, only) {
        const cJSON *task = cJSON_IsObject(entry) ? cJSON_GetObjectItemCaseSensitive(entry, "task") : entry;
        if (!cJSON_IsString(task))
            return RAISE(ERR_USAGE, "%s: only: a list of task names or {\"task\": ..., \"for\": ...} was expected",
                         selection->path);
        if (cJSON_IsObject(entry)) TRY(plan_file_check_keys(entry, keys, selection->path));
        selection->pattern = task->valuestring;
        TRY(axes_walk(&walk, cJSON_IsObject(entry) ? cJSON_GetObjectItemCaseSensitive(entry, "for") : NULL, globals));
    }
    return ERR_NONE;
}

/* Needs are earlier tasks, so one pass from the end reaches all. */
static void mark_needs(const SweepPlan *plan, bool *kept) {
    for (int i = plan->n_tasks - 1; i >= 0; i--)
        for (int k = 0; kept[i] && k < plan->tasks[i].n_needs; k++)
            if (!plan->tasks[i].soft[k]) kept[plan->tasks[i].needs[k]] = true;
}

/* new_number: of each kept task. */
static void renumber_needs(SweepTask *task, const bool *kept, const int *new_number) {
    int count = 0;
    for (int k = 0; k < task->n_needs; k++) {
        if (!kept[task->needs[k]]) continue;
        task->needs[count] = new_number[task->needs[k]];
        task->soft[count++] = task->soft[k];
    }
    task->n_needs = count;
}

static Err drop_the_rest(SweepPlan *plan, const bool *kept) {
    int *new_number = calloc((size_t)plan->n_tasks + 1, sizeof *new_number);
    if (!new_number) return RAISE(ERR_MEMORY, "no memory for %d tasks", plan->n_tasks);
    int count = 0;
    for (int i = 0; i < plan->n_tasks; i++) {
        if (!kept[i]) {
            sweep_task_free(&plan->tasks[i]);
            continue;
        }
        renumber_needs(&plan->tasks[i], kept, new_number);
        new_number[i] = count;
        plan->tasks[count++] = plan->tasks[i];
    }
    plan->n_tasks = count;
    free(new_number);
    return ERR_NONE;
}

Err plan_select(SweepPlan *plan, const cJSON *root, const char *path, const Bindings *globals) {
    const cJSON *only = cJSON_GetObjectItemCaseSensitive(root, "only");
    if (!only) return ERR_NONE;
    if (!cJSON_IsArray(only)) return RAISE(ERR_USAGE, "%s: only: a list was expected", path);
    Selection selection = {.plan = plan, .path = path, .kept = calloc((size_t)plan->n_tasks + 1, sizeof(bool))};
    if (!selection.kept) return RAISE(ERR_MEMORY, "no memory for %d tasks", plan->n_tasks);
    Err err = mark_entries(&selection, root, only, globals);
    if (!err) mark_needs(plan, selection.kept);
    if (!err) err = drop_the_rest(plan, selection.kept);
    free(selection.kept);
    return err;
}
