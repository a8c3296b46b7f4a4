/* nn/layers/params - the table of named parameters: one table names, shapes, initializes, decays, saves and exports
 * each.
 *
 * A model is a flat float vector; a ParamTable says which slice is what, in the order of the official checkpoints and
 * without gaps. Gradients and optimizer moments have the same layout. A table owns its rows and starts from {0}. */
#pragma once

#include "base/failure/err.h"
#include "math/tensor.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    INIT_ZERO,
    INIT_ONE,
    INIT_XAVIER,
    INIT_FRAMEWORK /* U(+-1/sqrt(fan_in)) */,
    INIT_NORMAL_02,
    INIT_TRUNC_02_1SD,
    INIT_HEAD /* normal 0.02 x init_scale */
} ParamInit;

typedef struct {
    char name[TENSOR_NAME_SIZE]; /* official name */
    int n_dims, dims[TENSOR_DIMS];
    size_t offset, count; /* in floats, into the flat vector */
    bool decays;          /* weight decay applies */
    int layer;            /* layer-decay group: 0 embedding, i+1 block i, L+1 head; pre-training: 0 */
    ParamInit init;
    int fan_in, fan_out;
} Param;

typedef struct {
    Param *rows;
    int n_rows;
    size_t total; /* floats in the flat vector */
} ParamTable;

/* A row to be added: what Param says of it, without what the table knows. */
typedef struct {
    const char *name;
    const int *dims;
    int n_dims;
    ParamInit init;
    int fan_in, fan_out; /* 0 where the initialization does not ask */
    bool decays;
    int layer;
} ParamRow;

/* Where it begins goes to *offset, unless that is NULL. */
CHECKED Err params_add(ParamTable *table, size_t *offset, const ParamRow *row);
const Param *params_find(const ParamTable *table, const char *name); /* NULL: no such row */
/* Draws every parameter from (seed, RNG_WEIGHTS, row, chunk of 65536 elements): independent of ranks and
 * threads. head_scale multiplies INIT_HEAD rows. */
void params_init(float *flat, const ParamTable *table, uint64_t seed, float head_scale);
/* Views for store/checkpoint/checkpoint; tensors[n_rows] provided by the caller. */
void params_tensors(Tensor *tensors, const ParamTable *table, float *flat);
void params_free(ParamTable *table);
