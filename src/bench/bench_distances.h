/* bench/bench_distances - what follows after the features: covariance, Frechet distance and diversity in Inception's
 * 2048 dimensions with as many samples as the paper draws, in CPU time of one thread, and what they come to for its 34
 * datasets. A topic of `synvid bench`. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

CHECKED Err bench_distances(bool json);
