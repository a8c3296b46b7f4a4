/* Templates are expanded in the order of the file; a task may need only tasks before it, which makes circles
 * impossible and one pass enough everywhere else. Wildcards among needs are soft: "only" does not pull them in.
 * Limits (tasks, needs, comparisons) keep a small file from asking for more than there is time or memory. */
#include "sweep/plan/plan.h"

#include "base/config/config.h"
#include "base/system/digest.h"
#include "base/text/text.h"
#include "sweep/plan/internal/axes.h"
#include "sweep/plan/internal/plan_file.h"
#include "sweep/plan/internal/template.h"
#include "sweep/plan/vars.h"

#include <cjson/cJSON.h>
#include <fnmatch.h>

enum {
    TASKS_MAX = 100000,
    NEEDS_MAX = 4000000,
    COMPARISONS_MAX = 100000000,
    N_BUILT_IN = 2 /* {out} and {sweep} are set first */
};

/* What one task template needs while it is expanded. */
typedef struct {
    SweepPlan *plan;
    const char *path; /* of the sweep file, for messages */
    Bindings globals;
    char *owned[BINDINGS_MAX];
    int n_owned;
    const cJSON *template; /* being expanded */
    AxesWalk walk;
    int steps;
    int n_needs;         /* of all tasks */
    int64_t comparisons; /* of names with patterns */
    uint64_t *hashes;    /* (n_tasks) of the tasks' names */
} Expansion;

/* Bindings borrow their texts, and templates use them until the last task is read. */
static Err own_text(Expansion *expansion, char *text) {
    if (expansion->n_owned == BINDINGS_MAX) {
        free(text);
        return RAISE(ERR_USAGE, "%s: more than %d variables", expansion->path, BINDINGS_MAX);
    }
    expansion->owned[expansion->n_owned++] = text;
    return ERR_NONE;
}

static Err read_vars(Expansion *expansion, const cJSON *root) {
    TRY(bindings_set(&expansion->globals, "out", expansion->plan->out));
    TRY(bindings_set(&expansion->globals, "sweep", expansion->plan->name));
    const cJSON *vars = cJSON_GetObjectItemCaseSensitive(root, "vars"), *var;
    cJSON_ArrayForEach(var, vars) {
        char place[PATH_SIZE + NAME_SIZE], *text;
        snprintf(place, sizeof place, "%s: vars.%s", expansion->path, var->string);
        TRY(axes_value_text(&text, var, place));
        TRY(own_text(expansion, text));
        TRY(bindings_set(&expansion->globals, var->string, text));
    }
    return ERR_NONE;
}

/* "name=value" for a variable that the file has: a name that nothing uses is a typing error. */
static Err override_var(Expansion *expansion, const char *assignment) {
    const char *equals = strchr(assignment, '=');
    char name[NAME_SIZE];
    TRY(text_format(name, sizeof name, "%.*s", (int)(equals - assignment), assignment));
    const char *names[BINDINGS_MAX + 1] = {0};
    Bindings *globals = &expansion->globals;
    for (int i = 0; i < globals->count; i++) {
        names[i] = globals->items[i].name;
        if (i >= N_BUILT_IN && text_equal(names[i], name)) {
            globals->items[i].value = equals + 1;
            return ERR_NONE;
        }
    }
    const char *nearest = text_nearest(name, names);
    return RAISE(ERR_USAGE, "--var %s: %s has no variable \"%s\"%s%s%s", assignment, expansion->path, name,
                 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* What names a job, a file and a word of a command line is one line of text. */
static Err check_name(const char *what, const char *name, const char *path) {
    if (*name && utf8_is_line(name)) return ERR_NONE;
    return RAISE(
        ERR_USAGE,
        "%s: %s \"%s\": a name is one line of UTF-8 text: letters, digits, blanks and punctuation are fine; line "
        "breaks and other control characters are not%s",
        path, what, name, *name ? "" : ", and it cannot be empty");
}

/* Those remembered, then those given; the plan owns the texts. */
static Err override_vars(Expansion *expansion, const char *const *vars, int n_vars) {
    const char *known[BINDINGS_MAX + 1] = {0};
    for (int i = N_BUILT_IN; i < expansion->globals.count; i++)
        known[i - N_BUILT_IN] = expansion->globals.items[i].name;
    TRY(vars_collect(expansion->plan, known, vars, n_vars));
    for (int i = 0; i < expansion->plan->n_vars; i++) TRY(override_var(expansion, expansion->plan->vars[i]));
    return ERR_NONE;
}

/* ---- one task ---- */

/* Looking for a name among thousands compares numbers. */
static uint64_t hash_of(const char *name) {
    return digest_number(name, strlen(name));
}

/* Needs are kept sorted and without repetition, so that two tasks with the same needs compare equal (same_work).
 * Patterns find them in rising order: as a rule the new one goes to the end. A need by name outweighs the same by a
 * pattern. */
static Err add_need(SweepTask *task, int number, bool soft) {
    bool last = task->n_needs == 0 || task->needs[task->n_needs - 1] < number; /* as a rule */
    for (int i = 0; i < task->n_needs && !last; i++) {
        if (task->needs[i] != number) continue;
        task->soft[i] = task->soft[i] && soft;
        return ERR_NONE;
    }
    int *needs = realloc(task->needs, (size_t)(task->n_needs + 1) * sizeof *needs);
    if (needs) task->needs = needs;
    bool *softs = realloc(task->soft, (size_t)(task->n_needs + 1) * sizeof *softs);
    if (softs) task->soft = softs;
    if (!needs || !softs) return RAISE(ERR_MEMORY, "no memory for the needs of %s", task->name);
    int place = task->n_needs++;
    /* larger numbers move up */
    for (; place > 0 && needs[place - 1] > number; place--) {
        needs[place] = needs[place - 1];
        softs[place] = softs[place - 1];
    }
    needs[place] = number;
    softs[place] = soft;
    return ERR_NONE;
}

/* The task called `name`, or -1. */
static int find_known(const Expansion *expansion, const char *name) {
    uint64_t hash = hash_of(name);
    for (int i = 0; i < expansion->plan->n_tasks; i++)
        if (expansion->hashes[i] == hash && text_equal(expansion->plan->tasks[i].name, name)) return i;
    return -1;
}

/* All earlier tasks that are called so; how many through *matches. */
static Err add_matches(int *matches, Expansion *expansion, SweepTask *task, const char *pattern) {
    expansion->comparisons += expansion->plan->n_tasks;
    if (expansion->comparisons > COMPARISONS_MAX)
        return RAISE(ERR_USAGE, "%s: too many tasks with wildcards among their needs", expansion->path);
    for (int i = 0; i < expansion->plan->n_tasks; i++) {
        const char *name = expansion->plan->tasks[i].name; /* it may hold what is special in a pattern */
        if (text_equal(pattern, name) || fnmatch(pattern, name, 0)) continue;
        if (++expansion->n_needs > NEEDS_MAX)
            return RAISE(ERR_USAGE, "%s: more than %d needs of all tasks together", expansion->path, NEEDS_MAX);
        TRY(add_need(task, i, true));
        ++*matches;
    }
    return ERR_NONE;
}

/* An exact name first: a task may be called "a*b", and who needs it must get it. */
static Err add_needs(Expansion *expansion, SweepTask *task, const char *pattern) {
    int exact = find_known(expansion, pattern), matches = exact >= 0;
    if (exact >= 0) TRY(add_need(task, exact, false));
    if (strpbrk(pattern, "*?[\\")) TRY(add_matches(&matches, expansion, task, pattern));
    if (matches) return ERR_NONE;
    return RAISE(ERR_USAGE, "%s: %s needs \"%s\", which no earlier task is called", expansion->path, task->name,
                 pattern);
}

static Err read_needs(Expansion *expansion, SweepTask *task, const Bindings *bindings) {
    const cJSON *needs = cJSON_GetObjectItemCaseSensitive(expansion->template, "needs"), *need;
    cJSON_ArrayForEach(need, needs) {
        if (!cJSON_IsString(need))
            return RAISE(ERR_USAGE, "%s: %s: needs: a list of task names was expected", expansion->path, task->name);
        char *pattern;
        TRY(template_fill(&pattern, need->valuestring, bindings, expansion->path));
        Err err = add_needs(expansion, task, pattern);
        free(pattern);
        TRY(err);
    }
    return ERR_NONE;
}

static Err read_arguments(const Expansion *expansion, SweepTask *task, const Bindings *bindings) {
    const cJSON *run = cJSON_GetObjectItemCaseSensitive(expansion->template, "run"), *argument;
    int count = cJSON_GetArraySize(run);
    if (!cJSON_IsArray(run) || count == 0)
        return RAISE(ERR_USAGE, "%s: %s: run: a list [\"subcommand\", ...] was expected", expansion->path, task->name);
    task->arguments = calloc((size_t)count, sizeof *task->arguments);
    if (!task->arguments) return RAISE(ERR_MEMORY, "%s: no memory", task->name);
    cJSON_ArrayForEach(argument, run) {
        char *text, *filled;
        TRY(axes_value_text(&text, argument, task->name));
        Err err = template_fill(&filled, text, bindings, expansion->path);
        free(text);
        TRY(err);
        task->arguments[task->n_arguments++] = filled;
    }
    return ERR_NONE;
}

/* Leaves *count when the template has no such key. */
static Err read_count(int *count, const char *key, const Expansion *expansion) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(expansion->template, key);
    if (!value) return ERR_NONE;
    if (!cJSON_IsNumber(value) || value->valuedouble < 1 || value->valuedouble > 1e6)
        return RAISE(ERR_USAGE, "%s: %s: a whole number from 1 was expected", expansion->path, key);
    *count = value->valueint;
    return ERR_NONE;
}

static Err read_amount(double *amount, const char *key, const Expansion *expansion) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(expansion->template, key);
    if (!value) return ERR_NONE;
    if (!cJSON_IsNumber(value) || !(value->valuedouble > 0))
        return RAISE(ERR_USAGE, "%s: %s: a number above 0 was expected", expansion->path, key);
    *amount = value->valuedouble;
    return ERR_NONE;
}

/* "pretrain-{variant}-{seed}" -> "pretrain": the tasks of a template are one array of a batch system. Placeholders go,
 * and a dash that would then stand doubled, first or last. */
static Err bare_name(char *out, size_t size, const char *name) {
    TRY(text_copy(out, size, name));
    char *to = out;
    int depth = 0;
    for (const char *from = out; *from; from++) {
        depth += *from == '{';
        if (!depth && !(*from == '-' && (to == out || to[-1] == '-'))) *to++ = *from;
        depth -= *from == '}' && depth > 0;
    }
    while (to > out && to[-1] == '-') to--;
    *to = 0;
    return out[0] ? ERR_NONE : text_copy(out, size, "tasks");
}

/* `name` is the template's, with its placeholders. */
static Err read_stage(SweepTask *task, const char *name, const Expansion *expansion, const Bindings *bindings) {
    const cJSON *stage = cJSON_GetObjectItemCaseSensitive(expansion->template, "stage");
    if (!stage) return bare_name(task->stage, sizeof task->stage, name);
    if (!cJSON_IsString(stage)) return RAISE(ERR_USAGE, "%s: stage: a text was expected", expansion->path);
    char *filled;
    TRY(template_fill(&filled, stage->valuestring, bindings, expansion->path));
    Err err = text_copy(task->stage, sizeof task->stage, filled);
    free(filled);
    return err ? err : check_name("stage", task->stage, expansion->path);
}

static Err read_task(SweepTask *task, Expansion *expansion, const Bindings *bindings) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(expansion->template, "task");
    if (!cJSON_IsString(name)) return RAISE(ERR_USAGE, "%s: a task without a name (\"task\": ...)", expansion->path);
    char *filled;
    TRY(template_fill(&filled, name->valuestring, bindings, expansion->path));
    Err err = text_copy(task->name, sizeof task->name, filled);
    free(filled);
    TRY(err);
    TRY(check_name("task", task->name, expansion->path));
    if (strchr(task->name, '/'))
        return RAISE(ERR_USAGE, "%s: task \"%s\": no \"/\" in names: they name files", expansion->path, task->name);
    task->ranks = task->threads = 1;
    TRY(read_stage(task, name->valuestring, expansion, bindings));
    TRY(read_count(&task->ranks, "ranks", expansion));
    TRY(read_count(&task->threads, "threads", expansion));
    TRY(read_count(&task->nodes, "nodes", expansion));
    TRY(read_amount(&task->hours, "hours", expansion));
    TRY(read_amount(&task->memory_gb, "memory_gb", expansion));
    TRY(read_needs(expansion, task, bindings));
    return read_arguments(expansion, task, bindings);
}

static bool same_work(const SweepTask *a, const SweepTask *b) {
    bool same = a->n_arguments == b->n_arguments && a->n_needs == b->n_needs;
    for (int i = 0; same && i < a->n_arguments; i++) same = text_equal(a->arguments[i], b->arguments[i]);
    for (int i = 0; same && i < a->n_needs; i++) same = a->needs[i] == b->needs[i];
    return same;
}

/* Takes over what the task owns, unless it coincides with one that is there. */
static Err keep_task(Expansion *expansion, SweepTask *task) {
    SweepPlan *plan = expansion->plan;
    int known = find_known(expansion, task->name);
    /* axes that do not matter for a task let it come up again */
    if (known >= 0 && same_work(&plan->tasks[known], task)) {
        sweep_task_free(task);
        return ERR_NONE;
    }
    if (known >= 0)
        return RAISE(ERR_USAGE, "%s: two tasks are called \"%s\" and differ; put every axis into the name",
                     expansion->path, task->name);
    if (plan->n_tasks == TASKS_MAX) return RAISE(ERR_USAGE, "%s: more than %d tasks", expansion->path, TASKS_MAX);
    SweepTask *grown = realloc(plan->tasks, (size_t)(plan->n_tasks + 1) * sizeof *grown);
    if (grown) plan->tasks = grown;
    uint64_t *hashes = realloc(expansion->hashes, (size_t)(plan->n_tasks + 1) * sizeof *hashes);
    if (hashes) expansion->hashes = hashes;
    if (!grown || !hashes) return RAISE(ERR_MEMORY, "%s: no memory for %d tasks", expansion->path, plan->n_tasks + 1);
    hashes[plan->n_tasks] = hash_of(task->name);
    plan->tasks[plan->n_tasks++] = *task;
    return ERR_NONE;
}

static Err add_task(void *expansion_, const Bindings *bindings) {
    Expansion *expansion = expansion_;
    SweepTask task = {0};
    Err err = read_task(&task, expansion, bindings);
    if (!err) err = keep_task(expansion, &task);
    if (err) sweep_task_free(&task);
    return err;
}

static Err read_tasks(Expansion *expansion, const cJSON *root) {
    static const char *const keys[] = {"task",  "for",   "needs",     "ranks", "threads", "nodes",
                                       "hours", "stage", "memory_gb", "run",   NULL};
    const cJSON *templates = cJSON_GetObjectItemCaseSensitive(root, "tasks");
    if (!cJSON_IsArray(templates)) return RAISE(ERR_USAGE, "%s: tasks: a list was expected", expansion->path);
    cJSON_ArrayForEach(expansion->template, templates) {
        TRY(plan_file_check_keys(expansion->template, keys, expansion->path));
        TRY(axes_walk(&expansion->walk, cJSON_GetObjectItemCaseSensitive(expansion->template, "for"),
                      &expansion->globals));
    }
    return ERR_NONE;
}

/* ---- the file ---- */

static Err read_head(Expansion *expansion, const cJSON *root, const char *out) {
    SweepPlan *plan = expansion->plan;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(root, "name"),
                *help = cJSON_GetObjectItemCaseSensitive(root, "help"),
                *folder = cJSON_GetObjectItemCaseSensitive(root, "out");
    if (!cJSON_IsString(name)) return RAISE(ERR_USAGE, "%s: name: a text was expected", expansion->path);
    if (folder && !cJSON_IsString(folder)) return RAISE(ERR_USAGE, "%s: out: a text was expected", expansion->path);
    TRY(text_copy(plan->name, sizeof plan->name, name->valuestring));
    TRY(check_name("name", plan->name, expansion->path));
    plan->help = strdup(cJSON_IsString(help) ? help->valuestring : "");
    if (!plan->help) return RAISE(ERR_MEMORY, "%s: no memory", expansion->path);
    /* the command line goes before the file */
    return text_copy(plan->out, sizeof plan->out, out ? out : folder ? folder->valuestring : plan->name);
}

static Err read_root(Expansion *expansion, const cJSON *root, const char *out, const char *const *vars, int n_vars) {
    expansion->walk = (AxesWalk){.lists = cJSON_GetObjectItemCaseSensitive(root, "lists"),
                                 .path = expansion->path,
                                 .steps = &expansion->steps,
                                 .context = expansion,
                                 .visit = add_task};
    /* in this order: a variable may be replaced only once it is known, and before a task uses it */
    TRY(read_head(expansion, root, out));
    TRY(read_vars(expansion, root));
    TRY(override_vars(expansion, vars, n_vars));
    TRY(read_tasks(expansion, root));
    return plan_select(expansion->plan, root, expansion->path, &expansion->globals);
}

Err sweep_plan_expand(SweepPlan *plan, const cJSON *root, const char *path, const char *out, const char *const *vars,
                      int n_vars) {
    *plan = (SweepPlan){0};
    Expansion expansion = {.plan = plan, .path = path};
    Err err = read_root(&expansion, root, out, vars, n_vars);
    for (int i = 0; i < expansion.n_owned; i++) free(expansion.owned[i]);
    free(expansion.hashes);
    if (err) sweep_plan_free(plan);
    return err;
}

Err sweep_plan_read(SweepPlan *plan, const char *path, const char *out, const char *const *vars, int n_vars) {
    char found[PATH_SIZE];
    cJSON *root = NULL;
    *plan = (SweepPlan){0};
    TRY(config_find(found, sizeof found, "sweeps", path));
    Err err = plan_file_read(&root, found);
    if (!err) err = sweep_plan_expand(plan, root, found, out, vars, n_vars);
    cJSON_Delete(root);
    return err;
}
