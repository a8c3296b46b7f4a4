/* sweep/run/clean - forgets what a sweep made. */
#pragma once

#include "sweep/task/state.h"

/* Removes the record and logs of a task and, where it lies in the sweep's folder, what it made; says so. A task that
 * runs is ERR_USAGE. */
CHECKED Err sweep_clean(const SweepPlan *plan, int task, const TaskRecord *record);
