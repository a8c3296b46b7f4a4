/* train/prefetch - leaves loaded ahead of the step that computes them, by threads of their own.
 *
 * Loaders fill a few places ahead of the step, in the order in which leaves will be wanted. A computing thread takes
 * its leaf by number: a loaded one at once, one that is being loaded when it is ready; one that no loader has begun it
 * loads itself, so that it never waits for work it could do. A leaf's content follows from its number alone, so who
 * loads it, and when, leaves no trace in the results. A failure to load is kept with the leaf and is that of the step
 * that takes it. Loaders sleep while all places are full, and take no signals. Local; nothing here communicates. */
#pragma once

#include "par/share.h"
#include "train/batch.h"

typedef struct Prefetch Prefetch;

/* How a task loads. A place holds what one loaded leaf needs and the memory for loading it. */
typedef struct {
    void *state;
    size_t place_bytes; /* for the memory report */
    CHECKED Err (*place_new)(void *state, void **place);
    void (*place_free)(void *state, void *place); /* also what place_new left half made; fine with NULL */
    /* Fills the place. By several threads at once, each with its own place; a pure function of the leaf. */
    CHECKED Err (*load)(void *state, void *place, const TrainLeaf *leaf);
} LeafLoader;

typedef struct {
    BatchPlan batch;              /* its `order` is not used: loaders are at other epochs than the step */
    Share leaves;                 /* of this rank */
    const int64_t *wanted;        /* (leaves) their numbers in the order in which a step runs them; copied */
    int64_t first_step, end_step; /* the run's */
    int threads, loaders;         /* computing threads; 0 loaders: every thread loads its own leaves */
} PrefetchPlan;

/* Starts the loaders. `loader` is borrowed. */
CHECKED Err prefetch_new(Prefetch **prefetch, const LeafLoader *loader, const PrefetchPlan *plan);
/* Ends the loaders after the clip at hand. */
void prefetch_free(Prefetch **prefetch);
/* Places that prefetch_new makes. */
int prefetch_places(int threads, int loaders);

/* Between steps, by one thread. */
void prefetch_enter(Prefetch *prefetch, int64_t step);
/* The loaded leaf of the step that was entered; valid until the thread's next take. Every leaf once. */
CHECKED Err prefetch_take(Prefetch *prefetch, int thread, const TrainLeaf *leaf, void **place);
/* Seconds the computing threads spent in prefetch_take since the last call, added up. Between steps. */
double prefetch_take_waited(Prefetch *prefetch);
