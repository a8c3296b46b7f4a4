/* sweep/slurm/queue - what the batch system says about the tasks that were submitted.
 *
 * OUT/sweep/slurm/jobs.txt has a line a submitted array: its job number, the stage, who submitted it ("user" or
 * "guard", sweep/slurm/slurm.h), and the file that says which task each array index is. squeue tells what waits and
 * what runs, also on sites without accounting; sacct, where there is one, tells what became of jobs that are gone.
 * Without squeue (another machine, no SLURM) records stay as they are. */
#pragma once

#include "sweep/task/state.h"

/* Folder of everything SLURM: OUT/sweep/slurm. */
CHECKED Err queue_path(char *out, size_t size, const SweepPlan *plan, const char *name);
/* Corrects the records that sweep_state_read gave: queued and running jobs, and jobs that left without a word, which
 * are marked as lost. *known: squeue was asked and answered, or nothing was ever submitted. */
CHECKED Err queue_apply(TaskRecord *records, bool *known, const SweepPlan *plan);
/* A job that squeue knows: "PENDING", "RUNNING", ...; "" for one that it does not know. */
CHECKED Err queue_job_state(char *out, size_t size, const char *job);
