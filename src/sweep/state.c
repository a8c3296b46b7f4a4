#include "sweep/state.h"

#include "base/config.h"
#include "base/file.h"

#include <cjson/cJSON.h>

enum { RECORD_MAX = 1 << 20, EXTENDS_MAX = 32 };

const char *task_state_name(TaskState state) {
    static const char *const names[] = {"to do", "changed", "finished", "failed", "stopped"};
    return names[state];
}

Err sweep_state_path(char *out, size_t size, const SweepPlan *plan, int task, const char *extension) {
    return text_format(out, size, "%s/sweep/%s.%s", plan->out, plan->tasks[task].name, extension);
}

/* The text of a config file and of everything it extends. A file that is not there counts by name: the task itself will
 * say what is wrong with it. */
static Err add_config_chain(Digest *digest, const char *kind, const char *name, int depth) {
    char path[PATH_SIZE], folder[PATH_SIZE], parent[PATH_SIZE], *text;
    size_t length;
    digest_add_text(digest, name);
    if (depth == EXTENDS_MAX || config_find(path, sizeof path, kind, name) ||
        file_read(&text, &length, path, RECORD_MAX))
        return ERR_NONE;
    digest_add(digest, text, length);
    cJSON *root = cJSON_Parse(text);
    free(text);
    const cJSON *extends = cJSON_GetObjectItemCaseSensitive(root, "extends");
    Err err = ERR_NONE;
    if (cJSON_IsString(extends)) {
        err = path_parent(folder, sizeof folder, path);
        if (!err) err = path_join(parent, sizeof parent, folder, extends->valuestring);
        if (!err) err = add_config_chain(digest, kind, file_exists(parent) ? parent : extends->valuestring, depth + 1);
    }
    cJSON_Delete(root);
    return err;
}

/* Which argument names a config file, and of which kind. */
static Err add_argument(Digest *digest, const SweepTask *task, int i) {
    const char *argument = task->arguments[i], *before = i > 0 ? task->arguments[i - 1] : "";
    digest_add_text(digest, argument);
    if (text_equal(before, "--config")) return add_config_chain(digest, task->arguments[0], argument, 0);
    if (text_equal(before, "--variant")) return add_config_chain(digest, "variants", argument, 0);
    return ERR_NONE;
}

static Err task_key(char key[DIGEST_SIZE], const SweepPlan *plan, int number, const TaskRecord *records) {
    const SweepTask *task = &plan->tasks[number];
    Digest *digest;
    TRY(digest_new(&digest));
    Err err = ERR_NONE;
    for (int i = 0; i < task->n_arguments && !err; i++) err = add_argument(digest, task, i);
    for (int i = 0; i < task->n_needs; i++) digest_add_text(digest, records[task->needs[i]].key);
    digest_hex(digest, key);
    digest_free(&digest);
    return err;
}

static void copy_json_text(char *out, size_t size, const cJSON *root, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
    snprintf(out, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

static double json_number(const cJSON *root, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static Err read_record(TaskRecord *record, const SweepPlan *plan, int task) {
    char path[PATH_SIZE], key[DIGEST_SIZE], state[32], *text;
    size_t length;
    TRY(sweep_state_path(path, sizeof path, plan, task, "json"));
    record->state = TASK_MISSING;
    if (!file_exists(path)) return ERR_NONE;
    TRY(file_read(&text, &length, path, RECORD_MAX));
    cJSON *root = cJSON_Parse(text);
    free(text);
    if (!root) return ERR_NONE; /* not ours: do the task again and overwrite */
    copy_json_text(key, sizeof key, root, "key");
    copy_json_text(state, sizeof state, root, "state");
    copy_json_text(record->made, sizeof record->made, root, "made");
    copy_json_text(record->message, sizeof record->message, root, "message");
    record->exit_code = (int)json_number(root, "exit_code");
    record->seconds = json_number(root, "seconds");
    cJSON_Delete(root);
    for (TaskState s = TASK_MISSING; s <= TASK_STOPPED; s++)
        if (text_equal(state, task_state_name(s))) record->state = s;
    bool gone = record->state == TASK_FINISHED && record->made[0] && !file_exists(record->made);
    if (gone || !text_equal(key, record->key)) record->state = TASK_CHANGED;
    return ERR_NONE;
}

Err sweep_state_read(TaskRecord *records, const SweepPlan *plan) {
    for (int i = 0; i < plan->n_tasks; i++) {
        records[i] = (TaskRecord){0};
        TRY(task_key(records[i].key, plan, i, records));
        TRY(read_record(&records[i], plan, i));
    }
    return ERR_NONE;
}

Err sweep_state_write(const TaskRecord *record, const SweepPlan *plan, int task) {
    char path[PATH_SIZE];
    TRY(sweep_state_path(path, sizeof path, plan, task, "json"));
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "schema", "synvid.sweep_task");
    cJSON_AddNumberToObject(root, "schema_version", 1);
    cJSON_AddStringToObject(root, "task", plan->tasks[task].name);
    cJSON_AddStringToObject(root, "key", record->key);
    cJSON_AddStringToObject(root, "state", task_state_name(record->state));
    cJSON_AddNumberToObject(root, "exit_code", record->exit_code);
    cJSON_AddNumberToObject(root, "seconds", record->seconds);
    cJSON_AddStringToObject(root, "made", record->made);
    cJSON_AddStringToObject(root, "message", record->message);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text) return RAISE(ERR_MEMORY, "%s: no memory", path);
    Err err = file_write_whole(path, text, strlen(text));
    free(text);
    return err;
}
