/* nn/bench_nn - how fast the network's arithmetic runs, as a share of a plain sgemm. Topics of `synvid bench`.
 *
 * Times are CPU time of the one thread used, so that neighbors on the machine count as little as possible; the
 * yardstick (sgemm of 2048 squared) is timed before and after every repetition, and shares are medians over such
 * neighboring pairs. A kernel is compared with its plain version, a step with the losses of its clips one by one,
 * before anything is timed; a difference is ERR_INTERNAL. Each prints a table, or JSON, to stdout and spends about
 * `seconds` on a row. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/* Attention, projections, GELU and LayerNorm at the sizes of ViT-B and of tiny models. */
CHECKED Err bench_kernels(double seconds, bool json);
/* A training step, forward and backward, of tiny models, ViT-S and ViT-B; mask 0.75. */
CHECKED Err bench_step(double seconds, bool json);
