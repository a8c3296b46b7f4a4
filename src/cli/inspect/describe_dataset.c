/* cli/inspect/describe - datasets: counts, lengths, classes, where real media came from. */
#include "base/system/file.h"
#include "cli/inspect/internal/describe_parts.h"
#include "gen/dataset/sources.h"
#include "store/data/dataset.h"
#include "store/hdf5/describe.h"

#include <cjson/cJSON.h>
#include <limits.h>

/* ---- what its videos are like ---- */

typedef struct {
    int shortest, longest;
    int64_t *per_class;
    int64_t unlabelled;
} Census;

/* Tables of the shards tell; no frame is read. */
static Err count_videos(Census *census, const ClipSource *source) {
    census->shortest = INT_MAX;
    for (int64_t i = 0; i < source->count; i++) {
        VideoInfo info;
        TRY(clip_source_info(source, 0, i, &info));
        if (info.n_frames < census->shortest) census->shortest = info.n_frames;
        if (info.n_frames > census->longest) census->longest = info.n_frames;
        if (info.label >= 0 && info.label < source->n_classes)
            census->per_class[info.label]++;
        else
            census->unlabelled++;
    }
    return ERR_NONE;
}

static void add_classes(Builder *out, const Dataset *dataset, const Census *census) {
    Builder classes = {0};
    for (int k = 0; k < dataset->n_classes; k++)
        builder_add(&classes, "%s%s (%lld)", k ? ", " : "", dataset->class_names[k], (long long)census->per_class[k]);
    if (census->unlabelled) builder_add(&classes, ", none (%lld)", (long long)census->unlabelled);
    if (dataset->n_classes) describe_fact(out, "classes", "%d: %s", dataset->n_classes, classes.data);
    builder_free(&classes);
}

static Err add_census(Builder *out, const Dataset *dataset, const char *folder) {
    ClipSource *source = NULL;
    TRY(dataset_source_open(&source, folder));
    Census census = {.per_class = calloc((size_t)dataset->n_classes + 1, sizeof *census.per_class)};
    Err err = census.per_class ? count_videos(&census, source) : RAISE(ERR_MEMORY, "%s: no memory", folder);
    if (!err && census.shortest == census.longest) describe_fact(out, "length", "%d frames each", census.shortest);
    if (!err && census.shortest != census.longest)
        describe_fact(out, "length", "%d to %d frames", census.shortest, census.longest);
    if (!err) add_classes(out, dataset, &census);
    free(census.per_class);
    clip_source_close(&source);
    return err;
}

/* ---- what is on disk ---- */

static Err add_shards(Builder *out, const Dataset *dataset, const char *folder) {
    double bytes = 0;
    char text[32], first[PATH_SIZE], *storage = NULL;
    for (int s = 0; s < dataset->n_shards; s++) {
        char path[PATH_SIZE];
        TRY(path_join(path, sizeof path, folder, dataset->shards[s].file));
        int64_t size = file_size(path);
        if (size < 0) return RAISE(ERR_INPUT, "%s: dataset.json lists %s, which is not there", folder, path);
        bytes += (double)size;
    }
    TRY(path_join(first, sizeof first, folder, dataset->shards[0].file));
    /* all shards of a dataset have one storage */
    TRY(h5_root_text(&storage, first, "storage"));
    describe_fact(out, "shards", "%d, %s, %s", dataset->n_shards, storage ? storage : "?",
                  text_bytes(text, sizeof text, bytes));
    free(storage);
    return ERR_NONE;
}

static void add_plain_members(Builder *out, const char *prefix, const cJSON *tree) {
    const cJSON *item;
    cJSON_ArrayForEach(item, tree) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "  %s%s", prefix, item->string);
        if (cJSON_IsString(item)) describe_fact(out, name, "%.300s", item->valuestring);
        if (cJSON_IsNumber(item)) describe_fact(out, name, "%g", item->valuedouble);
        char counted[NAME_SIZE]; /* "files_used" tells the length of "used" */
        snprintf(counted, sizeof counted, "files_%s", item->string);
        if (cJSON_IsArray(item) && !cJSON_GetObjectItemCaseSensitive(tree, counted))
            describe_fact(out, name, "%d", cJSON_GetArraySize(item));
    }
}

/* The plain members of the provenance and of its official list; other lists (files read, files skipped) as counts. */
static void add_provenance(Builder *out, const char *text) {
    cJSON *tree = text ? cJSON_Parse(text) : NULL;
    if (cJSON_GetArraySize(tree)) builder_add_text(out, "  made from\n");
    add_plain_members(out, "", tree);
    add_plain_members(out, "list ", cJSON_GetObjectItemCaseSensitive(tree, "list"));
    cJSON_Delete(tree);
}

static Err add_facts(Builder *out, const Dataset *dataset, const char *folder) {
    char clips[32], frames[32], size[64] = "each video's own size";
    if (dataset->height) (void)snprintf(size, sizeof size, "%d x %d", dataset->width, dataset->height);
    describe_fact(out, "videos", "%s, %s frames of %s", text_count(clips, sizeof clips, dataset->n_clips),
                  text_count(frames, sizeof frames, dataset->n_frames), size);
    TRY(add_census(out, dataset, folder));
    TRY(add_shards(out, dataset, folder));
    describe_fact(out, "seed", "%llu", (unsigned long long)dataset->seed);
    describe_fact(out, "digest", "%s", dataset->digest);
    add_provenance(out, dataset->provenance);
    return ERR_NONE;
}

Err describe_dataset(Builder *out, const char *folder) {
    Dataset dataset;
    TRY(dataset_read(&dataset, folder));
    describe_head(out, folder, "dataset %s (%s)", dataset.name, dataset.kind);
    Err err = add_facts(out, &dataset, folder);
    if (!err) {
        describe_next(out, "a contact sheet", "synvid inspect", folder, " --sheet sheet.png");
        describe_next(out, "the settings that made it", "synvid inspect", folder, " --config");
        describe_next(out, "are its bytes those of the digest?", "synvid verify", folder, "");
    }
    dataset_free(&dataset);
    return err;
}
