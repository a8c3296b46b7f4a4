/* analysis/measure/collector - reads the drawn frames once, shared among ranks and threads, and feeds them to the
 * metrics.
 *
 * FrameSampling may come in any order and are first brought into their canonical one. They are cut into at most
 * COLLECT_CHUNKS chunks of neighbors; a chunk is handled by one thread of one rank with fresh states, and feature
 * vectors are batched by position in the draws. States are exact sums (analysis/measure/metric). So the outcome has the
 * same bits for any order of the draws and any number of ranks and threads, and the states take the same memory for any
 * number of frames.
 */
#pragma once

#include "analysis/measure/internal/frame_sampling.h"
#include "analysis/measure/metric.h"
#include "par/run.h"
#include "store/journal/journal.h"

enum { COLLECT_CHUNKS = 256, COLLECT_METRICS = 8, COLLECT_NETS = 12 };
/* FrameSampling a chunk: whole batches of the networks. */
int64_t collect_chunk_draws(int64_t draws);

/* What is to be collected from the draws. Metrics are all of one input kind's pixels; n_metrics may be 0. */
typedef struct {
    const Metric *metrics[COLLECT_METRICS];
    int n_metrics;
    const FeatureNet *nets[COLLECT_NETS];
    int n_nets;
    bool by_frame;    /* one vector for every single frame of a draw, instead of one for the draw's clip */
    int side;         /* of the squares that pixel metrics see; never above the source's short side */
    Journal *journal; /* keeps every chunk and knows those of earlier lives; NULL: none. Owned by the caller */
} CollectPlan;

/* On every rank the same. Owned: free with collected_free. */
typedef struct {
    ExactSum *states[COLLECT_METRICS];
    const ExactSum *chunks[COLLECT_METRICS]; /* of the first chunk; the next one's is state_sums further */
    size_t state_sums;                       /* of all metrics together */
    int64_t n_chunks;
    FeatureRows features[COLLECT_NETS]; /* as the plan's nets; rows as the draws, sorted */
    ExactSum *storage, *chunk_storage;
} Collected;

/* Sorts the draws. With a journal a stop request ends it with ERR_STOPPED, after a chunk a rank at least. */
CHECKED Err collect_all(Collected *out, const CollectPlan *plan, const ClipSource *source, FrameSampling *draws,
                        const char *what, const Run *run);
void collected_free(Collected *collected);
