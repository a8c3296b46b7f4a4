/* store/bench_shards - how fast shards are written and clips read, beside the same bytes without HDF5.
 *
 * Every rank works on files of its own in `folder`, as generate does; rates are of all ranks together, by the slowest.
 * Writing ends with fsync on both sides. Plain and shard take turns, and the share is the median of such neighboring
 * pairs, because a disk's speed drifts. Reading is warm: random clips of 16 frames at stride 4. What is read is
 * compared with what was written before anything is timed. */
#pragma once

#include "par/par.h"

typedef struct {
    char name[64], unit[16]; /* "write, raw shards", "MB/s" */
    double rate;             /* best */
    double bound;            /* of the same work without HDF5, best */
    double share;            /* of the neighboring plain run, median; 0: this row is the bound */
} ShardBenchRow;

typedef struct {
    void (*row)(void *context, const ShardBenchRow *row); /* rank 0 only */
    void *context;
} ShardBenchSink;

typedef struct {
    const char *folder; /* must exist; left as it was */
    int size;           /* frames are size x size */
    int n_frames;       /* of a video */
    int videos;         /* of a rank's file */
    int clips;          /* read by each rank in a repetition */
    double seconds;     /* of pairs for each row; at least three pairs */
} ShardBenchPlan;

/* 256 x 256, 150 frames, 8 videos, 320 clips, 2 s a row. */
ShardBenchPlan bench_shards_plan(const char *folder);
CHECKED Err bench_shards_all(ShardBenchSink sink, const ShardBenchPlan *plan, const Par *par);
