/* store/data/internal/shard_format - what the writer, the reader and the digest of a shard must agree on. */
#pragma once

#include "base/system/digest.h"
#include "store/data/shard.h"
#include "store/hdf5/h5.h"

#define SHARD_SCHEMA "synvid.shard"
enum { SHARD_VERSION = 1 };

/* Deflated shards: deflate's window is 32 KiB, so a tile of 64 x 64 pixels (12 KiB) sees the frame before, where a
 * full-width chunk would not; 50 frames divide the usual 150. */
enum { TILE_FRAMES = 50, TILE_SIDE = 64 };

/* /frames of this storage kind. */
H5Array shard_frames_array(StorageKind storage, int64_t n_frames, int height, int width);

/* Videos as bytes: /bytes, each video from byte_start[k] to byte_start[k+1]. */
static inline bool shard_has_bytes(StorageKind storage) {
    return storage == STORAGE_MPEG4 || storage == STORAGE_ENCODED;
}
H5Array shard_bytes_array(int64_t n_bytes);
H5Array shard_byte_start_array(int64_t n_videos);
/* /frame_size of an encoded shard whose videos keep their own sizes. */
H5Array shard_frame_size_array(int64_t n_videos);

/* The tables of a shard of n videos. */
typedef enum { SHARD_CLIP_START, SHARD_CLIP_INDEX, SHARD_LABEL, SHARD_TABLES } ShardTable;
H5Array shard_table_array(ShardTable table, int64_t n_videos);
/* /latent/NAME; `name` is where the array's name is kept. */
H5Array shard_column_array(const LatentColumn *column, int64_t n_videos, char name[2 * NAME_SIZE]);
/* In order of name, which is the order of the digest: the column behind `before` (NULL: the first); NULL at the end. */
const LatentColumn *shard_next_column(const LatentColumn *columns, int n_columns, const LatentColumn *before);
/* Root attributes that do not depend on the videos. */
CHECKED Err shard_put_identity(const H5File *file, StorageKind storage, int height, int width, const char *config_text);

/* The content digest, in this order: size of a frame, pixels (or, for encoded shards, bytes) of all videos, tables,
 * latent columns by name. Latent shards have no pixels to digest. */
typedef struct {
    int64_t n_videos;
    const int64_t *clip_start, *clip_index; /* n_videos + 1, n_videos */
    const int32_t *label;
} ShardTables;

void shard_digest_begin(Digest *digest, int height, int width);
void shard_digest_tables(Digest *digest, const ShardTables *tables);
/* `data`: (n_videos, rows, cols) of 4-byte values. */
void shard_digest_column(Digest *digest, const char *name, H5Kind kind, int64_t n_videos, int64_t rows, int64_t cols,
                         const void *data);

/* An open shard, as shard_open.c leaves it to shard_read.c and shard_digest.c. */
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
