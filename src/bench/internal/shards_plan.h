/* bench/internal/shards_plan - how large the files of `synvid bench shards` are, apart from its options: tests measure
 * small ones. */
#pragma once

#include "bench/internal/table.h"
#include "par/par.h"

typedef struct {
    const char *folder;          /* must exist; left as it was */
    int size;                    /* frames are size x size */
    int n_frames;                /* of a video; at least 61, which a clip spans, or clips start over */
    int videos;                  /* of a rank's file */
    int clips;                   /* read by each rank in a call */
    double seconds;              /* for each row */
    const char *const *variants; /* latent datasets that are rendered too */
    int n_variants;
} ShardBenchPlan;

CHECKED Err shards_plan_measure_all(BenchTable *table, const ShardBenchPlan *plan, const Par *par);
