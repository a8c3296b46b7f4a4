#include "eval/clips/frame_order.h"

#include <stdlib.h>
#include <string.h>

static Err shuffle(int *numbers, int count, Rng *rng) {
    uint32_t *order = malloc((size_t)count * sizeof *order);
    int *before = malloc((size_t)count * sizeof *before);
    Err err = order && before ? ERR_NONE : RAISE(ERR_MEMORY, "no memory to shuffle %d frames", count);
    if (!err) {
        memcpy(before, numbers, (size_t)count * sizeof *before);
        rng_permutation(rng, order, (uint32_t)count);
        for (int i = 0; i < count; i++) numbers[i] = before[order[i]];
    }
    free(order);
    free(before);
    return err;
}

CHECKED Err frame_order_apply(int *numbers, int count, FrameOrder order, Rng *rng) {
    if (order == FRAMES_SHUFFLED) return shuffle(numbers, count, rng);
    if (order == FRAMES_SINGLE) {
        int one = numbers[rng_below(rng, (uint32_t)count)];
        for (int i = 0; i < count; i++) numbers[i] = one;
    }
    return ERR_NONE;
}
