/* analysis/analyze - statistics of one dataset against a reference of real videos, across ranks, into result.json. */
#pragma once

#include "base/field.h"
#include "base/text.h"
#include "par/run.h"
#include "video/source.h"

typedef struct {
    char name[NAME_SIZE];
    char dataset[PATH_SIZE], reference[PATH_SIZE];
    char encoder[PATH_SIZE]; /* run folder or checkpoint of the one fixed VideoMAE used for FD-VideoMAE and diversity */
    int n_frames, n_videos;  /* sampled for frame metrics and for video metrics */
    int frames_per_video;    /* diversity */
    int frame_stride;
} AnalyzeConfig;

extern const Field analyze_fields[];
CHECKED Err analyze_run_all(const AnalyzeConfig *config, const ClipSource *dataset, const ClipSource *reference,
                            const Run *run);
