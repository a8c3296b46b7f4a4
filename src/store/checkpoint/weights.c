/* Weights by name, for one rank: what fine-tuning, analysis, export and inspect read of a checkpoint. */
#include "base/system/file.h"
#include "base/system/log.h"
#include "math/finite.h"
#include "store/checkpoint/checkpoint.h"
#include "store/checkpoint/internal/checkpoint_tensor.h"
#include "store/hdf5/describe.h"

#include <inttypes.h>

static Err read_shapes(WeightSet *weights, const H5File *file, char *const *names, int count) {
    weights->tensors = calloc((size_t)count, sizeof *weights->tensors);
    if (!weights->tensors) return RAISE(ERR_MEMORY, "%s: no memory for %d tensors", file->path, count);
    weights->n_tensors = count;
    for (int t = 0; t < count; t++) TRY(checkpoint_tensor(&weights->tensors[t], file, names[t]));
    return ERR_NONE;
}

/* One block for all tensors: freed at once. */
static Err make_room(WeightSet *weights, const H5File *file) {
    size_t total = 0;
    for (int t = 0; t < weights->n_tensors; t++) total += tensor_count(&weights->tensors[t]);
    weights->storage = malloc(total * sizeof(float));
    if (!weights->storage) return RAISE(ERR_MEMORY, "%s: no memory for %zu parameters", file->path, total);
    float *at = weights->storage;
    for (int t = 0; t < weights->n_tensors; t++) {
        weights->tensors[t].data = at;
        at += tensor_count(&weights->tensors[t]);
    }
    return ERR_NONE;
}

/* The digest is of values in memory: what was read is what was written. */
static Err read_values(const Tensor *tensor, const H5File *file) {
    char path[TENSOR_PATH_SIZE], *written, found[DIGEST_SIZE];
    void *values;
    H5Array array = checkpoint_array(path, PART_MODEL, tensor);
    TRY(h5_array_get(&values, &array, file));
    memcpy(tensor->data, values, tensor_count(tensor) * sizeof(float));
    free(values);
    digest_of(found, tensor->data, tensor_count(tensor) * sizeof(float));
    TRY(h5_get_text(&written, file, path, "digest"));
    bool same = text_equal(found, written);
    free(written);
    return same ? ERR_NONE
                : RAISE(ERR_INPUT, "%s: %s: damaged: its values are not those that were written", file->path, path);
}

/* Names (sorted), shapes and values. */
static Err digest_weights(WeightSet *weights) {
    Digest *digest;
    TRY(digest_new(&digest));
    for (int t = 0; t < weights->n_tensors; t++) {
        const Tensor *tensor = &weights->tensors[t];
        digest_add_text(digest, tensor->name);
        digest_add(digest, tensor->dims, (size_t)tensor->n_dims * sizeof *tensor->dims);
        digest_add(digest, tensor->data, tensor_count(tensor) * sizeof *tensor->data);
    }
    digest_hex(digest, weights->digest);
    digest_free(&digest);
    return ERR_NONE;
}

static Err read_contents(WeightSet *weights, const H5File *file) {
    char **names, *seed;
    int count;
    TRY(h5_get_int(&weights->step, file, NULL, "step"));
    TRY(h5_get_text(&weights->config_text, file, NULL, "config"));
    TRY(h5_get_text(&seed, file, NULL, "seed"));
    weights->seed = strtoumax(seed, NULL, 10); /* as text: HDF5 integers here are signed */
    free(seed);
    TRY(h5_list(&names, &count, file, checkpoint_group(PART_MODEL)));
    Err err = count > 0 ? read_shapes(weights, file, names, count)
                        : RAISE(ERR_INPUT, "%s: /model is empty", file->path);
    h5_texts_free(&names, count);
    if (!err) err = make_room(weights, file);
    for (int t = 0; !err && t < weights->n_tensors; t++) err = read_values(&weights->tensors[t], file);
    return err ? err : digest_weights(weights);
}

/* A file of any other kind is the weights of another program, as a rule. */
static Err check_kind(const char *path) {
    char first[H5_SIGNATURE];
    FILE *file = file_is_directory(path) ? NULL : fopen(path, "rb");
    if (!file) return ERR_NONE; /* opening it says why */
    bool ours = h5_begins(first, fread(first, 1, sizeof first, file));
    fclose(file);
    if (ours || file_size(path) == 0) return ERR_NONE;
    return RAISE(ERR_INPUT,
                 "%s: not an HDF5 file, so no checkpoint of synvid; `synvid import` makes a run folder of weights of "
                 "other programs (.pth, .safetensors, ...), which is then given here",
                 path);
}

static Err read_file(WeightSet *weights, const char *path) {
    H5File file;
    *weights = (WeightSet){0};
    TRY(check_kind(path));
    TRY(checkpoint_open(&file, path));
    Err err = read_contents(weights, &file);
    h5_abandon(&file);
    if (err) weights_free(weights);
    return err;
}

/* The newest file of a run folder that is whole. */
static Err read_run(WeightSet *weights, const char *run_folder) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    int64_t *steps;
    int count;
    TRY(path_join(folder, sizeof folder, run_folder, "ckpt"));
    TRY(checkpoint_list(&steps, &count, folder));
    Err err = count > 0 ? ERR_NONE
                        : RAISE(ERR_INPUT,
                                "%s: holds no checkpoint (no ckpt/step-*.h5); `synvid import` makes a run folder of a "
                                "model folder of transformers",
                                run_folder);
    for (int i = 0; i < count; i++) {
        err = checkpoint_path(path, sizeof path, folder, steps[i]);
        if (!err) err = read_file(weights, path);
        /* a damaged file has one before it, in general; no memory or no disk would fail again */
        if (err != ERR_INPUT) break;
        if (i + 1 < count) log_warn("%s; trying the checkpoint before it", err_message());
    }
    free(steps);
    return err;
}

/* Apart from reading, so that a run whose newest checkpoint holds such values is not taken for one that is damaged. */
static Err check_finite(const WeightSet *weights, const char *path) {
    for (int t = 0; t < weights->n_tensors; t++) {
        const Tensor *tensor = &weights->tensors[t];
        TRY(finite_check(tensor->data, tensor_count(tensor), 0, path, tensor->name));
    }
    return ERR_NONE;
}

Err weights_read(WeightSet *weights, const char *path) {
    *weights = (WeightSet){0};
    TRY(file_is_directory(path) ? read_run(weights, path) : read_file(weights, path));
    Err err = check_finite(weights, path);
    if (err) weights_free(weights);
    return err;
}

const Tensor *weights_find(const WeightSet *weights, const char *name) {
    for (int t = 0; t < weights->n_tensors; t++)
        if (text_equal(weights->tensors[t].name, name)) return &weights->tensors[t];
    return NULL;
}

void weights_free(WeightSet *weights) {
    free(weights->tensors);
    free(weights->storage);
    free(weights->config_text);
    *weights = (WeightSet){0};
}

/* All tensors of one file: the parameters by reading them, the moments piece by piece. */
Err checkpoint_file_verify(const char *path, char digest[DIGEST_SIZE]) {
    WeightSet weights;
    H5File file;
    TRY(weights_read(&weights, path)); /* verifies the weights */
    Err err = text_copy(digest, DIGEST_SIZE, weights.digest);
    weights_free(&weights);
    TRY(err);
    TRY(checkpoint_open(&file, path));
    err = checkpoint_verify_share(&file, PART_ADAMW_M, 0, 1);
    if (!err) err = checkpoint_verify_share(&file, PART_ADAMW_V, 0, 1);
    h5_abandon(&file);
    return err;
}
