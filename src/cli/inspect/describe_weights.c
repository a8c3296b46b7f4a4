/* cli/inspect/describe - tensors: of a weight file of another program, with those that are alike told once. */
#include "base/system/file.h"
#include "base/text/escape.h"
#include "cli/inspect/internal/describe_parts.h"
#include "store/foreign/foreign.h"

#include <ctype.h>

/* "encoder.blocks.3.attn.proj.weight" as "encoder.blocks.*.attn.proj.weight". */
static void pattern_of(char *out, size_t size, const char *name) {
    size_t at = 0;
    for (const char *c = name; *c && at + 1 < size; c++) {
        /* a part of a name that is a number and nothing else */
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

static void shape_text(char *out, size_t size, const TensorRow *row) {
    size_t used = (size_t)snprintf(out, size, "%s%s(", row->dtype ? row->dtype : "", row->dtype ? " " : "");
    for (int d = 0; d < row->n_dims && used < size; d++)
        used += (size_t)snprintf(out + used, size - used, "%s%lld", d ? ", " : "", (long long)row->dims[d]);
    if (used < size) snprintf(out + used, size - used, ")");
}

/* Counts the tensor in the line it belongs to, or in a new one. */
/* Quadratic in the lines, of which there are few: the blocks of a network are alike. */
static void count_tensor(TensorLine *lines, int *n_lines, const TensorRow *row) {
    TensorLine mine = {.count = 1};
    pattern_of(mine.pattern, sizeof mine.pattern, row->name);
    shape_text(mine.shape, sizeof mine.shape, row);
    for (int i = 0; i < *n_lines; i++) {
        if (!text_equal(lines[i].pattern, mine.pattern) || !text_equal(lines[i].shape, mine.shape)) continue;
        lines[i].count++;
        return;
    }
    lines[(*n_lines)++] = mine;
}

Err describe_tensors(Builder *out, const TensorRow *rows, int n_rows) {
    TensorLine *lines = calloc((size_t)n_rows + 1, sizeof *lines);
    int n_lines = 0;
    if (!lines) return RAISE(ERR_MEMORY, "no memory for %d names", n_rows);
    for (int t = 0; t < n_rows; t++) count_tensor(lines, &n_lines, &rows[t]);
    for (int i = 0; i < n_lines; i++) {
        bool many = lines[i].count > 1;
        Builder name = {0};
        escape_line(&name, lines[i].pattern);
        int width = name.data ? text_columns(name.data) : 0;
        builder_add(out, "  %s%*s %-*s", name.data ? name.data : "", width < 44 ? 44 - width : 0, "", many ? 20 : 0,
                    lines[i].shape);
        builder_free(&name);
        if (many) builder_add(out, " x %d", lines[i].count);
        builder_add_text(out, "\n");
    }
    free(lines);
    return ERR_NONE;
}

/* ---- a file ---- */

static Err add_entries(Builder *out, const WeightFile *file) {
    int count = weightfile_count(file);
    TensorRow *rows = calloc((size_t)count + 1, sizeof *rows);
    if (!rows) return RAISE(ERR_MEMORY, "no memory for %d names", count);
    for (int i = 0; i < count; i++) {
        const WeightEntry *entry = weightfile_entry(file, i);
        rows[i] = (TensorRow){entry->name, dtype_name(entry->dtype), entry->dims, entry->n_dims};
    }
    Err err = describe_tensors(out, rows, count);
    free(rows);
    return err;
}

Err describe_weights(Builder *out, const char *path) {
    WeightFile *file = NULL;
    char values[32], size[32];
    int64_t total = 0;
    TRY(weightfile_open(&file, path));
    for (int i = 0; i < weightfile_count(file); i++) total += weightfile_entry(file, i)->count;
    describe_head(out, path, "tensors of another program (%s)", weightfile_kind(file));
    describe_fact(out, "values", "%s in %d tensors", text_count(values, sizeof values, total), weightfile_count(file));
    describe_fact(out, "size", "%s", text_bytes(size, sizeof size, (double)file_size(path)));
    Err err = add_entries(out, file);
    if (foreign_has_model(file)) describe_next(out, "train on from it", "synvid import", path, " --out RUN");
    weightfile_close(&file);
    return err;
}
