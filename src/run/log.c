#include "run/log.h"

#include "base/config/record.h"
#include "base/system/file.h"

#include <time.h>

#define RUN_SCHEMA "synvid.run"
enum { RUN_VERSION = 1 };

static void utc_now(char *out, size_t size) {
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static bool set_text(cJSON *object, const char *key, const char *text) {
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    return record_put_text(object, key, text);
}

static bool is_running(const cJSON *life) {
    const cJSON *exit = cJSON_GetObjectItemCaseSensitive(life, "exit");
    return cJSON_IsString(exit) && strcmp(exit->valuestring, "running") == 0;
}

/* The log so far; a missing or unreadable one starts anew: nothing else depends on it. */
static cJSON *open_log(const char *path) {
    cJSON *tree = NULL;
    if (file_exists(path) && !record_open(&tree, path, RUN_SCHEMA, RUN_VERSION) &&
        cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(tree, "lives")))
        return tree;
    cJSON_Delete(tree);
    tree = record_new(RUN_SCHEMA, RUN_VERSION);
    if (tree && cJSON_AddArrayToObject(tree, "lives")) return tree;
    cJSON_Delete(tree);
    return NULL;
}

static bool add_life(cJSON *lives, const Run *run, const char *hosts) {
    char now[32];
    utc_now(now, sizeof now);
    cJSON *life = cJSON_CreateObject(), *before;
    bool complete = true;
    cJSON_ArrayForEach(before, lives) {
        if (is_running(before)) complete = complete && set_text(before, "exit", "ended without a word");
    }
    return cJSON_AddItemToArray(lives, life) && complete && record_put_text(life, "began", now) &&
           record_put_text(life, "exit", "running") && record_put_text(life, "hosts", hosts) &&
           record_put_int(life, "ranks", run->par.n_ranks) && record_put_int(life, "threads", run->par.threads) &&
           record_put_text(life, "version", SYNVID_VERSION) &&
           record_put_text(life, "command", run->command ? run->command : "");
}

Err runlog_begin(const char *path, const Run *run, const char *hosts) {
    cJSON *tree = open_log(path);
    bool complete = tree && add_life(cJSON_GetObjectItemCaseSensitive(tree, "lives"), run, hosts);
    return record_write(&tree, complete, path);
}

Err runlog_end(const char *path, const char *exit_reason) {
    char now[32];
    utc_now(now, sizeof now);
    cJSON *tree = open_log(path), *life;
    bool complete = tree != NULL;
    cJSON_ArrayForEach(life, cJSON_GetObjectItemCaseSensitive(tree, "lives")) {
        if (is_running(life))
            complete = complete && set_text(life, "exit", exit_reason) && record_put_text(life, "ended", now);
    }
    return record_write(&tree, complete, path);
}
