/* The order of floating-point sums must not depend on which rank brought a vector, so vectors are sorted by the
 * digest of their bytes first. Equal vectors have equal digests and may stand in any order. */
#include "math/stats.h"

#include "base/system/digest.h"

#include <stdbool.h>

typedef struct {
    char digest[DIGEST_SIZE];
    const float *row;
    size_t bytes;
} RowKey;

static int compare_keys(const void *a, const void *b) {
    const RowKey *x = a, *y = b;
    int order = memcmp(x->digest, y->digest, DIGEST_SIZE);
    return order ? order : memcmp(x->row, y->row, x->bytes);
}

static Err rows_new(Rows *rows, size_t count, int dims) {
    *rows = (Rows){malloc(count * sizeof *rows->at + 1), count, dims};
    return rows->at ? ERR_NONE : RAISE(ERR_MEMORY, "a list of %zu vectors: no memory", count);
}

void rows_free(Rows *rows) {
    free(rows->at);
    *rows = (Rows){0};
}

Err rows_canonical(Rows *rows, const float *vectors, size_t count, int dims) {
    size_t bytes = (size_t)dims * sizeof *vectors;
    RowKey *keys = malloc(count * sizeof *keys + 1);
    if (!keys) return RAISE(ERR_MEMORY, "ordering %zu vectors: no memory", count);
    Err err = rows_new(rows, count, dims);
    for (size_t i = 0; !err && i < count; i++) {
        keys[i].row = vectors + i * (size_t)dims;
        keys[i].bytes = bytes;
        digest_of(keys[i].digest, keys[i].row, bytes);
    }
    if (!err) qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; !err && i < count; i++) rows->at[i] = keys[i].row;
    free(keys);
    return err;
}

/* A part of an ordered list is ordered. */
static Err select_rows(Rows *out, const Rows *rows, const int *groups, int group, bool of_group) {
    TRY(rows_new(out, rows->count, rows->dims));
    out->count = 0;
    for (size_t i = 0; i < rows->count; i++)
        if ((groups[i] == group) == of_group) out->at[out->count++] = rows->at[i];
    return ERR_NONE;
}

Err rows_of_group(Rows *out, const Rows *rows, const int *groups, int group) {
    return select_rows(out, rows, groups, group, true);
}

Err rows_without_group(Rows *out, const Rows *rows, const int *groups, int group) {
    return select_rows(out, rows, groups, group, false);
}

void rows_center(double *mean, double *centered, const Rows *rows) {
    size_t dims = (size_t)rows->dims;
    for (size_t j = 0; j < dims; j++) mean[j] = 0;
    for (size_t i = 0; i < rows->count; i++)
        for (size_t j = 0; j < dims; j++) mean[j] += (double)rows->at[i][j];
    for (size_t j = 0; j < dims; j++) mean[j] /= (double)rows->count;
    for (size_t i = 0; i < rows->count; i++)
        for (size_t j = 0; j < dims; j++) centered[i * dims + j] = (double)rows->at[i][j] - mean[j];
}
