/* golden_file - reads the files tests/oracle writes (its docstring has the format). Anything odd fails the test. */
#pragma once

#include "golden_formula.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef enum { GOLDEN_FLOAT, GOLDEN_BYTE, GOLDEN_DOUBLE } GoldenType;

typedef struct {
    char name[TENSOR_NAME_SIZE + 16];
    GoldenType type;
    int n_dims, dims[TENSOR_DIMS];
    size_t count;
    void *data;
} GoldenTensor;

typedef struct {
    int count;
    GoldenTensor *tensors;
} Golden;

static inline void golden_bytes(void *out, size_t bytes, FILE *file) {
    assert_int_equal(fread(out, 1, bytes, file), bytes);
}

static inline int golden_int(FILE *file) {
    int32_t value;
    golden_bytes(&value, sizeof value, file);
    return value;
}

static inline void golden_tensor(GoldenTensor *tensor, FILE *file) {
    static const size_t sizes[] = {4, 1, 8};
    int length = golden_int(file);
    assert_in_range(length, 1, sizeof tensor->name - 1);
    golden_bytes(tensor->name, (size_t)length, file);
    tensor->name[length] = 0;
    tensor->type = (GoldenType)golden_int(file);
    assert_in_range(tensor->type, 0, 2);
    tensor->n_dims = golden_int(file);
    assert_in_range(tensor->n_dims, 0, TENSOR_DIMS);
    tensor->count = 1;
    for (int i = 0; i < tensor->n_dims; i++) tensor->count *= (size_t)(tensor->dims[i] = golden_int(file));
    tensor->data = malloc(tensor->count * sizes[tensor->type]);
    golden_bytes(tensor->data, tensor->count * sizes[tensor->type], file);
}

static inline Golden golden_read(const char *name) {
    char path[1024], magic[8];
    snprintf(path, sizeof path, "%s/%s", SYNVID_TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("cannot open %s", path);
    golden_bytes(magic, sizeof magic, file);
    assert_memory_equal(magic, "SYNVIDG1", 8);
    Golden golden = {.count = golden_int(file)};
    golden.tensors = calloc((size_t)golden.count, sizeof *golden.tensors);
    for (int i = 0; i < golden.count; i++) golden_tensor(&golden.tensors[i], file);
    fclose(file);
    return golden;
}

static inline const GoldenTensor *golden_get(const Golden *golden, const char *name) {
    for (int i = 0; i < golden->count; i++) {
        if (strcmp(golden->tensors[i].name, name) == 0) return &golden->tensors[i];
    }
    fail_msg("no tensor %s in the golden file", name);
    return NULL;
}

/* How far a tensor of a flat vector is from what "<kind>.<name>" says, relatively: twice the estimate of a sketch,
 * which is right to an eighth or so, and so an upper bound beyond doubt. */
static inline double golden_distance(const Golden *golden, const char *kind, const Param *row, const float *flat) {
    char name[TENSOR_NAME_SIZE + 16];
    snprintf(name, sizeof name, "%s.%s", kind, row->name);
    const GoldenTensor *tensor = golden_get(golden, name);
    assert_int_equal(tensor->count, SKETCH_SIZE);
    return 2 * sketch_distance(flat + row->offset, row->count, tensor->data);
}

/* Asserts that every tensor of a flat vector is there. */
static inline void golden_assert_near(const Golden *golden, const char *kind, const ParamTable *table,
                                      const float *flat, double tolerance) {
    for (int r = 0; r < table->n_rows; r++) {
        double distance = golden_distance(golden, kind, &table->rows[r], flat);
        if (!(distance <= tolerance)) fail_msg("%s.%s: relative distance %.3g", kind, table->rows[r].name, distance);
    }
}

static inline void golden_free(Golden *golden) {
    for (int i = 0; i < golden->count; i++) free(golden->tensors[i].data);
    free(golden->tensors);
}
