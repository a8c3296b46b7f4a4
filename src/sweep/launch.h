/* sweep/launch - one task as a child process: synvid itself, under mpirun when it has more than one rank.
 *
 * stdout goes to <task>.out, stderr to <task>.log. Each child leads its own process group, so that Ctrl-C reaches the
 * sweep alone, which then asks the children to checkpoint (SIGUSR1; mpirun passes it on to its ranks). */
#pragma once

#include "sweep/state.h"

#include <sys/types.h>

/* Starts task `number`; {made:X} in its arguments is filled from records. */
CHECKED Err task_launch(pid_t *child, const SweepPlan *plan, int number, const TaskRecord *records);
/* After the child ended with `status` (waitpid): reads its output into the record. */
CHECKED Err task_collect(TaskRecord *record, const SweepPlan *plan, int number, int status);
/* The command as it could be typed; malloc'd. */
CHECKED Err task_command(char **text, const SweepPlan *plan, int number, const TaskRecord *records);
