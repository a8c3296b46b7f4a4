/* run/rehearsal - what a rehearsal may change of an official protocol: sizes of the network and counts, downward.
 *
 * A rehearsal walks the paper's experiment through the very same code with the very same commands. So nothing that
 * chooses a path may differ: no size of a frame, no list, no read-out, no augmentation. */
#pragma once

#include "base/config/field.h"
#include "par/run.h"

/* "train.epochs": a number that may be smaller in a rehearsal. */
bool rehearsal_may_shrink(const char *key);
/* The config before it was made smaller, malloc'd; NULL when the run is no rehearsal. */
CHECKED Err rehearsal_original(void **config, const Run *run, size_t config_size, const Field *fields);
