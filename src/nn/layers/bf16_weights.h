/* nn/layers/bf16_weights - the weight matrices of a model as products of mixed precision read them: rounded and packed
 * once a step, from parameters that stay floats, and shared by all threads of a rank. See nn/kernels/bf16.h for panels.
 *
 * A Bf16Plan lists the matrices when a network is made. Each gets two copies: panels of W^T, for y = x W^T, and panels
 * of W, for dx = dy W. A matrix may consist of parts, such as the projections to q, k and v: each part's outputs are
 * padded to whole panels, so that parts can be used alone. Sixteen-bit numbers, two copies: as many bytes as the
 * parameters. */
#pragma once

#include "base/failure/err.h"
#include "nn/layers/bf16_linear.h"

#include <stdbool.h>

typedef struct {
    size_t offset;            /* in the flat vector of parameters */
    int parts, Dout, Din;     /* Dout: of a part */
    size_t forward, backward; /* words from the first one on */
    bool has_backward;
} Bf16Matrix;

/* Starts from {0}. */
typedef struct {
    Bf16Matrix *matrices;
    int count;
    size_t words;
} Bf16Plan;

/* W (parts * Dout, Din) at `offset`; its number in *index. */
CHECKED Err bf16_plan_add(Bf16Plan *plan, int *index, size_t offset, int parts, int Dout, int Din, bool backward);
void bf16_plan_free(Bf16Plan *plan);

typedef struct Bf16Packed Bf16Packed;

/* The plan is borrowed. */
CHECKED Err bf16_packed_new(Bf16Packed **packed, const Bf16Plan *plan);
void bf16_packed_free(Bf16Packed **packed);
size_t bf16_packed_bytes(const Bf16Plan *plan);
/* After every change of the parameters, by one thread, while nobody reads; `threads` share the work. */
void bf16_packed_update(Bf16Packed *packed, const float *params, int threads);
/* n_parts parts of a matrix, from first_part on; outputs padded if there are several. */
Bf16Weights bf16_packed_matrix(const Bf16Packed *packed, int index, int first_part, int n_parts);
