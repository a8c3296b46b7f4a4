/* Turns of bound and work. A machine that is shared drifts by tens of percent within minutes, and what matters here are
 * shares, so a rate is only ever compared with a bound that was timed right beside it; and the median of those shares
 * is what a row says. Ranks agree on every time: a loop that one of them left earlier would never end for the others.
 */
#include "bench/internal/harness.h"

#include "base/system/clock.h"
#include "base/text/text.h"
#include "math/stats.h"
#include "par/agree.h"
#include "par/spread.h"

enum { REPETITIONS_MIN = 3, REPETITIONS_MAX = 200, TURNS = 3 };

static const char phase[] = "a benchmark"; /* for who waits */
static const double repetition_default_s = 0.03;

/* `!(a <= b)`: an error that is no number is wrong too. */
Err bench_verdict(const char *name, double error, double tolerance) {
    if (!(error <= tolerance))
        return RAISE(ERR_INTERNAL, "bench %s: differs from the plain version by %g relative, at most %g is expected",
                     name, error, tolerance);
    return ERR_NONE;
}

/* Each rank its own result; all hear of the lowest rank that is wrong. */
static Err check_all(double *error, const BenchCase *c, const Par *par) {
    *error = 0;
    Err err = c->check ? c->check(error, c->work.state)
                       : RAISE(ERR_INTERNAL, "bench %s: nothing says whether its result is right", c->name);
    return err_agree_all(err ? err : bench_verdict(c->name, *error, c->tolerance), par, phase);
}

/* Seconds of `calls` calls: this thread's CPU time, or by the wall from the moment all ranks are there; the slowest
 * rank's in both cases, so that all ranks go on with the same number. */
static Err time_all(double *seconds, const BenchLoad *load, int calls, bool wall, const Par *par) {
    double (*clock)(void) = wall ? clock_wall_s : clock_thread_s;
    Err mine = ERR_NONE;
    par_barrier_all(par);
    double start = clock();
    for (int i = 0; i < calls && !mine; i++) mine = load->run(load->state);
    int64_t nanoseconds = (int64_t)(1e9 * (clock() - start));
    TRY(err_agree_all(mine, par, phase));
    *seconds = 1e-9 * (double)agree_max_all(nanoseconds > 0 ? nanoseconds : 1, par, phase);
    return ERR_NONE;
}

/* A first call, which warms up what the load touches, tells how many make a repetition. */
static Err count_calls_all(int *calls, const BenchLoad *load, double repetition_s, bool wall, const Par *par) {
    double one;
    TRY(time_all(&one, load, 1, wall, par));
    *calls = 1 + (int)fmin(repetition_s / one, 1e6);
    return ERR_NONE;
}

/* Leaves the rate as it is where there is no bound. */
static Err bound_rate_all(double *rate, const BenchCase *c, int calls, const Par *par) {
    double seconds;
    if (!c->bound.run) return ERR_NONE;
    TRY(time_all(&seconds, &c->bound, calls, c->wall, par));
    *rate = c->bound.amount * calls / seconds;
    return ERR_NONE;
}

/* At least three repetitions, so that a median means something; at most 200, which the arrays hold. */
Err bench_measure_all(BenchFound *found, const BenchCase *c, double seconds, const Par *par) {
    double rates[REPETITIONS_MAX], shares[REPETITIONS_MAX], repetition_s = c->repetition_s, spent = 0;
    double before = NAN, after = NAN; /* rates of the bound around a repetition */
    int calls, bound_calls = 0, count = 0;
    *found = (BenchFound){.seconds = INFINITY, .bound = NAN, .share = NAN};
    TRY(check_all(&found->error, c, par));
    /* how many calls make a repetition, of the work and of its bound */
    if (repetition_s == 0) repetition_s = repetition_default_s;
    TRY(count_calls_all(&calls, &c->work, repetition_s, c->wall, par));
    if (c->bound.run) TRY(count_calls_all(&bound_calls, &c->bound, repetition_default_s, c->wall, par));
    TRY(bound_rate_all(&before, c, bound_calls, par));
    /* turns: each bound is the one after a repetition and the one before the next */
    for (; count < REPETITIONS_MIN || (count < REPETITIONS_MAX && spent < seconds); count++) {
        double elapsed;
        TRY(time_all(&elapsed, &c->work, calls, c->wall, par));
        TRY(bound_rate_all(&after, c, bound_calls, par));
        rates[count] = c->work.amount * calls / elapsed;
        shares[count] = rates[count] / ((before + after) / 2);
        found->seconds = fmin(found->seconds, elapsed / calls);
        found->bound = fmax(found->bound, fmax(before, after)); /* of a number and NAN the number */
        spent += elapsed;
        before = after;
    }
    /* rates are the best, which is what the machine can do; shares are medians, which drift does not move */
    found->rate = c->work.amount / found->seconds;
    found->median_rate = order_median(rates, count);
    if (c->bound.run) found->share = order_median(shares, count);
    return ERR_NONE;
}

static const BenchColumn pair_columns[] = {
    {.key = "name", .heading = "name", .width = -42},
    {.key = "rate", .heading = "rate", .width = 9, .style = 'g', .digits = 4},
    {.key = "unit", .heading = "", .width = -8},
    {.key = "bound", .heading = "bound", .width = 9, .style = 'g', .digits = 4},
    {.key = "share", .heading = "share", .width = 9, .style = 'f', .digits = 1, .scale = 100, .suffix = " %"},
    {.key = "bytes_over_fewest", .heading = "", .width = 12, .style = 'f', .digits = 2, .suffix = " x bytes"},
};
enum { N_PAIR_COLUMNS = sizeof pair_columns / sizeof pair_columns[0] };

Err bench_pairs_open(BenchTable *table, bool json, const char *what, const Par *par) {
    char title[256];
    TRY(text_format(title, sizeof title, "%d rank%s, %s", par->n_ranks, par->n_ranks == 1 ? "" : "s", what));
    TRY(bench_table_open(table, pair_columns, N_PAIR_COLUMNS, json, par->rank != 0, title));
    table->verified = true;
    return ERR_NONE;
}

Err bench_pairs_row_all(BenchTable *table, BenchCase c, const char *unit, double seconds, const Par *par) {
    return bench_pairs_row_moved_all(table, c, unit, NAN, seconds, par);
}

/* By the wall: what many ranks wait for is part of what they do. */
Err bench_pairs_row_moved_all(BenchTable *table, BenchCase c, const char *unit, double moved, double seconds,
                              const Par *par) {
    BenchFound found;
    c.wall = true;
    TRY(bench_measure_all(&found, &c, seconds, par));
    const BenchCell cells[] = {bench_text(c.name),        bench_number(found.rate),  bench_text(unit),
                               bench_number(found.bound), bench_number(found.share), bench_number(moved)};
    return bench_table_row(table, cells);
}

/* One thread and all of them in turns, for the same reason as work and bound. */
Err bench_threads(BenchThreaded *found, BenchThreadedWork work, void *state, int threads, double seconds) {
    double rates[TURNS], speedups[TURNS];
    *found = (BenchThreaded){NAN, NAN};
    if (threads == 1) return ERR_NONE;
    for (int t = 0; t < TURNS; t++) {
        double one, many, one_elapsed, many_elapsed;
        TRY(work(&one, &one_elapsed, state, 1, seconds / TURNS));
        TRY(work(&many, &many_elapsed, state, threads, seconds / TURNS));
        rates[t] = many / many_elapsed;
        speedups[t] = rates[t] * one_elapsed / one;
    }
    *found = (BenchThreaded){order_median(rates, TURNS), order_median(speedups, TURNS)};
    return ERR_NONE;
}
