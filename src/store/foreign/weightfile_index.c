/* store/foreign/weightfile: the index of a model in several files, as transformers writes it: JSON, {"weight_map":
 * {TENSOR: FILE}}, beside files of any other kind. Every tensor must be in the file that the index names, and nothing
 * else in any. */
#include "base/config/json.h"
#include "base/text/text.h"
#include "store/foreign/internal/weightfile_formats.h"

#include <cjson/cJSON.h>

enum { SHARDS_MAX = 1000, KIND_SIZE = 96, INDEX_BYTES_MAX = 1 << 26 };

typedef struct {
    int shard, entry; /* where a tensor is */
} Place;

typedef struct {
    char names[SHARDS_MAX][NAME_SIZE];
    WeightFile *files[SHARDS_MAX];
    int n_shards;
    Place *places; /* of every tensor, by the entry's `place` */
    int n_places;
    char kind[KIND_SIZE];
} Index;

/* Safetensors begin with a length, and no other kind with a brace. */
static bool recognizes(const unsigned char *data, size_t length) {
    static const char key[] = "\"weight_map\"";
    return length > sizeof key && data[0] == '{' && memmem(data, length, key, sizeof key - 1) != NULL;
}

/* A file beside the index, and nowhere else: the index may come from a stranger. */
static Err check_name(const char *name, const WeightFile *file) {
    bool beside = *name && !strchr(name, '/') && !text_equal(name, ".") && !text_equal(name, "..");
    if (!beside) return RAISE(ERR_INPUT, "%s: \"%.200s\" is no name of a file beside it", file->name, name);
    if (strlen(name) < NAME_SIZE) return ERR_NONE;
    return RAISE(ERR_INPUT, "%s: a file's name of %zu characters: %.60s...", file->name, strlen(name), name);
}

static Err open_shard(Index *index, const char *name, const WeightFile *file) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    TRY(check_name(name, file));
    if (index->n_shards == SHARDS_MAX) return RAISE(ERR_INPUT, "%s: more than %d files", file->name, SHARDS_MAX);
    TRY(path_parent(folder, sizeof folder, file->name));
    TRY(path_join(path, sizeof path, folder, name));
    TRY(err_within(weightfile_open_shard(&index->files[index->n_shards], path), "%s: ", file->name));
    return text_copy(index->names[index->n_shards++], NAME_SIZE, name);
}

/* Files come in a row as a rule, so the last one is looked at first. */
static Err find_shard(int *shard, Index *index, const char *name, const WeightFile *file) {
    for (*shard = index->n_shards - 1; *shard >= 0; --*shard)
        if (text_equal(index->names[*shard], name)) return ERR_NONE;
    TRY(open_shard(index, name, file));
    *shard = index->n_shards - 1;
    return ERR_NONE;
}

static Err add_tensor(WeightFile *file, const cJSON *item) {
    Index *index = file->state;
    Place place;
    if (!cJSON_IsString(item))
        return RAISE(ERR_INPUT, "%s: weight_map: %.200s: the name of a file was expected", file->name, item->string);
    TRY(find_shard(&place.shard, index, item->valuestring, file));
    place.entry = weightfile_find(index->files[place.shard], item->string);
    if (place.entry < 0)
        return RAISE(ERR_INPUT, "%s: the tensor %.200s is not in %s, where the index says", file->name, item->string,
                     item->valuestring);
    WeightEntry entry = *weightfile_entry(index->files[place.shard], place.entry);
    entry.place = index->n_places;
    index->places[index->n_places++] = place;
    return weightfile_add(file, &entry);
}

/* A tensor that stands in the index twice has taken the place of another. */
static Err check_unlisted(const Index *index, const WeightFile *file) {
    for (int s = 0; s < index->n_shards; s++) {
        int count = weightfile_count(index->files[s]);
        bool *listed = calloc((size_t)count + 1, sizeof *listed);
        if (!listed) return RAISE(ERR_MEMORY, "%s: no memory for a list of tensors", file->name);
        for (int i = 0; i < index->n_places; i++)
            if (index->places[i].shard == s) listed[index->places[i].entry] = true;
        int unlisted = 0;
        while (unlisted < count && listed[unlisted]) unlisted++;
        free(listed);
        if (unlisted < count)
            return RAISE(ERR_INPUT, "%s: %s holds the tensor %s, which the index does not list there", file->name,
                         index->names[s], weightfile_entry(index->files[s], unlisted)->name);
    }
    return ERR_NONE;
}

static Err add_tensors(WeightFile *file, const cJSON *map) {
    Index *index = file->state;
    int count = cJSON_GetArraySize(map);
    if (!cJSON_IsObject(map) || count == 0 || count > WEIGHT_TENSORS_MAX)
        return RAISE(ERR_INPUT, "%s: weight_map: an object of 1 to %d tensors was expected", file->name,
                     WEIGHT_TENSORS_MAX);
    index->places = calloc((size_t)count, sizeof *index->places);
    if (!index->places) return RAISE(ERR_MEMORY, "%s: no memory for %d tensors", file->name, count);
    const cJSON *item;
    cJSON_ArrayForEach(item, map) TRY(add_tensor(file, item));
    TRY(check_unlisted(index, file));
    return text_format(index->kind, sizeof index->kind, "%d file%s of %s", index->n_shards,
                       index->n_shards == 1 ? "" : "s", weightfile_kind(index->files[0]));
}

static Err list(WeightFile *file) {
    cJSON *root = NULL;
    if (!file->is_path) return RAISE(ERR_INPUT, "%s: an index can only be read beside its files", file->name);
    file->state = calloc(1, sizeof(Index));
    if (!file->state) return RAISE(ERR_MEMORY, "%s: no memory to open it", file->name);
    TRY(json_read(&root, file->name, INDEX_BYTES_MAX, ERR_INPUT));
    Err err = add_tensors(file, cJSON_GetObjectItemCaseSensitive(root, "weight_map"));
    cJSON_Delete(root);
    return err;
}

/* The file that holds the tensor brings its bytes. */
static Err storage(const unsigned char **bytes, void **owned, WeightFile *file, const WeightEntry *entry) {
    const Index *index = file->state;
    Place place = index->places[entry->place];
    WeightFile *shard = index->files[place.shard];
    return shard->format->storage(bytes, owned, shard, weightfile_entry(shard, place.entry));
}

static void close_index(WeightFile *file) {
    Index *index = file->state;
    for (int s = 0; index && s < SHARDS_MAX; s++) weightfile_close(&index->files[s]);
    if (index) free(index->places);
    free(index);
}

static const char *kind(const WeightFile *file) {
    return ((const Index *)file->state)->kind;
}

const WeightFormat weightfile_index = {
    .recognizes = recognizes, .list = list, .storage = storage, .close = close_index, .kind = kind};
