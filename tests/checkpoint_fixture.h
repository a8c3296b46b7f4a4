/* A small model whose every value tells its part and its place, for the unit and the parallel tests of checkpoints. */
#pragma once

#include "store/checkpoint/checkpoint.h"

#include <stdlib.h>

enum { FIXTURE_TENSORS = 6 };

static const Tensor fixture_tensors[FIXTURE_TENSORS] = {
    {.name = "encoder.patch_embed.proj.weight", .n_dims = 5, .dims = {4, 3, 2, 3, 5}},
    {.name = "encoder.patch_embed.proj.bias", .n_dims = 1, .dims = {4}},
    {.name = "encoder.blocks.0.attn.qkv.weight", .n_dims = 2, .dims = {12, 7}},
    {.name = "mask_token", .n_dims = 3, .dims = {1, 1, 7}},
    {.name = "decoder.head.weight", .n_dims = 2, .dims = {31, 11}},
    {.name = "decoder.head.bias", .n_dims = 1, .dims = {1}},
};

static inline int64_t fixture_total(void) {
    int64_t total = 0;
    for (int t = 0; t < FIXTURE_TENSORS; t++) total += (int64_t)tensor_count(&fixture_tensors[t]);
    return total;
}

static inline float fixture_value(int part, int64_t step, int64_t place) {
    return (float)(part + 1) * 1000.0f + (float)place + (float)step / 16.0f;
}

/* A slice [begin, end) with values of `step`; negative step: zeros. Freed with fixture_slice_free. */
static inline CheckpointSlice fixture_slice(int64_t begin, int64_t end, int64_t step) {
    CheckpointSlice slice = {.tensors = fixture_tensors, .n_tensors = FIXTURE_TENSORS, .begin = begin, .end = end};
    float **parts[] = {&slice.params, &slice.m, &slice.v};
    for (int part = 0; part < 3; part++) {
        *parts[part] = calloc((size_t)(end - begin) + 1, sizeof(float));
        for (int64_t i = begin; step >= 0 && i < end; i++) (*parts[part])[i - begin] = fixture_value(part, step, i);
    }
    return slice;
}

static inline int64_t fixture_slice_wrong(const CheckpointSlice *slice, int64_t step) {
    const float *parts[] = {slice->params, slice->m, slice->v};
    int64_t wrong = 0;
    for (int part = 0; part < 3; part++)
        for (int64_t i = slice->begin; i < slice->end; i++)
            wrong += parts[part][i - slice->begin] != fixture_value(part, step, i);
    return wrong;
}

static inline void fixture_slice_free(CheckpointSlice *slice) {
    free(slice->params);
    free(slice->m);
    free(slice->v);
}
