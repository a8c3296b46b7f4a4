/* sweep/run - execute tasks side by side on this machine.
 *
 * A task starts when its needs are finished and its ranks x threads fit into the cores that are left (one too big for
 * the machine runs alone). A failed task does not stop the others; what needs it is reported as blocked. On a stop
 * request running tasks are asked to checkpoint and the sweep ends with ERR_STOPPED: the same command goes on. */
#pragma once

#include "sweep/state.h"

typedef struct {
    int parallel; /* tasks at once; 0: as many as fit */
    int cores;    /* 0: those this process may use */
    bool force;   /* redo finished tasks */
    int only;     /* task number, or -1 for all; its needs must be finished */
} SweepRunOptions;

CHECKED Err sweep_run(const SweepPlan *plan, const SweepRunOptions *options);
