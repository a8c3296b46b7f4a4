/* gen/dataset/generate_shard - renders one shard with all threads of a rank.
 *
 * Threads render videos side by side; frames are appended in the order of videos, so the file does not depend on how
 * many threads there are. A stop request abandons the shard: it is done again from its start. */
#pragma once

#include "gen/dataset/generator.h"
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
