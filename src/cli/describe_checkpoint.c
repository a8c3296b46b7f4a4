/* cli/describe - a checkpoint: step, sizes, and its tensors with the blocks that are alike told once. */
#include "base/file.h"
#include "cli/describe.h"
#include "store/checkpoint.h"

#include <ctype.h>

/* "encoder.blocks.3.attn.proj.weight" as "encoder.blocks.*.attn.proj.weight". */
static void pattern_of(char *out, size_t size, const char *name) {
    size_t at = 0;
    for (const char *c = name; *c && at + 1 < size; c++) {
        bool number = isdigit((unsigned char)*c) && c > name && c[-1] == '.' && c[strspn(c, "0123456789")] == '.';
        out[at++] = number ? '*' : *c;
        if (number) c += strspn(c, "0123456789") - 1;
    }
    out[at] = 0;
}

typedef struct {
    char pattern[256], shape[96];
    int count;
} TensorLine;

static void shape_text(char *out, size_t size, const Tensor *tensor) {
    size_t used = (size_t)snprintf(out, size, "(");
    for (int d = 0; d < tensor->n_dims && used < size; d++)
        used += (size_t)snprintf(out + used, size - used, "%s%lld", d ? ", " : "", (long long)tensor->dims[d]);
    if (used < size) snprintf(out + used, size - used, ")");
}

/* Counts the tensor in the line it belongs to, or in a new one. */
static void count_tensor(TensorLine *lines, int *n_lines, const Tensor *tensor) {
    TensorLine mine = {.count = 1};
    pattern_of(mine.pattern, sizeof mine.pattern, tensor->name);
    shape_text(mine.shape, sizeof mine.shape, tensor);
    for (int i = 0; i < *n_lines; i++) {
        if (!text_equal(lines[i].pattern, mine.pattern) || !text_equal(lines[i].shape, mine.shape)) continue;
        lines[i].count++;
        return;
    }
    lines[(*n_lines)++] = mine;
}

static Err add_tensors(Builder *out, const WeightSet *weights) {
    TensorLine *lines = calloc((size_t)weights->n_tensors, sizeof *lines);
    int n_lines = 0;
    if (!lines) return RAISE(ERR_MEMORY, "no memory for %d names", weights->n_tensors);
    for (int t = 0; t < weights->n_tensors; t++) count_tensor(lines, &n_lines, &weights->tensors[t]);
    for (int i = 0; i < n_lines; i++) {
        bool many = lines[i].count > 1;
        builder_add(out, "  %-44s %-*s", lines[i].pattern, many ? 20 : 0, lines[i].shape);
        if (many) builder_add(out, " x %d", lines[i].count);
        builder_add_text(out, "\n");
    }
    free(lines);
    return ERR_NONE;
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
    describe_next(out, "the settings of its run", "synvid inspect %s --config", path);
    describe_next(out, NULL, "synvid verify %s", path);
    weights_free(&weights);
    return err;
}
