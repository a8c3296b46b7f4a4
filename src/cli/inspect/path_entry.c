/* What a path is, from little: the names in a folder, the first bytes of a file and its extension, and the schema that
 * JSON and HDF5 of ours carry. Contents are read by whoever describes them. */
#include "cli/inspect/inspect.h"

#include "base/config/json.h"
#include "base/config/record.h"
#include "base/system/file.h"
#include "store/hdf5/describe.h"

#include <errno.h>

enum { JSON_BYTES_MAX = 1 << 28 };

static bool has(const char *folder, const char *name) {
    char path[PATH_SIZE];
    return !path_join(path, sizeof path, folder, name) && file_exists(path);
}

static PathEntryKind folder_kind(const char *path) {
    /* plan.json alone: not finished, which reading it says. */
    if (has(path, "dataset.json") || has(path, "plan.json")) return PATH_DATASET;
    if (has(path, "config.json") && (has(path, "run.json") || has(path, "ckpt") || has(path, "result.json")))
        return PATH_RUN;
    return PATH_FOLDER;
}

static bool is_text(const char *extension) {
    static const char *const known[] = {"txt", "log",  "md",  "csv",  "tex", "html", "svg", "gp",   "dat", "sh",
                                        "py",  "yaml", "yml", "toml", "c",   "h",    "bib", "lock", "out", NULL};
    for (int i = 0; known[i]; i++)
        if (text_equal(known[i], extension)) return true;
    return false;
}

/* What weight files are called; which kind one is, its first bytes tell. */
static bool is_weights(const char *extension) {
    static const char *const known[] = {"safetensors", "pt", "pth", "ckpt", "bin", "npz", NULL};
    for (int i = 0; known[i]; i++)
        if (text_equal(extension, known[i])) return true;
    return false;
}

static Err starts_as_hdf5(bool *hdf5, const char *path) {
    char first[H5_SIGNATURE];
    FILE *file = fopen(path, "rb");
    if (!file) return RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    *hdf5 = h5_begins(first, fread(first, 1, sizeof first, file));
    fclose(file);
    return ERR_NONE;
}

static Err json_schema(PathEntry *thing) {
    cJSON *tree = NULL;
    TRY(json_read(&tree, thing->path, JSON_BYTES_MAX, ERR_INPUT));
    Err err = text_copy(thing->schema, sizeof thing->schema, record_text_or(tree, "schema", ""));
    cJSON_Delete(tree);
    /* the manifest stands for its folder */
    if (!err && text_equal(thing->schema, "synvid.dataset") && text_equal(path_base(thing->path), "dataset.json")) {
        char folder[PATH_SIZE];
        thing->kind = PATH_DATASET;
        TRY(path_parent(folder, sizeof folder, thing->path));
        return text_copy(thing->path, sizeof thing->path, folder);
    }
    return err;
}

/* First bytes go before the extension, since HDF5 files have many; what nothing tells is left to FFmpeg. */
static Err file_kind(PathEntry *thing) {
    const char *extension = path_extension(thing->path);
    if (text_equal(path_base(thing->path), ".lock")) extension = "lock";
    bool hdf5 = false;
    TRY(starts_as_hdf5(&hdf5, thing->path));
    thing->kind = hdf5 || text_equal(extension, "h5")            ? PATH_HDF5
                  : text_equal(extension, "json")                ? PATH_JSON
                  : text_equal(extension, "jsonl")               ? PATH_LINES
                  : strstr(path_base(thing->path), ".tfevents.") ? PATH_EVENTS
                  : text_equal(extension, "npy")                 ? PATH_NPY
                  : is_weights(extension)                        ? PATH_WEIGHTS
                  : is_text(extension)                           ? PATH_TEXT
                                                                 : PATH_MEDIA;
    if (thing->kind == PATH_JSON) return json_schema(thing);
    if (thing->kind != PATH_HDF5) return ERR_NONE;
    char *schema = NULL;
    TRY(h5_root_text(&schema, thing->path, "schema"));
    Err err = schema ? text_copy(thing->schema, sizeof thing->schema, schema) : ERR_NONE;
    free(schema);
    return err;
}

Err path_entry_of(PathEntry *thing, const char *path) {
    *thing = (PathEntry){0};
    TRY(text_copy(thing->path, sizeof thing->path, path));
    size_t length = strlen(thing->path);
    /* "data/set/" is shown and joined as "data/set" */
    while (length > 1 && thing->path[length - 1] == '/') thing->path[--length] = 0;
    if (!file_exists(thing->path)) return RAISE(ERR_INPUT, "%s: no such file or folder", path);
    if (!file_is_directory(thing->path)) return file_kind(thing);
    thing->kind = folder_kind(thing->path);
    return ERR_NONE;
}
