/* bench/bench_memory - how much memory generate holds at its peak, for few videos and for many.
 *
 * Runs this program itself as a child, so that nothing else counts: `generate` of raw videos of 16 frames of 256 x 256
 * into a folder of its own in `folder`, which is removed afterwards (3 MB a video). The peak is the child's largest
 * resident set as the system tells it; page cache does not count. What grows with the number of videos would show here.
 */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

/* Prints a table, or JSON, to stdout. */
CHECKED Err bench_memory(const char *folder, bool json);
