/* bench/bench_pairs - timing work of many ranks in turn with its bound, for topics of `synvid bench`.
 *
 * A bound is what the machine does when nothing but the unavoidable is left: the same bytes written without a file
 * format, the same floats added without other ranks. Work and bound take turns, and the share is the median of such
 * neighboring pairs, because machines drift. Times are those of the slowest rank. */
#pragma once

#include "par/par.h"

typedef struct {
    char name[64], unit[16]; /* "write, raw shards", "MB/s" */
    double rate;             /* best, all ranks together */
    double bound;            /* best of the bound's work */
    double share;            /* of the neighboring bound, median */
    double moved;            /* bytes over the fewest that can be; 0: not counted */
} PairRow;

typedef struct {
    void (*row)(void *context, const PairRow *row); /* rank 0 only */
    void *context;
} PairSink;

typedef CHECKED Err (*PairWork)(void *state);

/* Fills rate, bound and share from pairs of repetitions, at least three and for about `seconds`. `amount` is what all
 * ranks do in a repetition, in the row's unit times seconds. A failure on any rank is agreed on. */
CHECKED Err pairs_measure_all(PairRow *row, PairWork work, PairWork bound, void *state, double amount, double seconds,
                              const Par *par);
