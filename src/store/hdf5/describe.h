/* store/hdf5/describe - any HDF5 file in words, ours or not: attributes of the root, and for every array its type,
 * shape, meaning of dimensions, size on disk and description. For people; within 100 columns.
 *
 * It also holds what layers need of HDF5 that must not see its header: how files begin, versions, and forks. */
#pragma once

#include "base/text/text.h"

/* Whether these are the first bytes of an HDF5 file; H5_SIGNATURE of them are looked at. */
enum { H5_SIGNATURE = 8 };
bool h5_begins(const void *bytes, size_t length);
/* Appends lines. Groups of more than a few arrays are summed up. A file that is not HDF5 is ERR_INPUT. */
CHECKED Err h5_describe(Builder *out, const char *path);
/* The text attribute `name` of the root, or *text NULL when there is none; the caller frees. */
CHECKED Err h5_root_text(char **text, const char *path, const char *name);

/* HDF5 and libzip; see base/system/versions.h. */
void store_versions(Builder *out);

/* HDF5's lock in a process that forks while its threads read. From now on a fork waits until no thread is inside HDF5,
 * and the child finds the lock open. Once. Locks that are held around reading must be guarded after this: of such
 * handlers the last one runs first before a fork (pthread_atfork), and locks must be taken from the outside in. */
void store_guard_forks(void);
