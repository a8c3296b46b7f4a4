/* analysis/measure/analyze - statistics of one dataset against a reference of real videos, across ranks, into
 * result.json.
 *
 * The list in analysis/measure/metric says which figures. A metric whose network or reference is not given is skipped,
 * and a line says so. Both sides of a comparison use the same number of samples: the number asked for, or what the
 * smaller side has. The result is the same for any number of ranks and threads. */
#pragma once

#include "base/config/field.h"
#include "base/text/text.h"
#include "par/run.h"
#include "run/result.h"
#include "video/frames/source.h"

typedef struct {
    char name[NAME_SIZE];
    char dataset[PATH_SIZE], reference[PATH_SIZE];
    char inception[PATH_SIZE], i3d[PATH_SIZE]; /* weight files: FID and FVD */
    char encoder[PATH_SIZE]; /* run folder or checkpoint of the one fixed VideoMAE used for FD-VideoMAE */
    double i3d_eps;          /* 0: by the file's name */
    bool i3d_pooled;         /* FVD on pooled values, too */
    int random_networks;
    int n_frames, n_videos; /* sampled for frame metrics and for video metrics */
    int frames_per_video;   /* diversity */
    int frame_stride;
    int groups; /* of the jackknife, for intervals of distances and diversity */
    int side;   /* pixel metrics: frames are cut square and brought to this */
    bool cache; /* keep feature vectors in OUT/cache */
} AnalyzeConfig;

extern const Field analyze_fields[];
/* reference may be NULL; both sources are borrowed. Writes run folder run->out/<name>-<digest>. */
CHECKED Err analyze_run_all(const AnalyzeConfig *config, const ClipSource *dataset, const ClipSource *reference,
                            const Run *run);
/* The same figures for a caller on one rank, who gets the result instead of a run folder; without cache, silent. */
CHECKED Err analyze_measure(Result *result, const AnalyzeConfig *config, const ClipSource *dataset,
                            const ClipSource *reference, const Run *run);
