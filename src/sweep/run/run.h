/* sweep/run/run - execute tasks side by side on this machine.
 *
 * A task starts when its needs are finished and cores are left for its ranks x threads (one too big for the machine
 * runs alone, on all of them); the cores are its own while it runs. A failed task does not
 * stop the others; what needs it is reported as blocked. A task that was killed goes on from its checkpoint at once,
 * twice at most. On a stop request running tasks are asked to checkpoint and the sweep ends with ERR_STOPPED: the same
 * command goes on.
 *
 * One sweep at a time in a folder: a task that runs elsewhere is ERR_USAGE, unless it is an earlier life of the same
 * batch job. */
#pragma once

#include "sweep/task/state.h"

typedef struct {
    int parallel;     /* tasks at once; 0: as many as fit */
    int cores;        /* 0: those this process may use */
    bool force;       /* redo finished tasks */
    int only;         /* task number, or -1 for all; its needs must be finished */
    const char *hook; /* a shell command after each task (sweep/task/launch.h), or NULL */
} SweepRunOptions;

CHECKED Err sweep_run(const SweepPlan *plan, const SweepRunOptions *options);

/* Forgets what a sweep made. */

/* Removes the record and logs of a task and, where it lies in the sweep's folder, what it made; says so. A task that
 * runs is ERR_USAGE. */
CHECKED Err sweep_clean(const SweepPlan *plan, int task, const TaskRecord *record);
