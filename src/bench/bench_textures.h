/* bench/bench_textures - how fast still textures of 256 x 256 are made, on one thread and on several.
 *
 * First, StyleGAN textures are compared with the network as it is written, on a small one, and the pyramid of the
 * statistical ones must give back its picture. The last column compares with
 * the programs that made the published pools, as measured on another machine (PyTorch on two cores; plain numpy). */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

/* With more than one thread, what all of them make by the wall clock, and its ratio to one of them. Prints a table, or
 * JSON, to stdout. About `seconds` for each kind. ERR_INTERNAL when a picture differs. */
CHECKED Err bench_textures(double seconds, int threads, bool json);
