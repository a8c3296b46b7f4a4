/* store/data/shard - whole videos in one HDF5 file, written by one rank, read by any.
 *
 * Contents (docs/formats.md): /frames u8 (frame, y, x, channel), /clip_start i64 (clips+1), /clip_index i64, /label
 * i32, and /latent/... with what the generator drew. All videos of a shard have one frame size (encoded ones that were
 * kept whole have their own); lengths differ. A shard is written as .partial with the serial driver and renamed when
 * whole. Its bytes depend only on its clips. The content digest covers frame bytes, clip_index, clip_start, labels and
 * latents and not HDF5's layout, so it is the same for raw and deflate. */
#pragma once

#include "base/system/digest.h"
#include "par/par.h"
#include "video/frames/clip.h"

#include <stdint.h>

typedef enum { STORAGE_RAW, STORAGE_DEFLATE, STORAGE_MPEG4, STORAGE_LATENT, STORAGE_ENCODED } StorageKind;
#define STORAGE_NAMES "raw|deflate|mpeg4|latent" /* of what we render; encoded is for files that come from outside */

/* One column of latents: `rows` x `cols` values a video (rows = objects). Float32 or int32. */
typedef struct {
    const char *name, *description, *units; /* "radius", "circumscribed radius", "pixels" */
    enum { LATENT_F32, LATENT_I32 } type;
    int rows, cols;
} LatentColumn;

typedef struct ShardWriter ShardWriter;

/* What a shard will hold. All of it is known before the first video, since lengths are latents. */
typedef struct {
    const char *path, *config_text; /* config_text goes into the file */
    StorageKind storage;
    int height, width;          /* STORAGE_ENCODED: 0, or the side of each frame's middle square */
    int64_t n_videos, n_frames; /* n_frames: the sum over the videos */
    int64_t n_bytes;            /* STORAGE_ENCODED: the sum of the files' sizes */
    const LatentColumn *columns;
    int n_columns;
} ShardPlan;

/* Raw and encoded shards that the disk has no room for are refused at once. The plan's columns are borrowed until
 * shard_finish. STORAGE_ENCODED: files as they came (shard_append_file), decoded on reading: each frame turned upright,
 * its middle square at the plan's size (video/transform/resize.h), or with size 0 the whole frame of its own size. */
CHECKED Err shard_create(ShardWriter **writer, const ShardPlan *plan);
/* Videos in ascending clip_index. latents[c]: rows*cols values of column c (may be NULL without columns). A latent
 * shard takes only the shape of `frames`: its data may be NULL. */
CHECKED Err shard_append(ShardWriter *writer, int64_t clip_index, int label, const Frames *frames,
                         const void *const *latents);
/* A file, its size, and the frames it gives when decoded (their size counts where the shard has none of its own). */
typedef struct {
    const char *path;
    int64_t bytes;
    int n_frames, height, width;
} ShardFile;
CHECKED Err shard_append_file(ShardWriter *writer, int64_t clip_index, int label, const ShardFile *file);
/* Closes, fsyncs, renames; digest of the contents. On failure the partial is removed. */
CHECKED Err shard_finish(ShardWriter **writer, char digest[DIGEST_SIZE]);
void shard_abandon(ShardWriter **writer);

typedef struct ShardReader ShardReader;

typedef struct {
    StorageKind storage;
    int64_t n_videos, n_frames;
    int height, width; /* 0: every video has its own (shard_video) */
} ShardInfo;

CHECKED Err shard_open(ShardReader **reader, const char *path);
void shard_close(ShardReader **reader);
int64_t shard_n_videos(const ShardReader *reader);
ShardInfo shard_info(const ShardReader *reader);
const char *storage_name(StorageKind storage); /* "raw", ... */

/* In-shard number 0..n_videos-1. */
CHECKED Err shard_video(const ShardReader *reader, int64_t video, int64_t *clip_index, int *n_frames, int *height,
                        int *width, int *label);
/* Thread-safe. Raw shards are read past HDF5 by pread at the array's place in the file; deflated ones under one
 * lock; mpeg4 and encoded ones are decoded from the start of their video, so frame n is the n-th that comes out.
 * Latent shards hold no frames: ERR_USAGE (store/data/dataset renders them). */
CHECKED Err shard_read(ShardReader *reader, int64_t video, const int *frame_numbers, int n_frames, Frames *out);
/* Recomputed from the file, for verify. */
CHECKED Err shard_digest(const char *path, char digest[DIGEST_SIZE]);

/* One raw shard that all ranks fill at once through MPI-IO, for those who want one file.
 *
 * The result is the shard that store/data/shard would have written: readers see no difference, and its digest is the
 * same for any number of ranks. Rank 0 lays the file out with every array in its place, all ranks write their videos
 * with independent writes, rank 0 reads the file back once for the content digest. That, and the traffic of many
 * writers in one file, makes it slower than a shard a rank (docs/formats.md): the mode is for convenience, not for
 * speed.
 *
 * Everything that is written is raw: deflate needs collective writes, encoded videos have unknown sizes. */

/* Borrowed until finished. Video k of the file is video k of the dataset. */
typedef struct {
    const char *path, *config_text;
    int height, width;
    int64_t n_videos;
    const int64_t *clip_start; /* n_videos + 1 */
    const int32_t *label;      /* n_videos */
    const LatentColumn *columns;
    int n_columns;
} SharedShardPlan;

typedef struct SharedShard SharedShard;

/* The same plan on all ranks. On failure nothing is left. */
CHECKED Err shared_shard_create_all(SharedShard **shard, const SharedShardPlan *plan, const Par *par);
/* Local, any order, each video by one rank; only the thread that started MPI. */
CHECKED Err shared_shard_write(SharedShard *shard, int64_t video, const Frames *frames, const void *const *latents);
/* `mine`: how this rank's writing went. Closes, and when all went well digests, syncs and renames; otherwise removes
 * the partial file and gives all ranks the failure. The digest is set on rank 0. */
CHECKED Err shared_shard_finish_all(SharedShard **shard, Err mine, char digest[DIGEST_SIZE]);
