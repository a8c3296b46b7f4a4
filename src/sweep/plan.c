#include "sweep/plan.h"

#include "base/config.h"
#include "sweep/plan_file.h"
#include "sweep/template.h"

#include <cjson/cJSON.h>
#include <fnmatch.h>

enum { TASKS_MAX = 100000 };

/* A value of "vars" or of an axis as text; numbers keep the shortest form that reads back. */
static Err value_text(char **text, const cJSON *value, const char *place) {
    *text = NULL;
    if (cJSON_IsString(value))
        *text = strdup(value->valuestring);
    else if (cJSON_IsNumber(value) || cJSON_IsBool(value))
        *text = cJSON_PrintUnformatted(value);
    else
        return RAISE(ERR_USAGE, "%s: a text, number or boolean was expected", place);
    return *text ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory", place);
}

/* What one task template needs while it is expanded. */
typedef struct {
    SweepPlan *plan;
    const char *path; /* of the sweep file, for messages */
    Bindings globals;
    char *owned[BINDINGS_MAX];
    int n_owned;
} Expansion;

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
    const cJSON *vars = cJSON_GetObjectItemCaseSensitive(root, "vars"), *var;
    if (vars && !cJSON_IsObject(vars)) return RAISE(ERR_USAGE, "%s: vars: an object was expected", expansion->path);
    cJSON_ArrayForEach(var, vars) {
        char place[PATH_SIZE + NAME_SIZE], *text;
        snprintf(place, sizeof place, "%s: vars.%s", expansion->path, var->string);
        TRY(value_text(&text, var, place));
        TRY(own_text(expansion, text));
        TRY(bindings_set(&expansion->globals, var->string, text));
    }
    return ERR_NONE;
}

static Err override_var(Expansion *expansion, const char *assignment) {
    const char *equals = strchr(assignment, '=');
    if (!equals) return RAISE(ERR_USAGE, "--var %s: NAME=VALUE was expected", assignment);
    char name[NAME_SIZE];
    TRY(text_format(name, sizeof name, "%.*s", (int)(equals - assignment), assignment));
    const char *names[BINDINGS_MAX + 1] = {0};
    Bindings *globals = &expansion->globals;
    for (int i = 0; i < globals->count; i++) {
        names[i] = globals->items[i].name;
        if (i > 0 && text_equal(names[i], name)) {
            globals->items[i].value = equals + 1;
            return ERR_NONE;
        }
    }
    const char *nearest = text_nearest(name, names);
    return RAISE(ERR_USAGE, "--var %s: %s has no variable \"%s\"%s%s%s", assignment, expansion->path, name,
                 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static Err add_need(SweepPlan *plan, SweepTask *task, int number) {
    for (int i = 0; i < task->n_needs; i++)
        if (task->needs[i] == number) return ERR_NONE;
    int *grown = realloc(task->needs, (size_t)(task->n_needs + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "%s: no memory for the needs of %s", plan->name, task->name);
    task->needs = grown;
    task->needs[task->n_needs++] = number;
    return ERR_NONE;
}

static Err read_needs(Expansion *expansion, SweepTask *task, const cJSON *needs, const Bindings *bindings) {
    const cJSON *need;
    cJSON_ArrayForEach(need, needs) {
        if (!cJSON_IsString(need))
            return RAISE(ERR_USAGE, "%s: %s: needs: a list of task names was expected", expansion->path, task->name);
        char *pattern;
        TRY(template_fill(&pattern, need->valuestring, bindings, expansion->path));
        int matches = 0;
        Err err = ERR_NONE;
        for (int i = 0; i < expansion->plan->n_tasks - 1 && !err; i++) { /* the last is the task itself */
            if (fnmatch(pattern, expansion->plan->tasks[i].name, 0)) continue;
            err = add_need(expansion->plan, task, i);
            matches++;
        }
        if (!err && matches == 0)
            err = RAISE(ERR_USAGE, "%s: %s needs \"%s\", which no earlier task is called", expansion->path, task->name,
                        pattern);
        free(pattern);
        TRY(err);
    }
    return ERR_NONE;
}

static Err read_arguments(Expansion *expansion, SweepTask *task, const cJSON *run, const Bindings *bindings) {
    int count = cJSON_GetArraySize(run);
    if (!cJSON_IsArray(run) || count == 0)
        return RAISE(ERR_USAGE, "%s: %s: run: a list [\"subcommand\", ...] was expected", expansion->path, task->name);
    task->arguments = calloc((size_t)count, sizeof *task->arguments);
    if (!task->arguments) return RAISE(ERR_MEMORY, "%s: no memory", task->name);
    const cJSON *argument;
    cJSON_ArrayForEach(argument, run) {
        char *text, *filled;
        TRY(value_text(&text, argument, task->name));
        Err err = template_fill(&filled, text, bindings, expansion->path);
        free(text);
        TRY(err);
        task->arguments[task->n_arguments++] = filled;
    }
    return ERR_NONE;
}

static Err read_count(int *count, const cJSON *template, const char *key, const Expansion *expansion) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(template, key);
    *count = 1;
    if (!value) return ERR_NONE;
    if (!cJSON_IsNumber(value) || value->valuedouble < 1 || value->valuedouble > 1e6)
        return RAISE(ERR_USAGE, "%s: %s: a whole number from 1 was expected", expansion->path, key);
    *count = value->valueint;
    return ERR_NONE;
}

static Err add_task(Expansion *expansion, const cJSON *template, const Bindings *bindings) {
    SweepPlan *plan = expansion->plan;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(template, "task");
    if (!cJSON_IsString(name)) return RAISE(ERR_USAGE, "%s: a task without a name (\"task\": ...)", expansion->path);
    if (plan->n_tasks == TASKS_MAX) return RAISE(ERR_USAGE, "%s: more than %d tasks", expansion->path, TASKS_MAX);
    SweepTask *grown = realloc(plan->tasks, (size_t)(plan->n_tasks + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "%s: no memory for %d tasks", expansion->path, plan->n_tasks + 1);
    plan->tasks = grown;
    SweepTask *task = &plan->tasks[plan->n_tasks];
    *task = (SweepTask){0};
    char *filled;
    TRY(template_fill(&filled, name->valuestring, bindings, expansion->path));
    Err err = text_copy(task->name, sizeof task->name, filled);
    free(filled);
    TRY(err);
    if (sweep_plan_find(plan, task->name) >= 0)
        return RAISE(ERR_USAGE, "%s: two tasks are called \"%s\"; put every axis into the name", expansion->path,
                     task->name);
    /* Needs look at earlier tasks only, so the count rises last. Until then sweep_plan_free would miss this task. */
    plan->n_tasks++;
    task->stage = strdup(name->valuestring);
    if (!task->stage) return RAISE(ERR_MEMORY, "%s: no memory", task->name);
    TRY(read_count(&task->ranks, template, "ranks", expansion));
    TRY(read_count(&task->threads, template, "threads", expansion));
    TRY(read_needs(expansion, task, cJSON_GetObjectItemCaseSensitive(template, "needs"), bindings));
    return read_arguments(expansion, task, cJSON_GetObjectItemCaseSensitive(template, "run"), bindings);
}

/* One task for each combination of the axes from `axis` on. */
static Err expand_axes(Expansion *expansion, const cJSON *template, const cJSON *axis, Bindings *bindings) {
    if (!axis) return add_task(expansion, template, bindings);
    if (!cJSON_IsArray(axis) || cJSON_GetArraySize(axis) == 0)
        return RAISE(ERR_USAGE, "%s: for.%s: a list of values was expected", expansion->path, axis->string);
    const cJSON *value;
    cJSON_ArrayForEach(value, axis) {
        char *text;
        TRY(value_text(&text, value, axis->string));
        Bindings inner = *bindings;
        Err err = bindings_set(&inner, axis->string, text);
        if (!err) err = expand_axes(expansion, template, axis->next, &inner);
        free(text);
        TRY(err);
    }
    return ERR_NONE;
}

static Err read_tasks(Expansion *expansion, const cJSON *root) {
    static const char *const keys[] = {"task", "for", "needs", "ranks", "threads", "run", NULL};
    const cJSON *templates = cJSON_GetObjectItemCaseSensitive(root, "tasks"), *template;
    if (!cJSON_IsArray(templates)) return RAISE(ERR_USAGE, "%s: tasks: a list was expected", expansion->path);
    cJSON_ArrayForEach(template, templates) {
        TRY(plan_file_check_keys(template, keys, expansion->path));
        const cJSON *axes = cJSON_GetObjectItemCaseSensitive(template, "for");
        if (axes && !cJSON_IsObject(axes))
            return RAISE(ERR_USAGE, "%s: for: an object of lists was expected", expansion->path);
        Bindings bindings = expansion->globals;
        TRY(expand_axes(expansion, template, axes ? axes->child : NULL, &bindings));
    }
    return ERR_NONE;
}

static Err read_root(Expansion *expansion, const cJSON *root, const char *const *vars, int n_vars) {
    SweepPlan *plan = expansion->plan;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(root, "name"),
                *help = cJSON_GetObjectItemCaseSensitive(root, "help");
    if (!cJSON_IsString(name)) return RAISE(ERR_USAGE, "%s: name: a text was expected", expansion->path);
    TRY(text_copy(plan->name, sizeof plan->name, name->valuestring));
    plan->help = strdup(cJSON_IsString(help) ? help->valuestring : "");
    if (!plan->help) return RAISE(ERR_MEMORY, "%s: no memory", expansion->path);
    TRY(read_vars(expansion, root));
    for (int i = 0; i < n_vars; i++) TRY(override_var(expansion, vars[i]));
    return read_tasks(expansion, root);
}

Err sweep_plan_read(SweepPlan *plan, const char *path, const char *out, const char *const *vars, int n_vars) {
    *plan = (SweepPlan){0};
    Err err = ERR_NONE;
    char found[PATH_SIZE];
    cJSON *root = NULL;
    TRY(config_find(found, sizeof found, "sweeps", path));
    Expansion expansion = {.plan = plan, .path = found};
    TRY_OR(done, text_copy(plan->out, sizeof plan->out, out));
    TRY_OR(done, plan_file_read(&root, found));
    TRY_OR(done, read_root(&expansion, root, vars, n_vars));
done:
    for (int i = 0; i < expansion.n_owned; i++) free(expansion.owned[i]);
    cJSON_Delete(root);
    if (err) sweep_plan_free(plan);
    return err;
}

void sweep_plan_free(SweepPlan *plan) {
    for (int i = 0; i < plan->n_tasks; i++) {
        SweepTask *task = &plan->tasks[i];
        for (int k = 0; k < task->n_arguments; k++) free(task->arguments[k]);
        free(task->arguments);
        free(task->needs);
        free(task->stage);
    }
    free(plan->tasks);
    free(plan->help);
    *plan = (SweepPlan){0};
}

int sweep_plan_find(const SweepPlan *plan, const char *name) {
    for (int i = 0; i < plan->n_tasks; i++)
        if (text_equal(plan->tasks[i].name, name)) return i;
    return -1;
}
