/* bench/internal/topics - the topics of `synvid bench`, one function each; which see bench/bench.h. */
#pragma once

#include "bench/bench.h"

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
