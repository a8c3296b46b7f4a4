/* cli/sweep/sweep_check - the inputs of every task of a sweep looked at, before hours are spent.
 *
 * Every task's options and presets are resolved as its command would. Files and folders that come from outside must be
 * there; official lists are read and every video they name is looked for. What is missing is printed, a line a task,
 * and ends the command with ERR_INPUT. Decodes nothing, so it takes seconds. */
#pragma once

#include "sweep/plan/plan.h"

CHECKED Err sweep_check(const SweepPlan *plan);
