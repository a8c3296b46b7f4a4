#include "bench/internal/bench_threads.h"

#include "math/stats.h"

enum { TURNS = 3 };

Err bench_threads(ThreadedRate *result, ThreadedWork work, void *state, int threads, double seconds) {
    double rates[TURNS], speedups[TURNS];
    for (int t = 0; t < TURNS; t++) {
        double one, many, one_elapsed, many_elapsed;
        TRY(work(&one, &one_elapsed, state, 1, seconds / TURNS));
        TRY(work(&many, &many_elapsed, state, threads, seconds / TURNS));
        rates[t] = many / many_elapsed;
        speedups[t] = rates[t] * one_elapsed / one;
    }
    *result = (ThreadedRate){order_median(rates, TURNS), order_median(speedups, TURNS)};
    return ERR_NONE;
}
