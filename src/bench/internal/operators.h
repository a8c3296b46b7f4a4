/* bench/internal/operators - the network's kernels as cases of `synvid bench kernels`.
 *
 * An operator is one layer's arithmetic at a given precision: operands of a size, its passes, and how far they are from
 * the plain version's. A size is four numbers whose meaning is the operator's. */
#pragma once

#include "base/failure/err.h"

#include <stddef.h>

enum { OPERATOR_PASSES = 4 };

typedef struct {
    int of[4];
} OperatorSize;

typedef struct {
    const char *unit;
    double tolerance;
    size_t state_bytes;
    struct {
        const char *name; /* NULL behind the last */
        void (*run)(void *state);
        double giga_factor; /* of the operator's count */
    } passes[OPERATOR_PASSES + 1];
    CHECKED Err (*name)(char *out, size_t out_size, OperatorSize size, const char *pass);
    double (*giga)(OperatorSize size); /* operations or elements of the first pass, in billions */
    CHECKED Err (*open)(void *state, OperatorSize size);
    void (*close)(void *state);
    /* Relative differences from the plain version, for each pass, on operands small enough for that. */
    CHECKED Err (*errors)(double errors[OPERATOR_PASSES], OperatorSize size);
} Operator;

/* Float32. Sizes: clips, tokens, heads, head width; rows, inputs, outputs; rows, width. */
extern const Operator attention_operator, linear_operator, elementwise_operator;
/* Bfloat16, with the same sizes. */
extern const Operator bf16_attention_operator, bf16_linear_operator;

/* Operations of a forward pass, in billions, of either precision. */
double operator_attention_giga(OperatorSize size);
double operator_linear_giga(OperatorSize size);
