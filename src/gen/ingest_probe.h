/* gen/ingest_probe - the first pass: what is in each file, and which files cannot be read.
 *
 * Files are dealt round robin to ranks and decoded whole by the rank's threads; afterwards every rank knows all. */
#pragma once

#include "gen/ingest_list.h"
#include "video/clip.h"

typedef struct {
    int32_t n_frames, height, width;
    int32_t n_damaged; /* packets and frames with errors */
    char reason[240];  /* why the file cannot be used; "" if it can */
} IngestProbe;

/* *probes: list->count of them, malloc'd, the same on all ranks. For images, pixels[file] receives the finished square
 * (malloc'd, size x size x 3) of each readable file of this rank, and stays NULL otherwise; NULL for videos. A stop
 * request ends with ERR_STOPPED. */
CHECKED Err ingest_probe_all(IngestProbe **probes, uint8_t **pixels, const IngestList *list, const IngestConfig *config,
                             const Run *run);
int64_t ingest_count_bad(const IngestProbe *probes, int64_t count);
int64_t ingest_count_damaged(const IngestProbe *probes, int64_t count);
/* Rank 0 warns of each bad file (a screenful of them); ERR_INPUT when they are more than max_bad of all, or all. */
CHECKED Err ingest_judge(const IngestProbe *probes, const IngestList *list, const IngestConfig *config, const Par *par);
