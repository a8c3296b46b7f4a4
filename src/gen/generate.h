/* gen/generate - render a variant into a dataset folder: the parallel loop over shards. */
#pragma once

#include "gen/variant.h"
#include "par/run.h"
#include "store/shard.h"
#include "video/source.h"

typedef struct {
    char variant[PATH_SIZE]; /* slug or file */
    char pool[PATH_SIZE];    /* images or textures, if the variant needs them */
    char split[16];          /* stand-ins: train | test */
    int64_t videos;
    int shard_videos; /* videos a shard: a work unit */
    int storage;      /* StorageKind */
} GenerateConfig;

extern const Field generate_fields[];

/* Shards that exist and verify by size are kept; --dry-run prints counts, bytes by storage kind, memory, time. */
CHECKED Err generate_run_all(const GenerateConfig *config, const Variant *variant, const Run *run);

/* The variant on the fly: `count` videos an epoch, endless, lengths as the paper's on-the-fly rows. Variant and pool
 * are borrowed for the life of the source. */
struct Pool;
CHECKED Err live_source_open(ClipSource **source, const Variant *variant, const char *pool_path, const char *split,
                             int64_t count, uint64_t seed, const Par *par);
