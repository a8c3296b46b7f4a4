/* features/bench_features - how fast datasets are turned into features and these into distances. Topics of `synvid
 * bench`.
 *
 * bench_features: Inception and I3D with random weights, beside a plain sgemm (nn/bench_beside): frames or clips a
 * second, share of the sgemm rate, memory for weights and activations, by CPU time of one thread; with more threads
 * also by the clock, a network's batch each. Features are compared with those of the plainest kernels before anything
 * is timed.
 *
 * bench_distances: the covariance, eigenvalues and Frechet distance in 2048 dimensions, on one thread, and what they
 * come to for the paper's 34 datasets. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

CHECKED Err bench_features(double seconds, int threads, bool json);
CHECKED Err bench_distances(bool json);
