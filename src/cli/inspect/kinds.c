/* Which settings a configuration has is told by its kind: asked for, by the folder it lies in, by the run it belongs
 * to, or by trying which kind accepts it. */
#include "cli/inspect/inspect.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/config/record.h"
#include "base/system/file.h"
#include "cli/stage/stage.h"
#include "eval/import/import.h"
#include "gen/variant/variant.h"
#include "nn/layers/model.h"

enum { RUN_BYTES_MAX = 1 << 24 };

int kinds_list(ConfigKind kinds[KINDS_MAX]) {
    static const ConfigKind shared[] = {
        {"variant", "variants", "a dataset of generated videos, for generate and pretrain", variant_fields, NULL},
        {"model", "models", "the size of a network; a part of pretrain, finetune and probe", model_fields, NULL},
        {"import", "import", "weights of another program as a run: their name and model", import_fields, NULL},
    };
    int n = 0;
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) kinds[n++] = shared[i];
    for (const Command *const *command = commands; *command && n < KINDS_MAX; command++) {
        const Stage *stage = (*command)->stage;
        if (!stage || !stage->fields) continue;
        const char *name = (*command)->help->name;
        kinds[n++] = (ConfigKind){name, stage->config_kind ? stage->config_kind : name, (*command)->help->summary,
                                  stage->fields, *command};
    }
    return n;
}

Err kind_find(ConfigKind *kind, const char *name) {
    ConfigKind kinds[KINDS_MAX];
    const char *names[KINDS_MAX + 1];
    int n = kinds_list(kinds);
    for (int i = 0; i < n; i++) {
        names[i] = kinds[i].name;
        if (!text_equal(kinds[i].name, name) && !text_equal(kinds[i].folder, name)) continue;
        *kind = kinds[i];
        return ERR_NONE;
    }
    names[n] = NULL;
    const char *nearest = text_nearest(name, names);
    return RAISE(ERR_USAGE, "no kind of configuration \"%.60s\"%s%s%s; `synvid config explain` lists them", name,
                 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* Reading a file against a table refuses unknown keys, so few tables take a file that is not theirs. */
static bool accepts(const ConfigKind *kind, const char *path) {
    char *text = NULL;
    Err err = config_resolve(&text, kind->fields, path, NULL, 0);
    free(text);
    return err == ERR_NONE;
}

/* A run's config.json stands beside run.json, which holds the command: "synvid probe --checkpoint ...". */
static bool kind_of_run(ConfigKind *kind, const char *folder) {
    char path[PATH_SIZE], word[NAME_SIZE] = "";
    cJSON *tree = NULL;
    if (path_join(path, sizeof path, folder, "run.json") || !file_exists(path)) return false;
    if (json_read(&tree, path, RUN_BYTES_MAX, ERR_INPUT)) return false;
    const cJSON *life = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(tree, "lives"), 0);
    /* the second word of the command line */
    const char *behind = strchr(record_text_or(life, "command", ""), ' ');
    if (behind) snprintf(word, sizeof word, "%.*s", (int)strcspn(behind + 1, " "), behind + 1);
    cJSON_Delete(tree);
    return word[0] && !kind_find(kind, word);
}

/* The kind whose folder the file is in, or in one below it: variants/release/NAME.json is a variant. */
static bool kind_of_place(ConfigKind *kind, const char *path, const ConfigKind *kinds, int n) {
    char folder[PATH_SIZE], above[PATH_SIZE];
    if (path_parent(folder, sizeof folder, path)) return false;
    for (int depth = 0; depth < 2; depth++) {
        for (int i = 0; i < n; i++) {
            if (!text_equal(path_base(folder), kinds[i].folder)) continue;
            *kind = kinds[i];
            return true;
        }
        if (path_parent(above, sizeof above, folder) || text_copy(folder, sizeof folder, above)) return false;
    }
    return false;
}

Err kind_of_file(ConfigKind *kind, const char *path, const char *asked) {
    if (asked) return kind_find(kind, asked);
    ConfigKind kinds[KINDS_MAX];
    int n = kinds_list(kinds), accepting = 0;
    char parent[PATH_SIZE];
    TRY(path_parent(parent, sizeof parent, path));
    if (kind_of_place(kind, path, kinds, n)) return ERR_NONE;
    if (kind_of_run(kind, parent)) return ERR_NONE;
    for (int i = 0; i < n; i++) {
        if (!accepts(&kinds[i], path)) continue;
        *kind = kinds[i];
        accepting++;
    }
    if (accepting == 1) return ERR_NONE;
    return RAISE(ERR_USAGE, "%s: %s kind of configuration fits; say which with --kind", path,
                 accepting ? "more than one" : "no");
}

Err kind_find_config(char *out, size_t size, const char *asked, const char *name) {
    ConfigKind kinds[KINDS_MAX];
    if (asked) {
        TRY(kind_find(&kinds[0], asked));
        return config_find(out, size, kinds[0].folder, name);
    }
    int n = kinds_list(kinds);
    /* a path, or a name with its folder; a bare name is looked for in the folder of each kind */
    if (!config_find(out, size, NULL, name)) return ERR_NONE;
    for (int i = 0; i < n; i++)
        if (!config_find(out, size, kinds[i].folder, name)) return ERR_NONE;
    return config_find(out, size, NULL, name); /* for its message, which looks everywhere */
}
