/* store/hdf5/describe - any HDF5 file in words, ours or not: attributes of the root, and every array with type, shape,
 * what its dimensions count, size on disk and description. For people; within 100 columns. */
#pragma once

#include "base/text/text.h"

/* Appends lines. Groups of more than a few arrays are summed up. A file that is not HDF5 is ERR_INPUT. */
CHECKED Err h5_describe(Builder *out, const char *path);
/* The text attribute `name` of the root, or *text NULL when there is none; the caller frees. */
CHECKED Err h5_root_text(char **text, const char *path, const char *name);
