/* bench/bench_generate - how fast videos are rendered, on one thread and on several.
 *
 * For each kind of dataset: sample frames are compared with the plain renderer first, then whole videos are rendered
 * for some time and the median rate, in CPU time of the thread, is told. The bound is the rate at which this thread can
 * write frames of that size to memory; the last column compares with the paper's released generator as it was measured
 * on one core of another machine (Python and OpenCV, 256 x 256, 500 objects). */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

/* With more than one thread, what all of them render by the wall clock, and its ratio to one of them. Prints a table,
 * or JSON, to stdout. `seconds` for each row. ERR_INTERNAL when a picture differs. */
CHECKED Err bench_generate(double seconds, int threads, bool json);
