/* Anything on disk in words: a headline, facts in two columns, and the commands that come next. A kind of thing is a
 * function; describe_thing chooses by what path_entry found. */
#include "cli/inspect/inspect.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/system/walk.h"
#include "cli/inspect/internal/describe_parts.h"
#include "run/result.h"
#include "store/checkpoint/checkpoint.h"
#include "store/foreign/weightfile.h"
#include "store/hdf5/describe.h"
#include "video/media/decode.h"

#include <cjson/cJSON.h>
#include <math.h>

/* ---- checkpoints: step, sizes, tensors ---- */

static Err add_tensors(Builder *out, const WeightSet *weights) {
    TensorRow *rows = calloc((size_t)weights->n_tensors + 1, sizeof *rows);
    /* int64_t, as tensors of other programs have them */
    int64_t(*dims)[TENSOR_DIMS] = calloc((size_t)weights->n_tensors + 1, sizeof *dims);
    Err err = rows && dims ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for %d names", weights->n_tensors);
    for (int t = 0; !err && t < weights->n_tensors; t++) {
        const Tensor *tensor = &weights->tensors[t];
        for (int d = 0; d < tensor->n_dims; d++) dims[t][d] = tensor->dims[d];
        rows[t] = (TensorRow){.name = tensor->name, .dims = dims[t], .n_dims = tensor->n_dims};
    }
    if (!err) err = describe_tensors(out, rows, weights->n_tensors);
    free(rows);
    free(dims);
    return err;
}

static void add_facts(Builder *out, const WeightSet *weights, const char *path) {
    char parameters[32], size[32];
    int64_t total = 0;
    for (int t = 0; t < weights->n_tensors; t++) total += (int64_t)tensor_count(&weights->tensors[t]);
    describe_fact(out, "step", "%lld", (long long)weights->step);
    describe_fact(out, "seed", "%llu", (unsigned long long)weights->seed);
    describe_fact(out, "parameters", "%s in %d tensors", text_count(parameters, sizeof parameters, total),
                  weights->n_tensors);
    bool moments = file_size(path) > 8 * total; /* 12 bytes a parameter rather than 4 */
    describe_fact(out, "size", "%s, %s the optimizer's moments", text_bytes(size, sizeof size, (double)file_size(path)),
                  moments ? "with" : "without");
    describe_fact(out, "digest", "%s (of the parameters)", weights->digest);
}

static Err describe_checkpoint(Builder *out, const char *path) {
    WeightSet weights;
    TRY(weights_read(&weights, path));
    describe_head(out, path, "checkpoint, model and optimizer after a step (HDF5)");
    add_facts(out, &weights, path);
    Err err = add_tensors(out, &weights);
    describe_next(out, "the settings of its run", "synvid inspect", path, " --config");
    describe_next(out, NULL, "synvid verify", path, "");
    weights_free(&weights);
    return err;
}

/* ---- results: what was measured, with its interval, and under which protocol ---- */

static void add_metric(Builder *out, const ResultMetric *metric) {
    builder_add(out, "  %-22s %9.5g", metric->name, metric->value);
    if (metric->unit[0]) builder_add(out, " %s", metric->unit);
    if (isfinite(metric->low) && isfinite(metric->high))
        builder_add(out, "  [%.4g, %.4g] %s", metric->low, metric->high, metric->interval);
    if (metric->count > 1) builder_add(out, "  of %lld", (long long)metric->count);
    builder_add_text(out, "\n");
}

Err describe_result(Builder *out, const char *path) {
    Result result;
    TRY(result_read(&result, path));
    describe_head(out, path, "result of %s", result.task);
    if (result.dataset[0]) describe_fact(out, "dataset", "%s", result.dataset);
    if (result.pretraining[0]) describe_fact(out, "pre-training", "%s", result.pretraining);
    if (result.model[0]) describe_fact(out, "model", "%s", result.model);
    describe_fact(out, "seed", "%llu", (unsigned long long)result.seed);
    builder_add_text(out, "\n");
    for (int i = 0; i < result.n_metrics; i++) add_metric(out, &result.metrics[i]);
    builder_add_text(out, "\n");
    describe_fact(out, "protocol", "%s%s", result.protocol,
                  result_is_official(&result) ? "" : ": not comparable with the paper");
    for (int i = 0; i < result.n_deviations; i++) describe_fact(out, i ? "" : "deviations", "%s", result.deviations[i]);
    for (int i = 0; i < result.n_inputs; i++)
        describe_fact(out, result.inputs[i].role, "%s (%s)", result.inputs[i].path, result.inputs[i].digest);
    return ERR_NONE;
}

enum { JSON_BYTES_MAX = 1 << 28, TEXT_BYTES_MAX = 1 << 28 };

/* ---- HDF5 ---- */

typedef struct {
    const char *schema, *what, *next, *after; /* next: the command before the path, and what is behind it */
} Known;

static const Known known_hdf5[] = {
    {"synvid.shard", "videos of a dataset", "synvid inspect", " --sheet sheet.png"},
    {"synvid.pool", "still images of one size", "synvid inspect", " --sheet sheet.png"},
    {"synvid.features", "features that a probe keeps", "synvid verify", ""},
    {NULL, NULL, NULL, NULL},
};

/* Photographs in a pool may have kept their own sizes. */
static const char *what_of(const Known *known, const char *path) {
    char *fit = NULL;
    bool pool = text_equal(known->schema, "synvid.pool");
    bool kept = pool && !h5_root_text(&fit, path, "fit") && fit && text_equal(fit, "keep");
    free(fit);
    return kept ? "still images, each of its own size" : known->what;
}

static Err describe_hdf5(Builder *out, const PathEntry *thing) {
    if (text_equal(thing->schema, "synvid.checkpoint")) return describe_checkpoint(out, thing->path);
    /* files of ours that need no more than their arrays and the next command */
    const Known *known = known_hdf5;
    /* ends on the row without a schema: another program's file, or one of ours with nothing more to say */
    while (known->schema && !text_equal(known->schema, thing->schema)) known++;
    if (known->schema)
        describe_head(out, thing->path, "%s (HDF5, %s)", what_of(known, thing->path), thing->schema);
    else
        describe_head(out, thing->path, "an HDF5 file%s%s", thing->schema[0] ? ", " : " of another program",
                      thing->schema);
    TRY(h5_describe(out, thing->path));
    if (known->schema) describe_next(out, NULL, known->next, thing->path, known->after);
    return ERR_NONE;
}

/* ---- JSON ---- */

static void add_scalar_fact(Builder *out, const cJSON *item) {
    char number[32];
    if (cJSON_IsString(item)) describe_fact(out, item->string, "%.200s", item->valuestring);
    if (cJSON_IsNumber(item))
        describe_fact(out, item->string, "%s", json_number(number, sizeof number, item->valuedouble));
    if (cJSON_IsBool(item)) describe_fact(out, item->string, "%s", cJSON_IsTrue(item) ? "true" : "false");
    if (cJSON_IsArray(item)) describe_fact(out, item->string, "a list of %d", cJSON_GetArraySize(item));
    if (cJSON_IsObject(item)) describe_fact(out, item->string, "an object of %d members", cJSON_GetArraySize(item));
}

static Err describe_members(Builder *out, const char *path) {
    cJSON *tree = NULL;
    TRY(json_read(&tree, path, JSON_BYTES_MAX, ERR_INPUT));
    const cJSON *item;
    if (cJSON_IsObject(tree)) {
        cJSON_ArrayForEach(item, tree) add_scalar_fact(out, item);
    } else {
        add_scalar_fact(out, tree);
    }
    cJSON_Delete(tree);
    return ERR_NONE;
}

static Err describe_json(Builder *out, const PathEntry *thing) {
    if (text_equal(thing->schema, "synvid.result")) return describe_result(out, thing->path);
    if (text_equal(thing->schema, "synvid.run")) return describe_lives(out, thing->path);
    /* JSON without a schema is a configuration, if any kind accepts it */
    if (!thing->schema[0] && !describe_config(out, thing->path)) return ERR_NONE;
    describe_head(out, thing->path, "JSON%s%s", thing->schema[0] ? ", " : "", thing->schema);
    return describe_members(out, thing->path);
}

/* ---- text and media ---- */

static Err describe_text(Builder *out, const char *path) {
    char *data = NULL, size[32];
    size_t length = 0;
    int64_t lines = 0;
    TRY(file_read(&data, &length, path, TEXT_BYTES_MAX));
    for (size_t i = 0; i < length; i++) lines += data[i] == '\n';
    describe_head(out, path, "text");
    describe_fact(out, "size", "%s, %lld lines", text_bytes(size, sizeof size, (double)length), (long long)lines);
    describe_fact(out, "begins", "%.*s", (int)(strcspn(data, "\n") < 160 ? strcspn(data, "\n") : 160), data);
    free(data);
    return ERR_NONE;
}

static Err describe_media(Builder *out, const char *path) {
    DecodeInfo info;
    char size[32];
    /* whatever is left is tried as media, so the message speaks of both */
    Err err = decode_probe(&info, path);
    if (err == ERR_INPUT)
        return RAISE(ERR_INPUT, "%s: neither a file of ours nor a video or image that opens (%.300s)", path,
                     err_message());
    TRY(err);
    describe_head(out, path, "%s", info.still ? "an image" : "a video");
    describe_fact(out, "frames", "%d of %d x %d", info.n_frames, info.width, info.height);
    describe_fact(out, "format", "%s, codec %s", info.format, info.codec);
    describe_fact(out, "size", "%s", text_bytes(size, sizeof size, (double)file_size(path)));
    if (info.n_damaged) describe_fact(out, "damage", "%d packets do not decode", info.n_damaged);
    if (!info.still) describe_next(out, NULL, "synvid inspect", path, " --sheet sheet.png");
    return ERR_NONE;
}

/* ---- folders ---- */

static Err describe_npy(Builder *out, const char *path) {
    float *rows = NULL;
    size_t count = 0;
    int dims = 0;
    TRY(npy_read(&rows, &count, &dims, path));
    describe_head(out, path, "cached features, for NumPy");
    describe_fact(out, "rows", "%zu of %d values, float32", count, dims);
    free(rows);
    return ERR_NONE;
}

/* TensorBoard's own format: a copy of curves.jsonl for its viewer. */
static void describe_events(Builder *out, const char *path) {
    char folder[PATH_SIZE];
    describe_head(out, path, "curves for TensorBoard, a copy of curves.jsonl");
    if (!path_parent(folder, sizeof folder, path)) describe_next(out, NULL, "tensorboard --logdir", folder, "");
}

/* Extensions by count, for folders that are nothing of ours. */
typedef struct {
    char extension[16];
    size_t files;
} Tally;

enum { TALLIES = 12 };

/* The twelve kinds of file that come first; more would be no summary. */
static void tally(Tally tallies[TALLIES], const char *path) {
    const char *extension = path_extension(path);
    for (int i = 0; i < TALLIES; i++) {
        if (tallies[i].files && strncmp(tallies[i].extension, extension, sizeof tallies[i].extension - 1)) continue;
        if (!tallies[i].files++) snprintf(tallies[i].extension, sizeof tallies[i].extension, "%s", extension);
        return;
    }
}

static Err describe_folder(Builder *out, const char *folder) {
    FileList list;
    Tally tallies[TALLIES] = {0};
    TRY(walk_files(&list, folder));
    describe_head(out, folder, "a folder of %zu files", list.count);
    for (size_t i = 0; i < list.count; i++) {
        const char *base = path_base(list.paths[i]);
        bool dataset = text_equal(base, "dataset.json");
        tally(tallies, list.paths[i]);
        if (!dataset && !text_equal(base, "result.json")) continue;
        int length = base > list.paths[i] ? (int)(base - list.paths[i]) - 1 : 0;
        describe_fact(out, dataset ? "dataset" : "run", "%s/%.*s", folder, length, list.paths[i]);
    }
    for (int i = 0; i < TALLIES && tallies[i].files; i++)
        describe_fact(out, tallies[i].extension[0] ? tallies[i].extension : "(none)", "%zu %s", tallies[i].files,
                      tallies[i].files == 1 ? "file" : "files");
    char page[PATH_SIZE];
    if (!path_join(page, sizeof page, folder, "index.html") && file_exists(page))
        describe_next(out, "in a browser", "open", page, "");
    file_list_free(&list);
    return ERR_NONE;
}

Err describe_thing(Builder *out, const PathEntry *thing) {
    switch (thing->kind) {
    case PATH_DATASET: return describe_dataset(out, thing->path);
    case PATH_RUN: return describe_run(out, thing->path);
    case PATH_FOLDER: return describe_folder(out, thing->path);
    case PATH_HDF5: return describe_hdf5(out, thing);
    case PATH_JSON: return describe_json(out, thing);
    case PATH_LINES: return describe_curves(out, thing->path);
    case PATH_NPY: return describe_npy(out, thing->path);
    case PATH_WEIGHTS: return describe_weights(out, thing->path);
    case PATH_EVENTS: describe_events(out, thing->path); return ERR_NONE;
    case PATH_TEXT: return describe_text(out, thing->path);
    case PATH_MEDIA: return describe_media(out, thing->path);
    }
    return ERR_NONE;
}
