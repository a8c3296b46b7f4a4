/* The key of a task digests what decides its outcome: arguments, texts of configurations with all they extend,
 * contents of outside files, and the keys of what it needs. The place of the output does not count. Keys are chained,
 * so a change anywhere shows in everything after it. */
#include "sweep/task/internal/key.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/system/walk.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <unistd.h>

enum { CONFIG_MAX = 1 << 20, MARKER_MAX = 64 << 20, DEPTH_MAX = 32, SAMPLE = 64 << 10 };

/* ---- contents ---- */

static Err add_listing(Digest *digest, const char *folder) {
    Walk walk;
    TRY(walk_folder(&walk, folder));
    for (size_t i = 0; i < walk.files.count; i++) {
        char path[PATH_SIZE];
        const char *name = walk.files.paths[i];
        if (text_ends(name, ".partial") || path_join(path, sizeof path, folder, name)) continue;
        int64_t size = file_size(path);
        digest_add_text(digest, name);
        digest_add(digest, &size, sizeof size);
    }
    walk_free(&walk);
    return ERR_NONE;
}

static Err add_whole_file(Digest *digest, const char *path) {
    char *data;
    size_t length;
    TRY(file_read(&data, &length, path, MARKER_MAX));
    digest_add(digest, data, length);
    free(data);
    return ERR_NONE;
}

static Err add_folder(Digest *digest, const char *folder) {
    static const char *const markers[] = {"result.json", "index.html", "dataset.json"};
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
        char path[PATH_SIZE];
        TRY(path_join(path, sizeof path, folder, markers[i]));
        if (!file_exists(path)) continue;
        TRY(add_whole_file(digest, path));
        /* a manifest has digests of shards, but not whether they are there */
        return i < 2 ? ERR_NONE : add_listing(digest, folder);
    }
    return add_listing(digest, folder);
}

/* Pools may be larger than memory: their beginning and end, where HDF5 keeps its structure, stand for them. */
static Err add_file(Digest *digest, const char *path) {
    char sample[SAMPLE];
    int64_t size = file_size(path);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return RAISE(ERR_IO, "%s: cannot open", path);
    digest_add(digest, &size, sizeof size);
    for (int end = 0; end < 2; end++) {
        ssize_t length = pread(file, sample, sizeof sample, end && size > SAMPLE ? size - SAMPLE : 0);
        if (length > 0) digest_add(digest, sample, (size_t)length);
    }
    close(file);
    return ERR_NONE;
}

Err content_digest(char out[DIGEST_SIZE], const char *path) {
    out[0] = 0;
    if (!path[0] || !file_exists(path)) return ERR_NONE;
    Digest *digest;
    TRY(digest_new(&digest));
    Err err = file_is_directory(path) ? add_folder(digest, path) : add_file(digest, path);
    if (!err) digest_hex(digest, out);
    digest_free(&digest);
    return err;
}

/* ---- configurations ---- */

static void add_config(Digest *digest, const char *kind, const char *name, int depth);

/* Files that a configuration names: what it extends, and groups of settings that are files of their own. */
static void add_named_configs(Digest *digest, const char *folder, const cJSON *tree, int depth) {
    const cJSON *item;
    cJSON_ArrayForEach(item, tree) {
        if (cJSON_IsObject(item)) add_named_configs(digest, folder, item, depth);
        bool extends = item->string && text_equal(item->string, "extends");
        /* any text with a slash may name a file; one that does not is digested with its tree anyway */
        if (!cJSON_IsString(item) || !(extends || strchr(item->valuestring, '/'))) continue;
        char beside[PATH_SIZE];
        bool is_beside = !path_join(beside, sizeof beside, folder, item->valuestring) && file_exists(beside);
        add_config(digest, "", is_beside ? beside : item->valuestring, depth + 1);
    }
}

/* The text of a config file and of everything it names. One that is not there counts by name: the task itself will say
 * what is wrong with it. */
static void add_config(Digest *digest, const char *kind, const char *name, int depth) {
    char path[PATH_SIZE], folder[PATH_SIZE], *text;
    size_t length;
    digest_add_text(digest, name);
    if (depth == DEPTH_MAX || config_find(path, sizeof path, kind, name) || file_read(&text, &length, path, CONFIG_MAX))
        return;
    digest_add(digest, text, length);
    cJSON *tree;
    Err err = json_parse(&tree, text, length, path, ERR_USAGE);
    free(text);
    if (err) return; /* that, too, the task itself will say */
    if (!path_parent(folder, sizeof folder, path)) add_named_configs(digest, folder, tree, depth);
    cJSON_Delete(tree);
}

/* ---- outside inputs ---- */

static bool is_outside_input(const SweepPlan *plan, const char *path) {
    size_t length = strlen(plan->out);
    bool ours = text_starts(path, plan->out) && (path[length] == '/' || path[length] == 0);
    return strchr(path, '/') && !ours && file_exists(path);
}

/* An argument may list paths between commas, and may be key=value. */
static Err add_outside_inputs(Digest *digest, const SweepPlan *plan, const char *argument) {
    const char *equals = strchr(argument, '=');
    for (const char *at = equals ? equals + 1 : argument; *at;) {
        char path[PATH_SIZE], content[DIGEST_SIZE];
        size_t length = strcspn(at, ",");
        if (length < sizeof path) {
            memcpy(path, at, length);
            path[length] = 0;
            if (is_outside_input(plan, path)) {
                TRY(content_digest(content, path));
                digest_add_text(digest, content);
            }
        }
        at += length + (at[length] == ',');
    }
    return ERR_NONE;
}

/* ---- the key ---- */

static Err add_argument(Digest *digest, const SweepPlan *plan, const SweepTask *task, int i) {
    const char *argument = task->arguments[i], *before = i > 0 ? task->arguments[i - 1] : "";
    const char *equals = strchr(argument, '=');
    digest_add_text(digest, argument);
    if (text_equal(before, "--out")) return ERR_NONE;
    if (text_equal(before, "--config")) add_config(digest, task->arguments[0], argument, 0);
    if (text_equal(before, "--variant")) add_config(digest, "variants", argument, 0);
    if (text_equal(before, "--set") && equals && strchr(equals, '/')) add_config(digest, "", equals + 1, 0);
    return add_outside_inputs(digest, plan, argument);
}

Err task_key(char key[DIGEST_SIZE], const SweepPlan *plan, int number, const char (*keys)[DIGEST_SIZE]) {
    const SweepTask *task = &plan->tasks[number];
    Digest *digest;
    TRY(digest_new(&digest));
    Err err = ERR_NONE;
    for (int i = 0; i < task->n_arguments && !err; i++) err = add_argument(digest, plan, task, i);
    for (int i = 0; i < task->n_needs; i++) digest_add_text(digest, keys[task->needs[i]]);
    digest_hex(digest, key);
    digest_free(&digest);
    return err;
}
