/* bench/bench_shards - how fast shards are written and clips read, beside the same bytes without HDF5.
 *
 * Every rank works on files of its own in `folder`, as generate does. Writing ends with fsync on both sides. Reading is
 * warm: random clips of 16 frames at stride 4. What is read is compared with what was written before anything is timed
 * (bench/internal/bench_pairs.h). Encoded kinds follow (bench/bench_clips.h). */
#pragma once

#include "bench/internal/bench_pairs.h"

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
CHECKED Err bench_shards_all(PairSink sink, const ShardBenchPlan *plan, const Par *par);
