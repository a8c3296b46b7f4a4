/* bench/bench_exchange - how fast gradients are summed over ranks, beside what the machine can do at all.
 *
 * For each way the bytes can travel (par/reduce.h) one row for the reduce-scatter and one for the all-gather, in GB/s
 * of the whole vector. Bounds, with all ranks at work at once: inside a node, adding a rank's slice of as many vectors
 * in memory of its own; between ranks that send messages, exchanging the same bytes in the same pieces without adding.
 * An all-gather in shared memory moves nothing, so it has no row. Sums are compared with the exact ones first. */
#pragma once

#include "bench/internal/bench_pairs.h"

typedef struct {
    size_t floats;  /* of the vector */
    double seconds; /* of pairs for each row */
} ExchangeBenchPlan;

/* At least two ranks, otherwise ERR_USAGE. Rows that need a power of two of ranks are left out for other counts. */
CHECKED Err bench_exchange_all(PairSink sink, const ExchangeBenchPlan *plan, const Par *par);
