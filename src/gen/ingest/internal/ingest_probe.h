/* gen/ingest/internal/ingest_probe - the first pass: what is in each file, and which files cannot be read.
 *
 * Files are dealt round robin to ranks and decoded whole by the rank's threads; afterwards every rank knows all. */
#pragma once

#include "gen/ingest/ingest_list.h"
#include "par/run.h"
#include "store/data/pool.h"
#include "store/journal/journal.h"

typedef struct {
    int32_t n_frames, height, width;
    int32_t n_damaged; /* packets and frames with errors */
    char reason[240];  /* why the file cannot be used; "" if it can */
} IngestProbe;

/* Images: where finished ones go, and where those of an earlier life are. A piece is an IngestHead and the image as it
 * will be in the pool; its number is the file's in the list. */
typedef struct {
    Journal *journal;
    JournalIndex *earlier;
} IngestKeep;

typedef struct {
    int32_t height, width; /* of the file's image */
} IngestHead;

/* Of the pool's image of a file whose image has this size. */
static inline PoolSize ingest_pool_size(const IngestConfig *config, int32_t height, int32_t width) {
    return config->fit == INGEST_FIT_KEEP ? (PoolSize){height, width} : (PoolSize){config->size, config->size};
}

/* *probes: list->count of them, malloc'd, the same on all ranks. `keep`: NULL for videos, and for images that nobody
 * wants. A stop request ends with ERR_STOPPED. */
CHECKED Err ingest_probe_all(IngestProbe **probes, const IngestKeep *keep, const IngestList *list,
                             const IngestConfig *config, const Run *run);
int64_t ingest_count_bad(const IngestProbe *probes, int64_t count);
int64_t ingest_count_damaged(const IngestProbe *probes, int64_t count);
/* Rank 0 warns of each bad file (a screenful of them); ERR_INPUT when they are more than max_bad of all, or all. */
CHECKED Err ingest_judge(const IngestProbe *probes, const IngestList *list, const IngestConfig *config, const Par *par);
