/* bench/bench_step - how fast a training step is, by parts, as a share of a plain sgemm. A topic of `synvid bench`.
 *
 * A step of every rank, one thread each: clips loaded from live videos, forward, backward, gradients exchanged, slice
 * updated, parameters gathered; pre-training at mask 0.75 and 0.9 and fine-tuning, tiny to ViT-B. Times are CPU time of
 * the slowest rank, so that neighbors on the machine count as little as possible, except the exchange, which is
 * wall-clock time from the moment all ranks are there. Backward is what a step takes beyond its forward pass. The
 * yardstick (sgemm of 2048 squared, in mixed precision the peak of the multiply units; on all ranks at once) is timed
 * before and after every repetition, and shares are medians over such neighbors. With several ranks rank 0 first
 * measures alone; "x one" is the throughput of all over that. The loss of a batch is compared with the losses of its
 * clips one by one before anything is timed. */
#pragma once

#include "nn/models/precision.h"
#include "par/par.h"

#include <stdbool.h>

/* Prints a table, or JSON, to stdout of rank 0; about `seconds` on a row, at least three repetitions. `only`, if not
 * NULL: the rows whose name contains it, ERR_USAGE if none does. */
CHECKED Err bench_step_all(double seconds, const char *only, Precision precision, bool json, const Par *par);

/* What a team gains on one leaf: forward and backward pass by `members` threads over one thread's, by the clock, in
 * pairs next to each other, and by CPU time (one thread's over the team's longest chain of parts, which neighbors on
 * the machine disturb less), after the gradients of both were found equal bit for bit; calls of the team a step, the
 * cost of an empty one, and the share of a step that the leader waits for others. Local. */
CHECKED Err bench_step_team(double seconds, const char *only, Precision precision, int members, bool json);
