#include "bench/internal/bench_pairs.h"

#include "base/system/clock.h"
#include "math/stats.h"
#include "par/agree.h"
#include "par/spread.h"

#include <math.h>

enum { PAIRS_MIN = 3, PAIRS_MAX = 100 };

/* Seconds of one repetition, by the slowest rank. */
static Err time_all(double *seconds, PairWork work, void *state, const Par *par) {
    par_barrier_all(par);
    double start = clock_wall_s();
    Err mine = work(state);
    int64_t nanoseconds = (int64_t)(1e9 * (clock_wall_s() - start));
    TRY(err_agree_all(mine, par, "a benchmark"));
    *seconds = 1e-9 * (double)agree_max_all(nanoseconds, par, "a benchmark");
    return ERR_NONE;
}

Err pairs_measure_all(PairRow *row, PairWork work, PairWork bound, void *state, double amount, double seconds,
                      const Par *par) {
    double shares[PAIRS_MAX], best = INFINITY, best_bound = INFINITY, elapsed = 0;
    int pairs = 0;
    for (; pairs < PAIRS_MIN || (pairs < PAIRS_MAX && elapsed < seconds); pairs++) {
        double work_seconds, bound_seconds; /* agreed: all ranks stop after the same pair */
        TRY(time_all(&bound_seconds, bound, state, par));
        TRY(time_all(&work_seconds, work, state, par));
        best = fmin(best, work_seconds);
        best_bound = fmin(best_bound, bound_seconds);
        shares[pairs] = bound_seconds / work_seconds;
        elapsed += bound_seconds + work_seconds;
    }
    row->rate = amount / best;
    row->bound = amount / best_bound;
    row->share = order_median(shares, pairs);
    return ERR_NONE;
}
