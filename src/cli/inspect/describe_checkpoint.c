/* cli/inspect/describe - a checkpoint: step, sizes, and its tensors. */
#include "base/system/file.h"
#include "cli/inspect/internal/describe_parts.h"
#include "store/checkpoint/checkpoint.h"

static Err add_tensors(Builder *out, const WeightSet *weights) {
    TensorRow *rows = calloc((size_t)weights->n_tensors + 1, sizeof *rows);
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

Err describe_checkpoint(Builder *out, const char *path) {
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
