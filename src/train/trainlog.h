/* train/trainlog - what a training tells: curves and timings in the run folder, progress and summary on stderr.
 *
 * curves.jsonl holds only what is the same for equal runs; rates and times go to timings.jsonl. Rank 0 writes; the
 * other ranks' calls do nothing, except for the _all functions. */
#pragma once

#include "par/run.h"
#include "store/curve.h"
#include "store/runfolder.h"

/* Where the seconds of the steps since the last point went. */
typedef struct {
    double data, compute, exchange, update; /* data: mean over the rank's threads, part of compute */
} StepTimes;

typedef struct {
    bool speaks; /* rank 0 */
    int64_t first_step, log_steps, total_steps;
    int batch, ranks;
    double flops_per_clip;
    double started, last_point, loss;
    int64_t last_point_step;
    StepTimes times;
    Curve *curve;
    Progress *progress;
    char timings_path[PATH_SIZE];
} TrainLog;

double trainlog_now(void); /* seconds, monotonic */

/* Points of steps after first_step (a resumed run's) are cut from the curves. */
CHECKED Err trainlog_open_all(TrainLog *log, const Run *run, const RunFolder *folder, int64_t first_step,
                              int64_t total_steps, int64_t log_steps, int batch, double flops_per_clip);
/* After a step; `step` counts those done. Writes a point every log_steps and at the end. Local. */
CHECKED Err trainlog_step(TrainLog *log, int64_t step, double loss, double lr, double grad_norm, StepTimes times);
/* Ends progress, closes files, says what was done. */
CHECKED Err trainlog_close_all(TrainLog *log, int64_t step);
