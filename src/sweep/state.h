/* sweep/state - what is known about a task: OUT/sweep/<task>.json, written whole when the task ends.
 *
 * A task is finished when its record says "finished" and carries the same key as now. The key digests the task's
 * arguments, the config and variant files they name (with everything those extend), and the keys of its needs: a
 * changed config redoes exactly what it touches. Logs are beside the record: <task>.log (stderr) and <task>.out
 * (stdout). */
#pragma once

#include "base/digest.h"
#include "sweep/plan.h"

typedef enum { TASK_MISSING, TASK_CHANGED, TASK_FINISHED, TASK_FAILED, TASK_STOPPED } TaskState;

typedef struct {
    TaskState state;
    char key[DIGEST_SIZE]; /* as computed now */
    int exit_code;
    double seconds;
    char made[PATH_SIZE]; /* the path the task printed last on stdout, or "" */
    char message[512];    /* last error line of the log, for failed tasks */
} TaskRecord;

/* records: (n_tasks). Reads every record and compares keys. */
CHECKED Err sweep_state_read(TaskRecord *records, const SweepPlan *plan);
CHECKED Err sweep_state_write(const TaskRecord *record, const SweepPlan *plan, int task);
CHECKED Err sweep_state_path(char *out, size_t size, const SweepPlan *plan, int task, const char *extension);
const char *task_state_name(TaskState state);
