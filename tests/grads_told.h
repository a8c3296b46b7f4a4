/* What a backward pass says is final must be: every announcement's gradients are kept, and compared when the pass is
 * over. */
#pragma once

#include "nn/layers/grads_watch.h"

#include <stdlib.h>
#include <string.h>

enum { GRADS_TOLD_MAX = 256 };

typedef struct {
    GradsWatch watch; /* for the network */
    const float *grads;
    size_t total, from[GRADS_TOLD_MAX];
    float *kept[GRADS_TOLD_MAX]; /* (total - from) */
    int count;
} GradsTold;

static inline void grads_told_keep(void *context, size_t from) {
    GradsTold *told = context;
    assert_true(told->count < GRADS_TOLD_MAX && from < (told->count ? told->from[told->count - 1] : told->total));
    float *kept = told->kept[told->count] = malloc((told->total - from) * sizeof *kept);
    memcpy(kept, told->grads + from, (told->total - from) * sizeof *kept);
    told->from[told->count++] = from;
}

static inline void grads_told_open(GradsTold *told, const float *grads, size_t total) {
    *told = (GradsTold){.watch = {grads_told_keep, told}, .grads = grads, .total = total};
}

/* `count` announcements, the last of them nearly all of the vector. */
static inline void grads_told_check(GradsTold *told, int count) {
    assert_int_equal(told->count, count);
    for (int i = 0; i < told->count; i++) {
        assert_memory_equal(told->kept[i], told->grads + told->from[i], (told->total - told->from[i]) * sizeof(float));
        free(told->kept[i]);
    }
}
