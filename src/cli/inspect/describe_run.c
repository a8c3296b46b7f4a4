/* cli/inspect/describe - what a run leaves: its configuration, how far it came, its checkpoints. */
#include "base/config/json.h"
#include "base/system/file.h"
#include "cli/inspect/inspect.h"
#include "cli/inspect/internal/describe_parts.h"

#include <cjson/cJSON.h>

enum { LINES_BYTES_MAX = 1 << 28 };

/* ---- configurations ---- */

Err describe_config(Builder *out, const char *path) {
    ConfigKind kind;
    TRY(kind_of_file(&kind, path, NULL));
    describe_head(out, path, "configuration of %s", kind.name);
    TRY(explain_changes(out, &kind, path));
    describe_next(out, NULL, "synvid config show", path, "");
    return ERR_NONE;
}

/* ---- curves ---- */

/* Behind the last line end but one; a file without lines gives its beginning. */
static const char *last_line(const char *text, size_t length) {
    const char *at = text + length;
    while (at > text && at[-1] == '\n') at--;
    while (at > text && at[-1] != '\n') at--;
    return at;
}

static void add_point(Builder *out, const char *name, const cJSON *point) {
    Builder values = {0};
    const cJSON *item;
    cJSON_ArrayForEach(item, point) {
        if (cJSON_IsNumber(item))
            builder_add(&values, "%s%s %.6g", values.length ? ", " : "", item->string, item->valuedouble);
    }
    if (values.data) describe_fact(out, name, "%s", values.data);
    builder_free(&values);
}

static Err add_line_point(Builder *out, const char *name, const char *line, const char *path) {
    cJSON *point = NULL;
    /* the parser wants a text that ends */
    char *copy = strndup(line, strcspn(line, "\n"));
    if (!copy) return RAISE(ERR_MEMORY, "%s: no memory for a line", path);
    Err err = json_parse(&point, copy, strlen(copy), path, ERR_INPUT);
    if (!err) add_point(out, name, point);
    cJSON_Delete(point);
    free(copy);
    return err;
}

static Err add_curve_facts(Builder *out, const char *text, size_t length, const char *path) {
    long long points = 0;
    for (size_t i = 0; i < length; i++) points += text[i] == '\n';
    describe_fact(out, "points", "%lld", points);
    if (!points) return ERR_NONE;
    if (points > 1) TRY(add_line_point(out, "first", text, path));
    return add_line_point(out, "last", last_line(text, length), path);
}

Err describe_curves(Builder *out, const char *path) {
    char *text = NULL;
    size_t length = 0;
    TRY(file_read(&text, &length, path, LINES_BYTES_MAX));
    describe_head(out, path, "curves, one JSON object a line");
    Err err = add_curve_facts(out, text, length, path);
    free(text);
    return err;
}

/* ---- run.json ---- */

Err describe_lives(Builder *out, const char *path) {
    cJSON *tree = NULL;
    TRY(json_read(&tree, path, LINES_BYTES_MAX, ERR_INPUT));
    const cJSON *lives = cJSON_GetObjectItemCaseSensitive(tree, "lives"), *item;
    int n = cJSON_GetArraySize(lives);
    describe_head(out, path, "started %d %s; the last time:", n, n == 1 ? "time" : "times");
    cJSON_ArrayForEach(item, cJSON_GetArrayItem(lives, n - 1)) {
        if (cJSON_IsString(item)) describe_fact(out, item->string, "%.1000s", item->valuestring);
        if (cJSON_IsNumber(item)) describe_fact(out, item->string, "%g", item->valuedouble);
    }
    cJSON_Delete(tree);
    return ERR_NONE;
}

/* ---- the folder ---- */

static bool find_in(char *out, size_t size, const char *folder, const char *name) {
    return !path_join(out, size, folder, name) && file_exists(out);
}

static Err add_checkpoints(Builder *out, const char *folder) {
    char path[PATH_SIZE], size[32];
    FileList list;
    int count = 0;
    if (!find_in(path, sizeof path, folder, "ckpt")) return ERR_NONE;
    TRY(file_list_walk(&list, path));
    for (size_t i = 0; i < list.count; i++) {
        char file[PATH_SIZE];
        if (!text_ends(list.paths[i], ".h5") || path_join(file, sizeof file, path, list.paths[i])) continue;
        describe_fact(out, count++ ? "" : "checkpoints", "%s, %s", list.paths[i],
                      text_bytes(size, sizeof size, (double)file_size(file)));
    }
    file_list_free(&list);
    return ERR_NONE;
}

/* A part of a run folder that is there, with a blank line in front. */
static Err add_part(Builder *out, const char *folder, const char *name,
                    Err (*describe)(Builder *out, const char *path)) {
    char path[PATH_SIZE];
    if (!find_in(path, sizeof path, folder, name)) return ERR_NONE;
    builder_add_text(out, "\n");
    return describe(out, path);
}

Err describe_run(Builder *out, const char *folder) {
    char result[PATH_SIZE];
    bool finished = find_in(result, sizeof result, folder, "result.json");
    describe_head(out, folder, "a run, %s", finished ? "finished" : "not finished: the same command goes on");
    TRY(add_checkpoints(out, folder));
    TRY(add_part(out, folder, "run.json", describe_lives));
    TRY(add_part(out, folder, "result.json", describe_result));
    TRY(add_part(out, folder, "curves.jsonl", describe_curves));
    return add_part(out, folder, "config.json", describe_config);
}
