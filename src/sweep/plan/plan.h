/* sweep/plan/plan - a sweep as a list of tasks; sweep/plan/plan_read makes it of a file. */
#pragma once

#include "base/failure/err.h"
#include "base/text/text.h"

#include <stdint.h>

typedef struct {
    char name[NAME_SIZE];
    char stage[NAME_SIZE];
    char **arguments; /* synvid's, with {made:...} still in place */
    int n_arguments;
    int *needs; /* task numbers, ascending */
    bool *soft; /* (n_needs) needed by wildcard only */
    int n_needs;
    int ranks, threads;
    int nodes;               /* 0: the batch system decides */
    double hours, memory_gb; /* 0: not said */
} SweepTask;

typedef struct {
    char name[NAME_SIZE];
    char *help;
    char out[PATH_SIZE];
    SweepTask *tasks;
    int n_tasks;
    char **vars; /* "name=value", of the variables that are not as the file says */
    int n_vars;
} SweepPlan;

void sweep_plan_free(SweepPlan *plan);
void sweep_task_free(SweepTask *task);
/* The task called `name`, or -1. */
int sweep_plan_find(const SweepPlan *plan, const char *name);
