/* store/data/internal/shard_reader - an open shard, as shard_open.c leaves it to shard_read.c and shard_digest.c. */
#pragma once

#include "store/data/internal/shard_format.h"

struct ShardReader {
    H5File file;
    ShardInfo info;
    int64_t *clip_start, *clip_index;
    int32_t *label;
    int64_t *byte_start; /* encoded shards: n_videos + 1 */
    int32_t *frame_size; /* (n_videos, 2) height, width where every video has its own; else NULL */
    H5Array array;       /* /frames or /bytes */
    hid_t dataset;       /* of it; 0: latent */
    int descriptor;      /* contiguous arrays: the file, read past HDF5 */
    int64_t offset;      /* of the array in it */
};

/* `length` bytes of a contiguous array from its byte `at` on; thread-safe, without HDF5. */
CHECKED Err shard_read_bytes(const ShardReader *reader, int64_t at, void *out, size_t length);
/* `count` consecutive frames, numbered within the shard; raw and deflated shards. */
CHECKED Err shard_read_run(ShardReader *reader, int64_t first, int count, uint8_t *out);
