/* gen/dataset/internal/generate_shard - parts of `generate`: the plan of a dataset, and the rendering of a shard. */
#pragma once

#include "gen/dataset/generate.h"
#include "gen/dataset/generator.h"
#include "par/par.h"
#include "par/progress.h"
#include "store/data/dataset.h"

/* generate_plan.c: what a dataset folder is to hold, and who renders which shard.
 *
 * Pure functions of the configuration: every rank computes the same plan. The plan's text identifies the dataset; it is
 * written to plan.json before any shard and into every shard, and a folder with another plan is refused. */

typedef struct {
    int64_t first, n_videos, n_frames;
} PlanShard;

typedef struct {
    int n_shards, longest; /* longest: frames of the longest video */
    int64_t n_videos, n_frames;
    PlanShard *shards;
    int *by_cost; /* shard numbers, most frames first */
    char *text;   /* JSON: variant, split, seed, videos, shard_videos, storage, media digest */
} Plan;

CHECKED Err plan_make(Plan *plan, const GenerateConfig *config, const Generator *generator);
void plan_free(Plan *plan);

/* Bytes of pixels and of latents of `n_frames` frames and `n_videos` videos. */
double plan_pixel_bytes(const Generator *generator, int64_t n_frames);
double plan_latent_bytes(const Generator *generator, int64_t n_videos);
/* Expected share of the raw size that frames take in a storage kind, from measurements of each kind of picture. */
double plan_storage_ratio(StorageKind storage, const Variant *variant);
/* Prints counts, disk by storage kind, memory and time; renders a few frames to tell the time. */
CHECKED Err plan_print(const Plan *plan, const GenerateConfig *config, const Generator *generator, const Run *run);

/* generate_shard.c: renders one shard with all threads of a rank.
 *
 * Threads render videos side by side; frames are appended in the order of videos, so the file does not depend on how
 * many threads there are. A stop request abandons the shard: it is done again from its start. */

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
