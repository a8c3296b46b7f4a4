/* gen/dataset/generate - render a variant into a dataset folder: the parallel loop over shards.
 *
 * A shard of shard_videos videos is a work unit. Ranks take shards by cost (frames), a rank renders with all its
 * threads and appends in order; a shard's bytes depend only on variant, seed and video numbers. plan.json (what the
 * folder is to hold) is written first and dataset.json last: a run that was killed or stopped goes on with the shards
 * that are missing, and a folder that was planned otherwise is refused. With one_file there is one shard, written by
 * all ranks through MPI-IO: the same dataset as with shard_videos >= videos. */
#pragma once

#include "gen/variant/variant.h"
#include "par/run.h"
#include "store/data/shard.h"
#include "video/frames/source.h"

enum { VARIANT_TEXT_SIZE = 4096 };

typedef struct {
    char variant[VARIANT_TEXT_SIZE]; /* slug, file, or the variant itself as a JSON object (gen/variant/variant.h) */
    TextList with;                   /* changes to the variant, "objects=100" */
    char pool[PATH_SIZE];            /* comma-separated pools and dataset folders (gen/variant/media.h) */
    char split[16];                  /* stand-ins: train | test */
    int64_t videos;
    int size, frames; /* 0: the variant's */
    int shard_videos; /* videos a shard: a work unit */
    bool one_file;    /* all videos in one shard that all ranks write at once; raw storage */
    int storage;      /* StorageKind */
} GenerateConfig;

extern const Field generate_fields[];

/* A variant with changes, as `generate` and live sources are asked for one; borrowed. */
typedef struct {
    const char *name;     /* slug or file */
    const TextList *with; /* "objects=100" */
    int size, frames;     /* 0: the variant's */
} VariantRequest;

/* Rank 0 looks, all hear. */
CHECKED Err variant_request_all(Variant **variant, const VariantRequest *request, const Par *par);
/* In the manifest's provenance, only where photographs are whole (gen/variant/media.h): of still clips that have their
 * image's own proportions "kept", of everything else "whole". */
#define GENERATE_PHOTOGRAPHS "photographs"
#define GENERATE_WHOLE       "whole"
#define GENERATE_KEPT        "kept"

/* The variant with the config's changes. */
CHECKED Err generate_variant_all(Variant **variant, const GenerateConfig *config, const Par *par);

/* Shards that exist and verify are kept; --dry-run prints counts, bytes by storage kind, memory, time. */
CHECKED Err generate_run_all(const GenerateConfig *config, const Variant *variant, const Run *run);
