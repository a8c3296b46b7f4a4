/* par/agree - errors and decisions that all ranks share.
 *
 * Between two _all calls a rank may fail only into a local Err; err_agree_all then gives every rank the code and
 * message of the lowest failing rank ("rank 1: shard 12: ..."). Decisions that steer control flow are agreed values,
 * never each rank's own look at the disk or the clock. Waiting polls a non-blocking reduction: after a few seconds -v
 * says which phase waits; after par->hang_timeout_s the run is aborted with that message. */
#pragma once

#include "par/par.h"

#include <stdint.h>

/* `phase` names what is being agreed on, for the hang report. A rank whose base/system/memory ran out has failed. */
CHECKED Err err_agree_all(Err mine, const Par *par, const char *phase);
/* Rank 0's value, everywhere. */
int64_t agree_rank0_all(int64_t value, const Par *par, const char *phase);
int64_t agree_max_all(int64_t value, const Par *par, const char *phase);
int64_t agree_sum_all(int64_t value, const Par *par, const char *phase);
/* True on all ranks when any rank's stop flag is set; the reason is spread too. */
bool agree_stop_all(const Par *par);
