/* gen/dataset/generate_shard - renders one shard with all threads of a rank.
 *
 * Threads render videos side by side; frames are appended in the order of videos, so the file does not depend on how
 * many threads there are. A stop request abandons the shard: it is done again from its start. */
#pragma once

#include "gen/dataset/generator.h"
#include "par/par.h"
#include "par/progress.h"

typedef struct {
    const Generator *generator;
    const char *path, *config_text;
    StorageKind storage;
    int64_t first, n_videos, n_frames;
    int longest, threads;
    Progress *progress; /* may be NULL */
} ShardJob;

/* ERR_STOPPED when a stop was requested. */
CHECKED Err generate_shard(char digest[DIGEST_SIZE], const ShardJob *job);

/* What one rendering thread holds: the frames and the latent parameters of one video. */
typedef struct {
    Frames frames;
    VideoInfo info; /* of the video rendered last */
    int *numbers;
    char *latents;
    void *columns[GENERATOR_COLUMNS_MAX]; /* one for each column of the generator */
} RenderBuffer;

/* longest: frames of the longest video to come. Free it also when this fails. */
CHECKED Err render_buffer_init(RenderBuffer *bench, const Generator *generator, int longest, bool pixels);
void render_buffer_free(RenderBuffer *bench);
/* Info, latents and, with `pixels`, all frames; without them `frames` has their shape and no data. */
CHECKED Err render_buffer_render(RenderBuffer *bench, const Generator *generator, int64_t video, bool pixels);

/* Renders a whole dataset into one shard that all ranks write at once
 * (store/data/shard_shared).
 *
 * Ranks take neighboring videos with equal numbers of frames; a rank renders with all its threads and writes from one.
 */

/* The digest is set on rank 0. ERR_STOPPED when a stop was requested: nothing is left then. */
CHECKED Err generate_shared_all(char digest[DIGEST_SIZE], const ShardJob *job, const Par *par);
