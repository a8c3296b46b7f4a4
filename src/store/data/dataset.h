/* store/data/dataset - a folder of shards and its manifest dataset.json, which is written last.
 *
 * The manifest holds schema, kind ("generated", "ingested", "standin"), name, resolved variant, seed, counts and class
 * names, and for each shard its file, first clip, clips, frames and digest. The digest of the dataset is that of the
 * shard digests in order. For ingested data the manifest also lists the files read, and those skipped with reasons. */
#pragma once

#include "base/failure/err.h"
#include "base/system/digest.h"
#include "base/text/text.h"
#include "par/par.h"
#include "video/frames/source.h"

typedef struct {
    char file[64];
    int64_t first_clip, n_clips, n_frames;
    char digest[DIGEST_SIZE];
} DatasetShard;

typedef struct {
    char kind[32], name[NAME_SIZE];
    char digest[DIGEST_SIZE];
    int64_t n_clips, n_frames;
    int height, width; /* 0: every video has its own */
    uint64_t seed;
    int n_classes;
    char **class_names;
    char *config_text; /* resolved config that made it */
    char *provenance;  /* JSON object text: for ingested data which files, which were skipped and why; or NULL */
    int n_shards;
    DatasetShard *shards;
} Dataset;

CHECKED Err dataset_read(Dataset *dataset, const char *folder);
/* Fills dataset->digest from the shards, writes dataset.json whole. One rank. */
CHECKED Err dataset_write(Dataset *dataset, const char *folder);
void dataset_free(Dataset *dataset);
/* Reads every shard and compares with the manifest; the dataset digest on success, ERR_INPUT naming the first shard
 * that differs. */
CHECKED Err dataset_verify(const char *folder, char digest[DIGEST_SIZE]);
CHECKED Err dataset_shard_path(char *out, size_t size, const char *folder, int shard);

/* Latent shards are rendered on reading: gives a source whose video i is the dataset's video of clip_index i. */
typedef Err LatentRenderer(ClipSource **source, const Dataset *dataset, const char *folder);

/* A dataset folder as a source; local. Opens shards on first use and checks that every shard of the manifest is there.
 * gen/dataset/sources.h has it with its renderer; `render` NULL: latent datasets are ERR_USAGE. */
CHECKED Err shard_source_open(ClipSource **source, const char *folder, LatentRenderer *render);
/* The same with its renderer chosen, for those who may not know gen. */
typedef Err DatasetOpen(ClipSource **source, const char *folder);

/* One HDF5 file that shows all shards of a dataset as one, for h5py and other readers of HDF5.
 *
 * Its arrays are virtual: they hold no data and take their elements from the shards, so the file is small and the
 * shards must stay where they are. /frames (raw and deflated datasets), /clip_index, /label and /latent/... of all
 * videos one after the other; /clip_start is real, its numbers count through the whole dataset. Shards beside the
 * master are named relative to it, so the folder may be moved; others by their absolute paths. HDF5 shows the fill
 * value for a shard that went missing, so their number and digests are attributes. Our own readers take the folder. */

/* Every shard is opened and must be as the manifest says. One rank. */
CHECKED Err master_write(const char *path, const char *folder);
