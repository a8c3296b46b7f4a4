/* store/data/shard_shared - one raw shard that all ranks fill at once through MPI-IO, for those who want one file.
 *
 * The result is the shard that store/data/shard would have written: readers see no difference, and its digest is the
 * same for any number of ranks. Rank 0 lays the file out with every array in its place, all ranks write their videos
 * with independent writes, rank 0 reads the file back once for the content digest. That, and the traffic of many
 * writers in one file, makes it slower than a shard a rank (docs/formats.md): the mode is for convenience, not for
 * speed.
 *
 * Everything that is written is raw: deflate needs collective writes, encoded videos have unknown sizes. */
#pragma once

#include "par/par.h"
#include "store/data/shard.h"

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
