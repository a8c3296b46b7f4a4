/* nn/layers/grads_watch - who wants to know which gradients a backward pass is done with.
 *
 * A backward pass visits a model's parameters from the end of the flat vector to its beginning. Whoever sends gradients
 * away meanwhile is told how far it has come, by the thread that leads the pass. */
#pragma once

#include <stddef.h>

typedef struct {
    /* Gradients from element `from` on will not change any more. `from` falls from call to call; 0 is not announced:
     * then the pass ends. */
    void (*final)(void *context, size_t from);
    void *context;
} GradsWatch;

/* Nobody: NULL. */
static inline void grads_final(const GradsWatch *watch, size_t from) {
    if (watch && from > 0) watch->final(watch->context, from);
}
