/* sweep/slurm/guard - a job that brings lost tasks of a sweep back into the queue.
 *
 * A task is lost when its job left the queue before it had ended by its own account: canceled, past its time limit, its
 * node gone for good, or taken out because what it waited for was lost. The guard (jobs/guard.sbatch) is the last job
 * of every submission: it starts when any task has left the queue, submits what is lost, and leaves a new guard behind
 * while there is something in the queue. It never submits what failed by its own account, nor what needs that, and none
 * more often than SYNVID_GUARD_RETURNS times (5) between two submissions by a user: so it comes to an end.
 *
 * OUT/sweep/slurm/guard.job holds its job number, guard.log what it did. Submissions and cancellations of one sweep
 * wait for each other (guard_lock). */
#pragma once

#include "sweep/task/state.h"

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
