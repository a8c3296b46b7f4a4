/* base/system/estimate - what a dry run expects, in a line that programs read.
 *
 * "estimate: rank_bytes=7580000000 core_seconds=1234.5" is the last line of `--dry-run` of a many-rank command. Sweeps
 * size jobs by it. Core seconds of arithmetic are those of a core of 50 GFLOP/s. */
#pragma once

#include <stdbool.h>

/* The rate of a core that is assumed where nothing was measured. */
#define ESTIMATE_CORE_FLOPS 50e9

/* To stdout. */
void estimate_print(double rank_bytes, double core_seconds);
/* The line in the output of a dry run; false when there is none. */
bool estimate_find(double *rank_bytes, double *core_seconds, const char *text);
