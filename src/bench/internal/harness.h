/* bench/internal/harness - how a case of `synvid bench` is checked and timed, for all topics.
 *
 * A case is one row: work, and the bound that it is measured beside. First its result is checked; a case that is wrong
 * by more than its tolerance, or that cannot be checked, is ERR_INTERNAL and is never timed. Then work and bound take
 * turns,
 *
 *     bound  work  bound  work  bound  ...
 *
 * because machines drift: the share of a repetition is the work's rate over the mean of the two bounds next to it, and
 * the row's share is the median of those. A call that is short is repeated until a repetition is long enough to time.
 */
#pragma once

#include "base/failure/err.h"
#include "bench/internal/table.h"
#include "par/par.h"

#include <stdbool.h>

/* One call. With many ranks all call it at once; a failure on any of them is agreed on. */
typedef CHECKED Err (*BenchWork)(void *state);

typedef struct {
    BenchWork run;
    void *state;
    double amount; /* what a call of all ranks together does, in the row's unit times seconds */
} BenchLoad;

typedef struct {
    const char *name;
    BenchLoad work, bound; /* bound.run NULL: nothing to compare with */
    /* Finds the error of the work's result on this rank: relative, or 0 and 1 for right and wrong. Never NULL. */
    CHECKED Err (*check)(double *error, void *state);
    double tolerance;    /* the largest error that is right */
    double repetition_s; /* the work is called until so much time is spent; 0: 0.03 s */
    bool wall;           /* the clock on the wall, by the slowest rank; otherwise CPU time of this thread */
} BenchCase;

typedef struct {
    double seconds;     /* of a call, the best */
    double rate;        /* the best */
    double median_rate; /* of the repetitions */
    double bound;       /* rate of the bound, the best; NAN without one */
    double share;       /* of the neighboring bound, median; NAN without one */
    double error;       /* found before timing */
} BenchFound;

/* At least three repetitions, and as many as give the work `seconds`. */
CHECKED Err bench_measure_all(BenchFound *found, const BenchCase *c, double seconds, const Par *par);

/* ERR_INTERNAL, which names the case, unless error <= tolerance: what refuses to time. */
CHECKED Err bench_verdict(const char *name, double error, double tolerance);

/* ---- rows of many ranks: name, rate, unit, bound, share ---- */

/* `what` says what is measured and beside which bound. */
CHECKED Err bench_pairs_open(BenchTable *table, bool json, const char *what, const Par *par);
/* Measures the case by the clock on the wall and shows its row. */
CHECKED Err bench_pairs_row_all(BenchTable *table, BenchCase c, const char *unit, double seconds, const Par *par);
/* Says too how many times the fewest bytes that can be it moves. */
CHECKED Err bench_pairs_row_moved_all(BenchTable *table, BenchCase c, const char *unit, double moved, double seconds,
                                      const Par *par);

/* ---- several threads ---- */

/* Does work for about `seconds` with `threads` threads; how much, and how long it took by the clock on the wall. */
typedef CHECKED Err (*BenchThreadedWork)(double *amount, double *elapsed, void *state, int threads, double seconds);

typedef struct {
    double rate;    /* of all threads */
    double speedup; /* over one thread measured next to it: the median of turns */
} BenchThreaded;

/* NAN and NAN for one thread, without measuring. */
CHECKED Err bench_threads(BenchThreaded *found, BenchThreadedWork work, void *state, int threads, double seconds);
