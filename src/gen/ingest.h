/* gen/ingest - real videos or images into shards or a pool, across ranks.
 *
 * Unreadable files are reported, skipped and counted in the manifest; more than max_bad of them fail the command with
 * ERR_INPUT before anything gets its final name. */
#pragma once

#include "base/field.h"
#include "base/text.h"
#include "par/run.h"

typedef struct {
    char input[PATH_SIZE]; /* folder, searched recursively */
    int as;                /* videos | images */
    int size;              /* videos: short side; images: square side of the pool */
    int max_frames;        /* videos: longer ones are cut into pieces of this many frames, 0: whole */
    int limit;             /* reproducible subset, 0: all */
    double max_bad;        /* share of unreadable files that is tolerated */
    int shard_videos;
    int storage;
    int label_from; /* none | folder (one class per sub-folder) */
} IngestConfig;

extern const Field ingest_fields[];
CHECKED Err ingest_run_all(const IngestConfig *config, const Run *run);
