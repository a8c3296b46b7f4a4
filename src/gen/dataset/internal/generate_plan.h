/* gen/dataset/generate_plan - what a dataset folder is to hold, and who renders which shard.
 *
 * Pure functions of the configuration: every rank computes the same plan. The plan's text identifies the dataset; it is
 * written to plan.json before any shard and into every shard, and a folder with another plan is refused. */
#pragma once

#include "gen/dataset/generate.h"
#include "gen/dataset/generator.h"
#include "store/data/dataset.h"

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
/* What one rank holds at most while rendering. */
double plan_memory_bytes(const Plan *plan, const Generator *generator, int threads);
/* Prints counts, disk by storage kind, memory and time; renders a few frames to tell the time. */
CHECKED Err plan_print(const Plan *plan, const GenerateConfig *config, const Generator *generator, const Run *run);
