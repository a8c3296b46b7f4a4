/* bench/bench_nn - how fast the network's kernels run, as a share of a plain sgemm. A topic of `synvid bench`.
 *
 * Times are CPU time of the one thread used, so that neighbors on the machine count as little as possible; the
 * yardstick (sgemm of 2048 squared) is timed before and after every repetition, and shares are medians over such
 * neighboring pairs. A kernel is compared with its plain version before anything is timed; a difference is
 * ERR_INTERNAL.
 * Prints a table, or JSON, to stdout and spends about `seconds` on a row. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

/* Attention, projections, GELU and LayerNorm at the sizes of ViT-B and of tiny models. */
CHECKED Err bench_kernels(double seconds, bool json);
