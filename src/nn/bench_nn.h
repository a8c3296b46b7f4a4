/* nn/bench_nn - how fast the network's arithmetic runs, as a share of a plain sgemm.
 *
 * Times are CPU time of the calling thread, so that neighbors on the machine count as little as possible; the yardstick
 * (sgemm of 2048 squared) is timed before and after every repetition, and shares are medians of such neighboring pairs.
 * A kernel is compared with its plain version, a step with the loss it must repeat, before anything is timed. */
#pragma once

#include "nn/model.h"

typedef struct {
    char name[64];
    double gflop;   /* of one call, 2 per multiply-add of its matrix products; 0: counted in elements instead */
    double seconds; /* of one call, the best */
    double gflops;  /* the best; for elementwise kernels: billion elements a second */
    double share;   /* of the sgemm beside it, median; 0 for elementwise kernels */
    double error;   /* relative distance from the plain version */
} NnBenchRow;

typedef struct {
    void (*row)(void *context, const NnBenchRow *row);
    void *context;
} NnBenchSink;

/* Attention at the sizes of ViT-B and of a tiny model, its projections, GELU and LayerNorm. */
CHECKED Err bench_nn_kernels(NnBenchSink sink);
/* One training step (forward and backward; `steps` of them) of B clips. */
CHECKED Err bench_nn_step(NnBenchSink sink, const char *name, const ModelConfig *model, double mask_ratio, int B,
                          int steps);
