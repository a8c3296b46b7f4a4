/* sweep/slurm/slurm - writes what submits a sweep to SLURM: OUT/sweep/slurm/<number>/submit.sh and a list of tasks an
 * array.
 *
 * submit.sh is made for reading: one `submit` a job array, with its size, dependencies and estimates, and the guard
 * (below); how that becomes sbatch options is in jobs/submit.sh, what the site needs in jobs/site.sh. A
 * number is used until it was submitted. Sizes come from what the sweep file says, else from how long tasks of the
 * stage took here before, else from a dry run of the task, where its inputs are already there. */
#pragma once

#include "sweep/task/state.h"

typedef struct {
    const char *file;        /* the sweep file as the user named it */
    const char *const *vars; /* "name=value" */
    int n_vars;
    int ranks;          /* --ranks, or 0 */
    const char *by;     /* "user" or "guard" */
    const bool *wanted; /* (n_tasks) of what is missing only these; NULL: all */
    bool guard;         /* while something is in the queue, a guard even if nothing else is to be submitted */
} SlurmRequest;

/* records: after sweep/slurm/queue.h. *script: the path of submit.sh, "" when there is nothing to submit. */
CHECKED Err slurm_write(char *script, size_t size, int *n_tasks, const SweepPlan *plan, const TaskRecord *records,
                        const SlurmRequest *request);
/* Runs it with bash; its talk goes through. ERR_IO when it fails. */
CHECKED Err slurm_submit(const char *script);

/* A job that brings lost tasks of a sweep back into the queue.
 *
 * A task is lost when its job left the queue before it had ended by its own account: canceled, past its time limit, its
 * node gone for good, or taken out because what it waited for was lost. The guard (jobs/guard.sbatch) is the last job
 * of every submission: it starts when any task has left the queue, submits what is lost, and leaves a new guard behind
 * while there is something in the queue. It never submits what failed by its own account, nor what needs that, and none
 * more often than SYNVID_GUARD_RETURNS times (5) between two submissions by a user: so it comes to an end.
 *
 * OUT/sweep/slurm/guard.job holds its job number, guard.log what it did. Submissions and cancellations of one sweep
 * wait for each other (guard_lock). */

/* wanted: (n_tasks), what the guard submits. Returns how many. */
int guard_choose(bool *wanted, const SweepPlan *plan, const TaskRecord *records);
/* Says what does not come back. When nothing is wanted, queued or running any more: ERR_NONE if all tasks are finished,
 * else ERR_INPUT, what is left and why. */
CHECKED Err guard_judge(const bool *wanted, const SweepPlan *plan, const TaskRecord *records);
/* *descriptor: closing it ends the turn. Waits; where the file system has no locks, goes on without. */
CHECKED Err guard_lock(int *descriptor, const SweepPlan *plan);
/* *job: the guard that is in the queue or runs, or "". */
CHECKED Err guard_find(char *job, size_t size, const SweepPlan *plan);
/* Takes the guard out of the queue, then every task. *count: tasks. */
CHECKED Err guard_cancel_sweep(int *count, const SweepPlan *plan, const TaskRecord *records);
