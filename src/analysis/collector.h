/* analysis/collector - reads the drawn frames once, shared among ranks and threads, and feeds them to the metrics.
 *
 * Work is cut into chunks of COLLECT_CHUNK draws. A chunk is handled by one thread of one rank with fresh states; the
 * chunk states are gathered and merged in chunk order, and feature vectors are batched by position in the draws. So the
 * outcome has the same bits for any number of ranks and threads. */
#pragma once

#include "analysis/draws.h"
#include "analysis/encoder.h"
#include "analysis/metric.h"
#include "par/run.h"

enum { COLLECT_CHUNK = 8, COLLECT_METRICS = 8 };

/* What is to be collected from the draws. Metrics are all of one input kind's pixels; n_metrics may be 0. */
typedef struct {
    const Metric *metrics[COLLECT_METRICS];
    int n_metrics;
    const Encoder *encoder; /* NULL: no features */
    bool by_frame;          /* one vector for every single frame of a draw, instead of one for the draw's clip */
    int side;               /* of the squares that pixel metrics see; never above the source's short side */
} CollectPlan;

/* On every rank the same. Owned: free with collected_free. */
typedef struct {
    double *states[COLLECT_METRICS];
    FeatureRows features; /* rows NULL without an encoder */
    double *storage;
} Collected;

CHECKED Err collect_all(Collected *out, const CollectPlan *plan, const ClipSource *source, const Draws *draws,
                        const char *what, const Run *run);
void collected_free(Collected *collected);
