/* sweep/run/cores - the cores of this machine, lent to the tasks that run side by side.
 *
 * Each task gets cores of its own: what it starts inherits them, so ranks and threads of two tasks never meet on one
 * core, and a task that shares its cores out among its ranks sees only its own. */
#pragma once

#include <sched.h>
#include <stdbool.h>

typedef struct {
    cpu_set_t usable, lent;
    int count; /* usable ones */
} CorePool;

/* limit: at most so many; 0: all that this process may use. */
CorePool core_pool(int limit);
/* Lends n cores (all there are, when the pool is smaller); false when too few are free. */
bool cores_lend(CorePool *pool, cpu_set_t *lent, int n);
void cores_return(CorePool *pool, const cpu_set_t *lent);
