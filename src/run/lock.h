/* run/lock - one job at a time in a run folder.
 *
 * The file .lock holds "host pid job" while a job runs. A lock is dead, and taken over, when its process is gone from
 * this host, or when it was taken by an earlier life of the same batch job (SLURM_JOB_ID: requeued after a crash, maybe
 * on another host). A lock of another host is believed. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

/* *descriptor stays open, and the lock held, until runlock_release. ERR_USAGE names the holder. */
CHECKED Err runlock_take(int *descriptor, const char *folder);
/* Whether somebody works in the folder, as far as can be told from here; without touching the lock. */
bool runlock_is_held(const char *folder);
/* Fine with a negative descriptor. */
void runlock_release(int *descriptor);
