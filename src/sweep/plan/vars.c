/* OUT/sweep/sweep.vars, by sweep: what was given with --var holds until it is given anew, so that status, run and
 * slurm speak of the same tasks. */
#include "sweep/plan/vars.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/system/log.h"

#include <cjson/cJSON.h>

enum { VARS_BYTES_MAX = 1 << 20 };

/* ---- the file ---- */

static Err vars_path(char *out, size_t size, const char *folder) {
    return text_format(out, size, "%s/sweep/sweep.vars", folder);
}

/* *root: the caller's, NULL when nothing is remembered. */
static Err read_file(cJSON **root, const char *folder) {
    char path[PATH_SIZE];
    *root = NULL;
    TRY(vars_path(path, sizeof path, folder));
    if (!file_exists(path)) return ERR_NONE;
    TRY(json_read(root, path, VARS_BYTES_MAX, ERR_INPUT));
    if (cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(*root, "sweeps"))) return ERR_NONE;
    cJSON_Delete(*root);
    *root = NULL;
    return RAISE(ERR_INPUT, "%s: damaged: holds no variables; remove it and give them with --var again", path);
}

static Err write_file(const cJSON *root, const char *folder) {
    char path[PATH_SIZE], *text = NULL;
    TRY(vars_path(path, sizeof path, folder));
    TRY(json_print(&text, root));
    Err err = file_write_whole(path, text, strlen(text));
    free(text);
    return err;
}

static cJSON *of_sweep(const cJSON *root, const char *sweep) {
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "sweeps"), sweep);
}

/* ---- putting together ---- */

static size_t name_length(const char *assignment) {
    return strcspn(assignment, "=");
}

static bool is_of(const char *assignment, const char *name) {
    return strlen(name) == name_length(assignment) && !strncmp(assignment, name, strlen(name));
}

static Err add(SweepPlan *plan, const char *name, int length, const char *value) {
    char *text = NULL;
    char **grown = realloc(plan->vars, (size_t)(plan->n_vars + 1) * sizeof *grown);
    if (grown) plan->vars = grown;
    if (!grown || asprintf(&text, "%.*s=%s", length, name, value) < 0)
        return RAISE(ERR_MEMORY, "no memory for variables");
    plan->vars[plan->n_vars++] = text;
    return ERR_NONE;
}

static Err check_given(const char *const *given, int n_given) {
    for (int i = 0; i < n_given; i++) {
        if (!strchr(given[i], '=')) return RAISE(ERR_USAGE, "--var %s: NAME=VALUE was expected", given[i]);
        for (int k = 0; k < i; k++)
            if (name_length(given[k]) == name_length(given[i]) && !strncmp(given[k], given[i], name_length(given[i])) &&
                !text_equal(given[k], given[i]))
                return RAISE(ERR_USAGE, "--var %s and --var %s: a variable has one value", given[k], given[i]);
    }
    return ERR_NONE;
}

static bool is_known(const char *name, const char *const *known) {
    for (; *known; known++)
        if (text_equal(*known, name)) return true;
    return false;
}

/* One that is remembered: used as it is, or given anew. */
static Err take_remembered(SweepPlan *plan, Builder *used, const cJSON *item, const char *const *given, int n_given) {
    for (int i = 0; i < n_given; i++) {
        if (!is_of(given[i], item->string)) continue;
        const char *value = strchr(given[i], '=') + 1;
        if (!text_equal(value, item->valuestring))
            log_info("sweep %s: %s is %s now, it was run with %s: what depends on it has changed", plan->name,
                     item->string, value, item->valuestring);
        return ERR_NONE;
    }
    builder_add(used, "%s%s=%s", used->length ? ", " : "", item->string, item->valuestring);
    return add(plan, item->string, (int)strlen(item->string), item->valuestring);
}

static Err take_all(SweepPlan *plan, const cJSON *remembered, const char *const *known, const char *const *given,
                    int n_given) {
    Builder used = {0};
    Err err = ERR_NONE;
    const cJSON *item;
    cJSON_ArrayForEach(item, remembered) if (!err && cJSON_IsString(item) && is_known(item->string, known))
        err = take_remembered(plan, &used, item, given, n_given);
    if (!err && used.data && !used.failed)
        log_info("sweep %s: as it was run before, with %s (--var gives others)", plan->name, used.data);
    builder_free(&used);
    return err;
}

Err vars_collect(SweepPlan *plan, const char *const *known, const char *const *given, int n_given) {
    cJSON *root = NULL;
    TRY(check_given(given, n_given));
    TRY(read_file(&root, plan->out));
    Err err = take_all(plan, of_sweep(root, plan->name), known, given, n_given);
    cJSON_Delete(root);
    for (int i = 0; i < n_given && !err; i++)
        err = add(plan, given[i], (int)name_length(given[i]), strchr(given[i], '=') + 1);
    return err;
}

/* ---- remembering ---- */

static Err lay_over(cJSON *root, const SweepPlan *plan, bool *changed) {
    cJSON *sweeps = cJSON_GetObjectItemCaseSensitive(root, "sweeps"), *vars = of_sweep(root, plan->name);
    if (!vars) vars = cJSON_AddObjectToObject(sweeps, plan->name);
    for (int i = 0; vars && i < plan->n_vars; i++) {
        char name[NAME_SIZE];
        const char *value = strchr(plan->vars[i], '=') + 1;
        TRY(text_format(name, sizeof name, "%.*s", (int)name_length(plan->vars[i]), plan->vars[i]));
        const cJSON *before = cJSON_GetObjectItemCaseSensitive(vars, name);
        if (cJSON_IsString(before) && text_equal(before->valuestring, value)) continue;
        cJSON *now = cJSON_CreateString(value);
        bool done = now && (before ? cJSON_ReplaceItemInObjectCaseSensitive(vars, name, now)
                                   : cJSON_AddItemToObject(vars, name, now));
        if (!done) return RAISE(ERR_MEMORY, "no memory for variables");
        *changed = true;
    }
    return vars ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for variables");
}

static cJSON *new_root(void) {
    cJSON *root = cJSON_CreateObject();
    if (cJSON_AddStringToObject(root, "schema", "synvid.sweep_vars") &&
        cJSON_AddNumberToObject(root, "schema_version", 1) && cJSON_AddObjectToObject(root, "sweeps"))
        return root;
    cJSON_Delete(root);
    return NULL;
}

Err vars_remember(const SweepPlan *plan) {
    char folder[PATH_SIZE];
    cJSON *root = NULL;
    bool changed = false;
    if (plan->n_vars == 0) return ERR_NONE;
    TRY(read_file(&root, plan->out));
    if (!root) root = new_root();
    Err err = root ? lay_over(root, plan, &changed) : RAISE(ERR_MEMORY, "no memory for variables");
    if (!err && changed) err = path_join(folder, sizeof folder, plan->out, "sweep");
    if (!err && changed) err = folder_make(folder);
    if (!err && changed) err = write_file(root, plan->out);
    cJSON_Delete(root);
    return err;
}

Err vars_forget(const SweepPlan *plan) {
    cJSON *root = NULL;
    TRY(read_file(&root, plan->out));
    if (!of_sweep(root, plan->name)) {
        cJSON_Delete(root);
        return ERR_NONE;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "sweeps"), plan->name);
    Err err = write_file(root, plan->out);
    cJSON_Delete(root);
    return err;
}
