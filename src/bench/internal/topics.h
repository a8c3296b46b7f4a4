/* bench/internal/topics - the topics of `synvid bench`, one function each; which see bench/bench.h. */
#pragma once

#include "bench/bench.h"
#include "bench/internal/harness.h"
#include "par/par.h"

/* Frames rendered a second, for each kind of dataset. */
CHECKED Err bench_generate_all(const BenchArgs *args, const Par *par);
/* Images made a second, for each kind of texture. */
CHECKED Err bench_textures_all(const BenchArgs *args, const Par *par);
/* Peak memory of generating 10 and 1,000 videos. */
CHECKED Err bench_memory_all(const BenchArgs *args, const Par *par);
/* Shards written, random clips read from every kind of storage. */
CHECKED Err bench_shards_all(const BenchArgs *args, const Par *par);
/* The network's kernels in both precisions. */
CHECKED Err bench_kernels_all(const BenchArgs *args, const Par *par);
/* Training steps, by parts. */
CHECKED Err bench_step_all(const BenchArgs *args, const Par *par);
/* Sums of gradients over ranks. At least two ranks, otherwise ERR_USAGE. */
CHECKED Err bench_exchange_all(const BenchArgs *args, const Par *par);
/* Frames and clips through Inception and I3D. */
CHECKED Err bench_features_all(const BenchArgs *args, const Par *par);
/* Covariance, Frechet distance and diversity of features. */
CHECKED Err bench_distances_all(const BenchArgs *args, const Par *par);

/* ---- shards: how large the files are, apart from the options: tests measure small ones ---- */

typedef struct {
    const char *folder;          /* must exist; left as it was */
    int size;                    /* frames are size x size */
    int n_frames;                /* of a video; at least 61, which a clip spans, or clips start over */
    int videos;                  /* of a rank's file */
    int clips;                   /* read by each rank in a call */
    double seconds;              /* for each row */
    const char *const *variants; /* latent datasets that are rendered too */
    int n_variants;
} ShardBenchPlan;

CHECKED Err shards_plan_measure_all(BenchTable *table, const ShardBenchPlan *plan, const Par *par);
