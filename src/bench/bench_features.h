/* bench/bench_features - how fast frames and clips are turned into features. A topic of `synvid bench`.
 *
 * Inception and I3D with random weights, beside a plain sgemm (bench/bench_beside): frames or clips a second, share of
 * the sgemm rate, memory for weights and activations, by CPU time of one thread; with more threads also by the clock, a
 * network's batch each. Features are compared with those of the plainest kernels before anything is timed. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

CHECKED Err bench_features(double seconds, int threads, bool json);
