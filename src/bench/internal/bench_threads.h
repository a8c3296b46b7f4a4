/* bench/bench_threads - how much more several threads do than one, by the wall clock. */
#pragma once

#include "base/failure/err.h"

/* Does work for about `seconds` with `threads` threads; how much, and how long it took. */
typedef CHECKED Err (*ThreadedWork)(double *amount, double *elapsed, void *state, int threads, double seconds);

typedef struct {
    double rate;    /* of all threads */
    double speedup; /* over one thread measured next to it: the median of turns */
} ThreadedRate;

CHECKED Err bench_threads(ThreadedRate *result, ThreadedWork work, void *state, int threads, double seconds);
