/* store/data/master - one HDF5 file that shows all shards of a dataset as one, for h5py and other readers of HDF5.
 *
 * Its arrays are virtual: they hold no data and take their elements from the shards, so the file is small and the
 * shards must stay where they are. /frames (raw and deflated datasets), /clip_index, /label and /latent/... of all
 * videos one after the other; /clip_start is real, its numbers count through the whole dataset. Shards beside the
 * master are named relative to it, so the folder may be moved; others by their absolute paths. HDF5 shows the fill
 * value for a shard that went missing, so their number and digests are attributes. Our own readers take the folder. */
#pragma once

#include "base/failure/err.h"

/* Every shard is opened and must be as the manifest says. One rank. */
CHECKED Err master_write(const char *path, const char *folder);
