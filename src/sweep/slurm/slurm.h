/* sweep/slurm/slurm - writes what submits a sweep to SLURM: OUT/sweep/slurm/<number>/submit.sh and a list of tasks an
 * array.
 *
 * submit.sh is made for reading: one `submit` a job array, with its size, dependencies and estimates, and the guard
 * (sweep/slurm/guard.h); how that becomes sbatch options is in jobs/submit.sh, what the site needs in jobs/site.sh. A
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
