#include "gen/bench_threads.h"

#include <stdlib.h>

enum { TURNS = 3 };

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

Err bench_threads(ThreadedRate *result, ThreadedWork work, void *state, int threads, double seconds) {
    double rates[TURNS], speedups[TURNS];
    for (int t = 0; t < TURNS; t++) {
        double one, many, one_elapsed, many_elapsed;
        TRY(work(&one, &one_elapsed, state, 1, seconds / TURNS));
        TRY(work(&many, &many_elapsed, state, threads, seconds / TURNS));
        rates[t] = many / many_elapsed;
        speedups[t] = rates[t] * one_elapsed / one;
    }
    qsort(rates, TURNS, sizeof *rates, ascending);
    qsort(speedups, TURNS, sizeof *speedups, ascending);
    *result = (ThreadedRate){rates[TURNS / 2], speedups[TURNS / 2]};
    return ERR_NONE;
}
