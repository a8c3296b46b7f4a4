/* The manifest is a summary of its shards, so it is checked against itself on reading: shards tile the videos, and
 * the dataset's digest is made of theirs. Pixels are digested only when asked for (dataset_verify). */
#include "store/data/dataset.h"

#include "base/config/json.h"
#include "base/config/record.h"
#include "base/failure/fault.h"
#include "base/system/file.h"
#include "store/data/shard.h"

#define DATASET_SCHEMA "synvid.dataset"
enum { DATASET_VERSION = 1 };

Err dataset_shard_path(char *out, size_t size, const char *folder, int shard) {
    char name[32];
    TRY(text_format(name, sizeof name, "shard-%05d.h5", shard));
    return path_join(out, size, folder, name);
}

static Err manifest_path(char *out, size_t size, const char *folder) {
    return path_join(out, size, folder, "dataset.json");
}

/* In the order of the shards: exchanged ones are another dataset. */
static Err combine_digests(char out[DIGEST_SIZE], const Dataset *dataset) {
    Digest *digest;
    TRY(digest_new(&digest));
    for (int s = 0; s < dataset->n_shards; s++) digest_add_text(digest, dataset->shards[s].digest);
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

/* False: out of memory, as all functions that put. */
static bool put_shard(cJSON *list, const DatasetShard *shard) {
    cJSON *row = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, row) && record_put_text(row, "file", shard->file) &&
           record_put_int(row, "first_clip", shard->first_clip) && record_put_int(row, "clips", shard->n_clips) &&
           record_put_int(row, "frames", shard->n_frames) && record_put_text(row, "digest", shard->digest);
}

static bool put_lists(cJSON *tree, const Dataset *dataset) {
    cJSON *classes = cJSON_AddArrayToObject(tree, "classes");
    bool complete = classes != NULL;
    for (int k = 0; complete && k < dataset->n_classes; k++)
        complete = cJSON_AddItemToArray(classes, cJSON_CreateString(dataset->class_names[k]));
    cJSON *shards = cJSON_AddArrayToObject(tree, "shards");
    complete = complete && shards;
    for (int s = 0; complete && s < dataset->n_shards; s++) complete = put_shard(shards, &dataset->shards[s]);
    return complete;
}

static bool put_manifest(cJSON *tree, const Dataset *dataset) {
    return tree && record_put_text(tree, "kind", dataset->kind) && record_put_text(tree, "name", dataset->name) &&
           record_put_text(tree, "digest", dataset->digest) && record_put_seed(tree, "seed", dataset->seed) &&
           record_put_int(tree, "clips", dataset->n_clips) && record_put_int(tree, "frames", dataset->n_frames) &&
           record_put_int(tree, "height", dataset->height) && record_put_int(tree, "width", dataset->width) &&
           record_put_json(tree, "config", dataset->config_text) &&
           record_put_json(tree, "provenance", dataset->provenance) && put_lists(tree, dataset);
}

Err dataset_write(Dataset *dataset, const char *folder) {
    char path[PATH_SIZE];
    TRY(manifest_path(path, sizeof path, folder));
    TRY(combine_digests(dataset->digest, dataset));
    if (fault_hit("dataset.manifest")) return RAISE(ERR_IO, "%s: injected fault", path);
    cJSON *tree = record_new(DATASET_SCHEMA, DATASET_VERSION);
    return record_write(&tree, put_manifest(tree, dataset), path);
}

/* A size of 0 x 0 stands for videos of their own sizes (encoded shards); one side alone cannot be 0. */
static Err read_counts(Dataset *dataset, Record record) {
    int64_t height, width;
    TRY(record_text(dataset->kind, sizeof dataset->kind, record, "kind"));
    TRY(record_text(dataset->name, sizeof dataset->name, record, "name"));
    TRY(record_text(dataset->digest, sizeof dataset->digest, record, "digest"));
    TRY(record_seed(&dataset->seed, record, "seed"));
    TRY(record_int(&dataset->n_clips, record, "clips", 1, INT64_C(1) << 50));
    TRY(record_int(&dataset->n_frames, record, "frames", 1, INT64_C(1) << 50));
    TRY(record_int(&height, record, "height", 0, 1 << 16));
    TRY(record_int(&width, record, "width", 0, 1 << 16));
    if (!height != !width)
        return RAISE(ERR_INPUT, "%s: frames of %lld x %lld: outside 1 to 65536, or 0 x 0 for videos of their own sizes",
                     record.origin, (long long)width, (long long)height);
    dataset->height = (int)height;
    dataset->width = (int)width;
    return ERR_NONE;
}

static Err read_classes(Dataset *dataset, Record record) {
    const cJSON *list, *entry;
    int n;
    TRY(record_texts(&list, &n, record, "classes"));
    dataset->class_names = calloc((size_t)n + 1, sizeof *dataset->class_names); /* n may be 0: no classes */
    if (!dataset->class_names) return RAISE(ERR_MEMORY, "%s: no memory for %d class names", record.origin, n);
    cJSON_ArrayForEach(entry, list) {
        char *name = strdup(entry->valuestring);
        if (!name) return RAISE(ERR_MEMORY, "%s: no memory for %d class names", record.origin, n);
        dataset->class_names[dataset->n_classes++] = name;
    }
    return ERR_NONE;
}

static Err read_shard(void *dataset_, Record row) {
    Dataset *dataset = dataset_;
    DatasetShard *shard = &dataset->shards[dataset->n_shards++];
    TRY(record_text(shard->file, sizeof shard->file, row, "file"));
    /* a manifest from elsewhere must not lead us to other files */
    if (strchr(shard->file, '/'))
        return RAISE(ERR_INPUT, "%s: shards: %s leads out of the folder", row.origin, shard->file);
    TRY(record_int(&shard->first_clip, row, "first_clip", 0, INT64_C(1) << 50));
    TRY(record_int(&shard->n_clips, row, "clips", 1, INT64_C(1) << 50));
    TRY(record_int(&shard->n_frames, row, "frames", 1, INT64_C(1) << 50));
    return record_text(shard->digest, sizeof shard->digest, row, "digest");
}

static Err read_shards(Dataset *dataset, Record record) {
    const cJSON *list;
    int n;
    TRY(record_list(&list, &n, record, "shards"));
    if (n < 1) return RAISE(ERR_INPUT, "%s: shards: the list is empty", record.origin);
    dataset->shards = calloc((size_t)n, sizeof *dataset->shards);
    if (!dataset->shards) return RAISE(ERR_MEMORY, "%s: no memory for %d shards", record.origin, n);
    return record_each(record, "shards", read_shard, dataset);
}

/* Shards must tile the videos, and the digest must be theirs: an edited manifest shows here. */
static Err check_sums(const Dataset *dataset, const char *path) {
    int64_t clips = 0, frames = 0;
    for (int s = 0; s < dataset->n_shards; s++) {
        if (dataset->shards[s].first_clip != clips)
            return RAISE(ERR_INPUT, "%s: %s: first_clip is %lld, expected %lld", path, dataset->shards[s].file,
                         (long long)dataset->shards[s].first_clip, (long long)clips);
        clips += dataset->shards[s].n_clips;
        frames += dataset->shards[s].n_frames;
    }
    char digest[DIGEST_SIZE];
    TRY(combine_digests(digest, dataset));
    if (clips != dataset->n_clips || frames != dataset->n_frames || !text_equal(digest, dataset->digest))
        return RAISE(ERR_INPUT, "%s: clips, frames or digest do not agree with the list of shards", path);
    return ERR_NONE;
}

/* A member as JSON text, or NULL when there is none. */
static Err read_json(char **text, const cJSON *tree, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key);
    return item ? json_print(text, item) : ERR_NONE;
}

static Err read_manifest(Dataset *dataset, const cJSON *tree, const char *path) {
    const Record record = {.object = tree, .origin = path};
    TRY(read_counts(dataset, record));
    TRY(read_classes(dataset, record));
    TRY(read_shards(dataset, record));
    TRY(read_json(&dataset->config_text, tree, "config"));
    TRY(read_json(&dataset->provenance, tree, "provenance"));
    return check_sums(dataset, path);
}

Err dataset_read(Dataset *dataset, const char *folder) {
    char path[PATH_SIZE];
    cJSON *tree;
    *dataset = (Dataset){0};
    if (!file_is_directory(folder)) return RAISE(ERR_INPUT, "%s: no such dataset folder", folder);
    TRY(manifest_path(path, sizeof path, folder));
    if (!file_exists(path))
        return RAISE(ERR_INPUT,
                     "%s: has no dataset.json; it is written last, so the dataset is not finished (or this is "
                     "another folder)",
                     folder);
    TRY(record_open(&tree, path, DATASET_SCHEMA, DATASET_VERSION));
    Err err = read_manifest(dataset, tree, path);
    cJSON_Delete(tree);
    if (err) dataset_free(dataset);
    return err;
}

void dataset_free(Dataset *dataset) {
    for (int k = 0; k < dataset->n_classes; k++) free(dataset->class_names[k]);
    free(dataset->class_names);
    free(dataset->config_text);
    free(dataset->provenance);
    free(dataset->shards);
    *dataset = (Dataset){0};
}

/* Reads all of it: the digest is of contents, so any storage of the same pixels has the same. */
static Err verify_shard(const DatasetShard *shard, const char *folder) {
    char path[PATH_SIZE], digest[DIGEST_SIZE];
    TRY(path_join(path, sizeof path, folder, shard->file));
    TRY(shard_digest(path, digest));
    if (text_equal(digest, shard->digest)) return ERR_NONE;
    return RAISE(ERR_INPUT, "%s: its contents have digest %s, dataset.json says %s", path, digest, shard->digest);
}

Err dataset_verify(const char *folder, char digest[DIGEST_SIZE]) {
    Dataset dataset;
    TRY(dataset_read(&dataset, folder));
    Err err = ERR_NONE;
    for (int s = 0; !err && s < dataset.n_shards; s++) err = verify_shard(&dataset.shards[s], folder);
    if (!err) err = text_copy(digest, DIGEST_SIZE, dataset.digest);
    dataset_free(&dataset);
    return err;
}
