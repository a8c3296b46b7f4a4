/* train/internal/trainlog - what a training tells: curves and timings in the run folder, progress and summary on
 * stderr.
 *
 * curves.jsonl holds only what is the same for equal runs; rates and times go to timings.jsonl. Rank 0 writes; the
 * other ranks' calls do nothing, except for the _all functions. */
#pragma once

#include "par/run.h"
#include "run/curve.h"
#include "run/folder.h"

/* Where the seconds of the steps since the last point went. */
typedef struct {
    double data, compute, exchange, update; /* data: mean over the rank's threads, part of compute */
} StepTimes;

typedef struct {
    int64_t first_step, log_steps, total_steps;
    int batch;
    double flops_per_clip; /* 0: unknown */
    size_t planned_bytes;  /* of a rank */
} TrainLogPlan;

typedef struct {
    TrainLogPlan plan;
    const Run *run;
    bool speaks; /* rank 0 */
    double started, last_point, loss;
    int64_t last_point_step;
    StepTimes times;
    double waited; /* for data, of all steps */
    Curve *curve;
    Progress *progress;
    char timings_path[PATH_SIZE];
} TrainLog;

/* Points of steps after first_step (a resumed run's) are cut from the curves. */
CHECKED Err trainlog_open_all(TrainLog *log, const TrainLogPlan *plan, const Run *run, const RunFolder *folder);
/* After a step; `step` counts those done. Writes a point every log_steps and at the end. Local. */
CHECKED Err trainlog_step(TrainLog *log, int64_t step, double loss, double lr, double grad_norm, StepTimes times);
/* Ends progress, closes files, says what was done: loss and rate; how that compares with plain matrix products, which
 * are timed for it when the run was long enough; waiting for data and memory of the rank that had most of it. */
CHECKED Err trainlog_close_all(TrainLog *log, int64_t step);
