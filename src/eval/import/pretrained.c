/* Encoder weights by name, from a run folder, a checkpoint or a foreign file. Both models are compared setting by
 * setting first, since tensors of another model may have the same number of values. */
#include "eval/import/pretrained.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "store/checkpoint/checkpoint.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>

enum { DIGEST_DIGITS = 10 };

/* ---- finding ---- */

/* "<stem>-0123456789". */
static bool is_run_of(const char *name, const char *stem) {
    size_t length = strlen(stem);
    return text_starts(name, stem) && name[length] == '-' &&
           strspn(name + length + 1, "0123456789abcdef") == DIGEST_DIGITS && name[length + 1 + DIGEST_DIGITS] == '\0';
}

/* Leaves the last match in `out`; the caller looks at how many there were. */
static Err search(char *out, size_t size, const char *parent, const char *stem, int *n_found) {
    DIR *folder = opendir(parent);
    Err err = folder || errno != ENOMEM ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory to list it", parent);
    *n_found = 0;
    for (struct dirent *entry; folder && !err && (entry = readdir(folder));) {
        if (!is_run_of(entry->d_name, stem)) continue;
        ++*n_found;
        err = path_join(out, size, parent, entry->d_name);
    }
    if (folder) closedir(folder);
    return err;
}

CHECKED Err pretrained_find(char *out, size_t size, const char *checkpoint) {
    if (file_exists(checkpoint) || file_is_directory(checkpoint)) return text_copy(out, size, checkpoint);
    char parent[PATH_SIZE];
    int n_found;
    TRY(path_parent(parent, sizeof(parent), checkpoint));
    TRY(search(out, size, parent, path_base(checkpoint), &n_found));
    if (n_found == 1) return ERR_NONE;
    return RAISE(ERR_INPUT, "checkpoint: %s: %s run folder of that name; give its full name, or a checkpoint file",
                 checkpoint, n_found ? "more than one" : "no such file, and no");
}

/* ---- agreement of the models ---- */

static const char *text_at(const cJSON *tree, const char *group, const char *key) {
    const cJSON *from = group ? cJSON_GetObjectItemCaseSensitive(tree, group) : tree;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

/* A run folder is called after its dataset (whatever folder that was in) and a digest, which is cut off; false for
 * anything else. */
static bool name_of_run(char *name, size_t size, const char *path) {
    const char *base = path_base(path);
    size_t length = strlen(base), ending = DIGEST_DIGITS + 1;
    if (!file_is_directory(path) || length <= ending || length - ending >= size) return false;
    memcpy(name, base, length - ending);
    name[length - ending] = '\0';
    return is_run_of(base, name);
}

/* As pre-training called itself, or else its data. */
static Err read_name(Pretrained *source, const cJSON *config) {
    const char *name = text_at(config, NULL, "name");
    if (!*name) name = path_base(text_at(config, "data", "variant"));
    if (!*name && name_of_run(source->name, sizeof(source->name), source->path)) return ERR_NONE;
    if (!*name) name = path_base(text_at(config, "data", "dataset"));
    return text_copy(source->name, sizeof(source->name), *name ? name : "unnamed");
}

static Err check_encoder(const ModelConfig *mine, const ModelConfig *theirs, const char *path) {
    const struct {
        const char *key;
        int mine, theirs;
    } sizes[] = {
        {"image_size", mine->image_size, theirs->image_size},
        {"n_frames", mine->n_frames, theirs->n_frames},
        {"patch_size", mine->patch_size, theirs->patch_size},
        {"tubelet_size", mine->tubelet_size, theirs->tubelet_size},
        {"width", mine->width, theirs->width},
        {"depth", mine->depth, theirs->depth},
        {"heads", mine->heads, theirs->heads},
        {"mlp_ratio", mine->mlp_ratio, theirs->mlp_ratio},
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (sizes[i].mine != sizes[i].theirs)
            return RAISE(ERR_USAGE, "model.%s: %d, but %s was trained with %d; use the same model", sizes[i].key,
                         sizes[i].mine, path, sizes[i].theirs);
    return ERR_NONE;
}

/* A foreign file has no settings of ours: only its tensors' sizes are compared then. */
static Err read_config(Pretrained *source, const ModelConfig *model, const WeightSet *weights) {
    if (!weights->config_text || !*weights->config_text)
        return text_copy(source->name, sizeof(source->name), path_base(source->path));
    cJSON *config = NULL;
    ModelConfig theirs;
    fields_default(&theirs, model_fields);
    TRY(json_parse(&config, weights->config_text, strlen(weights->config_text), source->path, ERR_INPUT));
    const cJSON *group = cJSON_GetObjectItemCaseSensitive(config, "model");
    Err err = read_name(source, config);
    if (!err && group) err = fields_read(&theirs, model_fields, group, "model");
    if (!err && group) err = check_encoder(model, &theirs, source->path);
    cJSON_Delete(config);
    return err;
}

/* ---- copying ---- */

/* What the classifier adds to the encoder. */
static bool starts_fresh(const Param *row) {
    return text_starts(row->name, "fc_norm.") || text_starts(row->name, "head.");
}

static Err copy_row(float *flat, const Param *row, const WeightSet *weights, const char *path) {
    char name[TENSOR_NAME_SIZE + 8];
    TRY(text_format(name, sizeof(name), "encoder.%s", row->name));
    const Tensor *tensor = weights_find(weights, name);
    if (!tensor) tensor = weights_find(weights, row->name); /* a classifier's checkpoint */
    if (!tensor) return RAISE(ERR_INPUT, "%s: no tensor %s", path, name);
    if (tensor_count(tensor) != row->count)
        return RAISE(ERR_INPUT, "%s: %s has %zu values, the model expects %zu", path, name, tensor_count(tensor),
                     row->count);
    memcpy(flat + row->offset, tensor->data, row->count * sizeof(float));
    return ERR_NONE;
}

CHECKED Err pretrained_load(float *flat, Pretrained *source, const ParamTable *table, const ModelConfig *model,
                            const char *checkpoint) {
    WeightSet weights = {0};
    *source = (Pretrained){0};
    TRY(pretrained_find(source->path, sizeof(source->path), checkpoint));
    TRY(weights_read(&weights, source->path));
    source->step = weights.step;
    memcpy(source->digest, weights.digest, sizeof(source->digest));
    Err err = read_config(source, model, &weights);
    for (int i = 0; i < table->n_rows && !err; i++)
        if (!starts_fresh(&table->rows[i])) err = copy_row(flat, &table->rows[i], &weights, source->path);
    weights_free(&weights);
    return err;
}
