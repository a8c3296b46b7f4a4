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

/* What it is called, counted and passed through is the same in every precision: bench/bench_kernels.c. */
typedef struct {
    double tolerance;
    size_t state_bytes;
    void (*run[OPERATOR_PASSES])(void *state);
    CHECKED Err (*open)(void *state, OperatorSize size);
    void (*close)(void *state);
    /* Relative differences from the plain version, for each pass, on operands small enough for that. */
    CHECKED Err (*errors)(double errors[OPERATOR_PASSES], OperatorSize size);
} Operator;

/* Float32. Sizes: clips, tokens, heads, head width; rows, inputs, outputs; rows, width. */
extern const Operator attention_operator, linear_operator, elementwise_operator;
/* Bfloat16, with the same sizes. */
extern const Operator bf16_attention_operator, bf16_linear_operator;
