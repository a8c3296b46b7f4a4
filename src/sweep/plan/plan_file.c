/* Reading and laying over, with cJSON's nodes moved instead of copied: detached from one tree and added to the other,
 * so each is owned once at any time. */
#include "sweep/plan/internal/plan_file.h"

#include "base/config/json.h"
#include "base/text/text.h"

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
    TRY(json_read(root, path, SWEEP_FILE_MAX, ERR_USAGE));
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

static void replace_member(cJSON *base, cJSON *item) {
    cJSON_DeleteItemFromObjectCaseSensitive(base, item->string);
    cJSON_AddItemToObject(base, item->string, item);
}

/* Members of the object `key` that stand in both are taken from `root`. */
static void merge_object(cJSON *base, cJSON *root, const char *key) {
    cJSON *own = cJSON_GetObjectItemCaseSensitive(root, key), *under = cJSON_GetObjectItemCaseSensitive(base, key);
    if (!own) return;
    if (!under) under = cJSON_AddObjectToObject(base, key);
    while (under && own->child) replace_member(under, cJSON_DetachItemViaPointer(own, own->child));
}

/* Lays `root` over `base`: vars, lists and tasks that stand in both are taken from `root`; a task keeps its place in
 * `base`. */
static void merge_over(cJSON *base, cJSON *root) {
    const char *const plain[] = {"name", "help", "out", "only"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(root, plain[i]);
        if (item) replace_member(base, item);
    }
    merge_object(base, root, "vars");
    merge_object(base, root, "lists");
    cJSON *own = cJSON_GetObjectItemCaseSensitive(root, "tasks"),
          *tasks = cJSON_GetObjectItemCaseSensitive(base, "tasks");
    while (own && own->child) {
        cJSON *item = cJSON_DetachItemViaPointer(own, own->child);
        int place = template_place(tasks, template_name(item));
        if (place < cJSON_GetArraySize(tasks))
            cJSON_ReplaceItemInArray(tasks, place, item);
        else
            cJSON_AddItemToArray(tasks, item);
    }
}

Err plan_file_lay_over(cJSON **root, cJSON *base, const char *path, const char *base_path) {
    Err err = ERR_NONE;
    if (cJSON_GetObjectItemCaseSensitive(base, "extends"))
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
    if (!err) return plan_file_lay_over(root, base, path, base_path);
    cJSON_Delete(base);
    return err;
}

Err plan_file_check(const cJSON *root, const char *path) {
    static const char *const keys[] = {"name", "help", "extends", "out", "vars", "lists", "tasks", "only", NULL};
    const char *const objects[] = {"vars", "lists"};
    if (!cJSON_IsObject(root)) return RAISE(ERR_USAGE, "%s: not a JSON object", path);
    TRY(plan_file_check_keys(root, keys, path));
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, objects[i]);
        if (item && !cJSON_IsObject(item)) return RAISE(ERR_USAGE, "%s: %s: an object was expected", path, objects[i]);
    }
    return ERR_NONE;
}

Err plan_file_read(cJSON **root, const char *path) {
    TRY(parse_file(root, path));
    TRY(plan_file_check(*root, path));
    TRY(extend(root, path));
    return plan_file_check(*root, path);
}
