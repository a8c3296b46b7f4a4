/* bench/bench_exchange - how fast gradients are summed over ranks, beside what the machine can do at all.
 *
 * For each way the bytes can travel (par/reduce.h) one row for the reduce-scatter and one for the all-gather, in GB/s
 * of the whole vector. Bounds, with all ranks at work at once: inside a node, adding a rank's slice of as many vectors
 * in memory of its own; between ranks that send messages, exchanging the fewest bytes in the same pieces without
 * adding. Where ranks are no power of two, runs of leaves that are no nodes of the tree cost more bytes: a row says how
 * many times the fewest it moves, with boundaries chosen for it and with even runs, and the largest power of two below
 * is measured, too. An all-gather in shared memory moves nothing, so it has no row. Sums are compared with the exact
 * ones first. */
#pragma once

#include "bench/internal/bench_pairs.h"

typedef struct {
    size_t floats;  /* of the vector */
    double seconds; /* of pairs for each row */
    int64_t leaves; /* of a step */
    int teams;      /* leaves a rank computes at a time */
} ExchangeBenchPlan;

/* At least two ranks, otherwise ERR_USAGE. */
CHECKED Err bench_exchange_all(PairSink sink, const ExchangeBenchPlan *plan, const Par *par);
