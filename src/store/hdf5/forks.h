/* store/hdf5/forks - HDF5's lock in a process that forks while its threads read. */
#pragma once

/* From now on a fork waits until no thread is inside HDF5, and the child finds the lock open. Once. Locks that are held
 * around reading must be guarded after this: of such handlers the last one runs first before a fork (pthread_atfork),
 * and locks must be taken from the outside in. */
void store_guard_forks(void);
