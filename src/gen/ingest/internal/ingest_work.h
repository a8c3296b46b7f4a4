/* gen/ingest/internal/ingest_work - one ingest under way, and its two ways to end: a dataset of shards, or a pool.
 * Inside gen/ingest/ingest.
 */
#pragma once

#include "gen/ingest/internal/ingest_probe.h"
#include "store/data/shard.h"

typedef struct {
    const IngestConfig *config;
    const IngestList *list;
    const Run *run;
    IngestProbe *probes;
    IngestKeep keep; /* images */
} Ingest;

static inline StorageKind ingest_storage(const IngestConfig *config) {
    static const StorageKind kinds[] = {[INGEST_RAW] = STORAGE_RAW,
                                        [INGEST_DEFLATE] = STORAGE_DEFLATE,
                                        [INGEST_MPEG4] = STORAGE_MPEG4,
                                        [INGEST_ENCODED] = STORAGE_ENCODED};
    return kinds[config->storage];
}

/* Readable files of a class, among those tried. */
int64_t ingest_videos_of_class(const Ingest *ingest, int label);
/* JSON text of what went in: folder, counts, every file used with its size and length, every file skipped with the
 * reason, the list's digest as "plan". Caller frees. */
CHECKED Err ingest_provenance(char **text, const Ingest *ingest);

/* What a dry run says. One rank; decodes a few files, writes nothing. */
CHECKED Err ingest_print_plan(const Ingest *ingest);
/* Is the finished result of exactly this plan there? Other contents without --force are ERR_USAGE. One rank. */
CHECKED Err ingest_shards_done(bool *done, const Ingest *ingest);
CHECKED Err ingest_pool_done(bool *done, const Ingest *ingest);
CHECKED Err ingest_write_shards_all(const Ingest *ingest);
/* Images are kept in OUT.journal (store/journal/journal.h) until the pool is written. */
CHECKED Err ingest_keep_open_all(IngestKeep *keep, const Ingest *ingest);
void ingest_keep_close(IngestKeep *keep);
/* Closes, and removes the folder. */
CHECKED Err ingest_keep_remove_all(IngestKeep *keep, const Par *par);
CHECKED Err ingest_write_pool_all(Ingest *ingest);
