/* sweep/task/state - what is known about a task: OUT/sweep/<task>.json, written whole when a task starts and when it
 * ends.
 *
 * A task is finished when its record says "finished", carries the same key as now (sweep/task/internal/key.h: command,
 * configs, outside inputs, keys of its needs), what it made is still there with the same contents, and its needs'
 * contents are those it read. So a changed config redoes exactly what it touches, and a deleted result is made again
 * alone.
 *
 * A record that says "running" is believed while its process lives: on this host the process is asked for; on another,
 * the record is believed unless the batch system says that its job does not run (sweep/slurm/queue.h). Logs are beside
 * the record: <task>.log (stderr) and <task>.out (stdout). */
#pragma once

#include "base/system/digest.h"
#include "sweep/plan/plan.h"

typedef enum {
    TASK_MISSING,
    TASK_CHANGED,
    TASK_FINISHED,
    TASK_FAILED,
    TASK_STOPPED, /* with a checkpoint, or killed: the same command goes on */
    TASK_RUNNING,
    TASK_QUEUED,  /* the batch system holds it; never in a record */
    TASK_BLOCKED, /* something it needs failed; never in a record */
    TASK_STATES
} TaskState;

typedef struct {
    TaskState state;
    char key[DIGEST_SIZE]; /* as computed now */
    int exit_code;
    int kills; /* ends by a signal in a row */
    int stops; /* in a row, at the same place */
    long pid;
    double seconds, started;   /* started: seconds since 1970 */
    char made[PATH_SIZE];      /* the path the task printed last on stdout, or "" */
    char content[DIGEST_SIZE]; /* of what it made */
    char inputs[DIGEST_SIZE];  /* of the contents of its needs when it started */
    char place[160];           /* where it stopped last, in its own words */
    char host[64], job[64];    /* where; the job's number in the batch system, or "" */
    char message[512];         /* last error line of the log, or what the state means */
    bool lost;                 /* its last job left the queue before the task had begun or ended; never in a record */
    int returns;               /* times the guard submitted it since a user did; never in a record */
} TaskRecord;

/* records: (n_tasks). Reads every record and compares keys and contents. */
CHECKED Err sweep_state_read(TaskRecord *records, const SweepPlan *plan);
/* Reads one record again, after sweep_state_read: what came of a task meanwhile. */
CHECKED Err sweep_state_reread(TaskRecord *records, const SweepPlan *plan, int task);
CHECKED Err sweep_state_write(const TaskRecord *record, const SweepPlan *plan, int task);
CHECKED Err sweep_state_path(char *out, size_t size, const SweepPlan *plan, int task, const char *extension);
/* Digest of the contents of a task's needs, as their records have them. */
CHECKED Err sweep_state_inputs(char out[DIGEST_SIZE], const SweepPlan *plan, int task, const TaskRecord *records);
/* Fills host, pid, job and started for a task that this process starts now. */
void sweep_state_begin(TaskRecord *record);
/* Marks what cannot start because something it needs, at whatever distance, has failed. */
void sweep_state_block(TaskRecord *records, const SweepPlan *plan);
const char *task_state_name(TaskState state);
