/* base/system/lock - a file that one process at a time holds, as the kernel sees it (flock).
 *
 * The lock ends when the descriptor is closed, also by a death. Some network file systems carry no locks, or carry
 * them within a host only: LOCK_NOT_HERE, and what then counts is the caller's affair. */
#pragma once

#include "base/failure/err.h"

typedef enum { LOCK_TAKEN, LOCK_BUSY, LOCK_NOT_HERE } LockState;

/* Opens the file, which is made when it is missing, and tries to take the lock, without waiting. After success the
 * caller closes *descriptor, whatever the state; after a failure it is -1. */
CHECKED Err lock_try(int *descriptor, LockState *state, const char *path);
/* Waits until the lock is taken; ERR_IO where there are no locks. */
CHECKED Err lock_wait(int descriptor, const char *path);
