/* sweep/slurm/internal/batch - a sweep as job arrays with dependencies.
 *
 * Tasks of one stage form one array when they ask for the same resources and wait for the same arrays. A task may
 * need a task that no other of its stage needs. It then takes the same array index, and SLURM's aftercorr starts it as
 * soon as that one is done. Every other need becomes afterok on exactly the array elements needed. A failed task
 * therefore holds back only the tasks that need it. Indices number the chains that begin in a sweep; SLURM's
 * MaxArraySize (1001 unless the site says otherwise) bounds them.
 */
#pragma once

#include "sweep/task/state.h"

typedef struct {
    char stage[NAME_SIZE];
    char dependency[8192]; /* "aftercorr:$job_1,afterok:$job_2_0:17_3", or "" */
    int *tasks;            /* ascending */
    int n_tasks;
    double core_hours, rank_gb; /* of one task; 0: unknown */
} BatchArray;

typedef struct {
    BatchArray *arrays; /* a need's array comes earlier; $job_N is array N, from 1 */
    int n_arrays;
    int *index; /* (n_tasks) array index of every task */
} Batch;

/* What is neither finished nor in the queue, by records to which sweep/slurm/queue.h was applied; wanted (n_tasks):
 * only what it marks, NULL: all of it. A stage whose tasks need each other becomes several arrays. */
CHECKED Err batch_plan(Batch *batch, const SweepPlan *plan, const TaskRecord *records, const bool *wanted);
void batch_free(Batch *batch);
