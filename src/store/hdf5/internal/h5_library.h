/* store/hdf5/h5_library - the HDF5 library itself: one lock for it, and its errors as ours.
 *
 * The library is not thread safe: h5_lock guards every use, and the lock may be taken again by its owner. The first use
 * sets the library up. */
#pragma once

#include "base/text/text.h"

#include <hdf5.h>
#ifndef H5_HAVE_PARALLEL
#error "this is the header of a serial HDF5; synvid needs the one of the parallel library"
#endif

/* A file that is open (store/hdf5/h5.h). */
typedef struct {
    hid_t id;             /* 0: closed */
    char path[PATH_SIZE]; /* for messages: the final name */
    bool writes;          /* created by us through the serial driver */
    bool sealed;          /* opened by h5_open: has a seal (store/hdf5/internal/seal.h) */
    int version;          /* opened by h5_open: of its schema */
} H5File;

void h5_lock(void);
void h5_unlock(void);

/* An Err with HDF5's innermost reason: "FILE: OBJECT: cannot WHAT: reason". */
Err h5_fail(Err code, const H5File *file, const char *object, const char *what);
