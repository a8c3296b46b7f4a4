/* rounding_bound - how far bfloat16 operands may take a gradient from the exact one.
 *
 * What rounding explains. To the nearest bfloat16 a number moves by at most U = 2^-8 of itself; over many numbers that
 * is U / sqrt(3) at most in the root of the mean square, RMS, and roundings of different numbers are independent. A
 * product of rounded operands is then off by sqrt(2) RMS of the root of the sum of squares of its terms, that is of its
 * own size where terms do not cancel systematically. Errors of the layers that a gradient passes through add up as
 * squares: a block has six products (q k v, scores, values, projection, two of the MLP) with two operands each, and its
 * way back twice as many; the embedding, the bridge and the head have three products each. So the relative distance is
 * at most
 *
 *     bound = CANCELLATION * RMS * sqrt(36 blocks + 18),
 *
 * with CANCELLATION for what terms of different signs take away: softmax and norms subtract means.
 */
#pragma once

#include "golden_formula.h"
#include "nn/layers/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define RMS          (0x1p-8 / sqrt(3))
#define CANCELLATION 1.25

static inline double rounding_bound(const ModelConfig *model, int decoder_depth) {
    return CANCELLATION * RMS * sqrt(36 * (model->depth + decoder_depth) + 18);
}

/* ---- mistakes that must exceed it ---- */

/* Rows 0-15 and 16-31 of a matrix of weights in each other's place, as if a panel were packed at the wrong offset. */
static inline void swap_panels(float *params, const ParamTable *table, const char *name) {
    const Param *row = params_find(table, name);
    size_t panel = 16 * (size_t)row->dims[1];
    float *first = params + row->offset;
    for (size_t i = 0; i < panel; i++) {
        float kept = first[i];
        first[i] = first[panel + i];
        first[panel + i] = kept;
    }
}

/* A block that adds nothing to the residual stream. */
static inline void lose_block(float *params, const ParamTable *table, const char *block) {
    static const char *const parts[] = {"attn.proj.weight", "attn.proj.bias", "mlp.fc2.weight", "mlp.fc2.bias"};
    for (int i = 0; i < 4; i++) {
        char name[TENSOR_NAME_SIZE];
        snprintf(name, sizeof name, "%s.%s", block, parts[i]);
        const Param *row = params_find(table, name);
        memset(params + row->offset, 0, row->count * sizeof(float));
    }
}
