#include "sweep/plan_file.h"

#include "base/file.h"
#include "base/text.h"

#include <cjson/cJSON.h>

enum { SWEEP_FILE_MAX = 4 << 20 };

Err plan_file_check_keys(const cJSON *object, const char *const *keys, const char *path) {
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        bool known = false;
        for (const char *const *key = keys; *key; key++) known |= text_equal(*key, item->string);
        if (known) continue;
        const char *nearest = text_nearest(item->string, keys);
        return RAISE(ERR_USAGE, "%s: unknown key \"%s\"%s%s%s", path, item->string, nearest ? "; did you mean \"" : "",
                     nearest ? nearest : "", nearest ? "\"?" : "");
    }
    return ERR_NONE;
}

static Err parse_file(cJSON **root, const char *path) {
    char *text;
    size_t length;
    TRY(file_read(&text, &length, path, SWEEP_FILE_MAX));
    *root = cJSON_Parse(text);
    free(text);
    return cJSON_IsObject(*root) ? ERR_NONE : RAISE(ERR_USAGE, "%s: not a JSON object", path);
}

static const char *template_name(const cJSON *template) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(template, "task");
    return cJSON_IsString(name) ? name->valuestring : "";
}

/* Where `tasks` holds a task of this name, or its end. */
static int template_place(const cJSON *tasks, const char *name) {
    int place = 0;
    const cJSON *task;
    cJSON_ArrayForEach(task, tasks) {
        if (text_equal(template_name(task), name)) break;
        place++;
    }
    return place;
}

/* Lays `root` over `base`: names of vars and tasks that stand in both are taken from `root`, at their place in `base`.
 */
static void merge_over(cJSON *base, cJSON *root) {
    cJSON *tasks = cJSON_GetObjectItemCaseSensitive(base, "tasks"),
          *vars = cJSON_GetObjectItemCaseSensitive(base, "vars");
    const char *const plain[] = {"name", "help"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(root, plain[i]);
        if (!item) continue;
        cJSON_DeleteItemFromObjectCaseSensitive(base, plain[i]);
        cJSON_AddItemToObject(base, plain[i], item);
    }
    cJSON *own_vars = cJSON_GetObjectItemCaseSensitive(root, "vars");
    while (own_vars && own_vars->child) {
        cJSON *item = cJSON_DetachItemViaPointer(own_vars, own_vars->child);
        cJSON_DeleteItemFromObjectCaseSensitive(vars, item->string);
        cJSON_AddItemToObject(vars, item->string, item);
    }
    cJSON *own_tasks = cJSON_GetObjectItemCaseSensitive(root, "tasks");
    while (own_tasks && own_tasks->child) {
        cJSON *item = cJSON_DetachItemViaPointer(own_tasks, own_tasks->child);
        int place = template_place(tasks, template_name(item));
        if (place < cJSON_GetArraySize(tasks))
            cJSON_ReplaceItemInArray(tasks, place, item);
        else
            cJSON_AddItemToArray(tasks, item);
    }
}

/* A file may extend one other, named beside it; one level is enough to vary a sweep and keeps it readable. */
static Err extend(cJSON **root, const char *path) {
    const cJSON *extends = cJSON_GetObjectItemCaseSensitive(*root, "extends");
    if (!extends) return ERR_NONE;
    if (!cJSON_IsString(extends)) return RAISE(ERR_USAGE, "%s: extends: a file name was expected", path);
    char folder[PATH_SIZE], base_path[PATH_SIZE];
    TRY(path_parent(folder, sizeof folder, path));
    TRY(path_join(base_path, sizeof base_path, folder, extends->valuestring));
    cJSON *base = NULL;
    Err err = err_within(parse_file(&base, base_path), "%s: extends: ", path);
    if (!err && cJSON_GetObjectItemCaseSensitive(base, "extends"))
        err = RAISE(ERR_USAGE, "%s: extends %s, which itself extends; one level is allowed", path, base_path);
    if (!err && (!cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(base, "vars")) ||
                 !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(base, "tasks"))))
        err = RAISE(ERR_USAGE, "%s: extends %s, which has no vars or no tasks", path, base_path);
    if (err) {
        cJSON_Delete(base);
        return err;
    }
    merge_over(base, *root);
    cJSON_Delete(*root);
    *root = base;
    return ERR_NONE;
}

Err plan_file_read(cJSON **root, const char *path) {
    static const char *const keys[] = {"name", "help", "extends", "vars", "tasks", NULL};
    TRY(parse_file(root, path));
    TRY(plan_file_check_keys(*root, keys, path));
    return extend(root, path);
}
