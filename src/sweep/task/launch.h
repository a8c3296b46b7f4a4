/* sweep/task/launch - one task as a child process: synvid itself, under a launcher when it has more than one rank.
 *
 * The launcher is $SYNVID_LAUNCH ("srun --mpi=pmix", "mpirun": what jobs/site.sh says), else mpirun, of Open MPI or
 * MPICH, without binding of its own: the cores the child is given are its task's alone. stdout goes to <task>.out,
 * stderr to <task>.log. Each child leads its own process group, so that Ctrl-C reaches the sweep alone, which then asks
 * the children to checkpoint (SIGUSR1; mpirun and srun pass it on to their ranks). A child whose sweep is killed is
 * asked to stop, too. */
#pragma once

#include "sweep/task/state.h"

#include <sched.h>
#include <sys/types.h>

/* Starts task `number` on `cores` (NULL: as this process); {made:X} in its arguments is filled from records. */
CHECKED Err task_launch(pid_t *child, const SweepPlan *plan, int number, const TaskRecord *records,
                        const cpu_set_t *cores);
/* After the child ended with `status` (waitpid): reads its output into the record. An end by a signal counts as stopped
 * until it is the third in a row, or always where the child had been `asked` to stop: it may not have listened yet, and
 * mpirun has exit codes of its own. A launcher that reports success for ranks that said nothing counts as killed. A
 * task that has stopped five times in a row at the same place has failed: it would do so for ever. */
CHECKED Err task_collect(TaskRecord *record, const SweepPlan *plan, int number, int status, bool asked);
/* The command as it could be typed; malloc'd. */
CHECKED Err task_command(char **text, const SweepPlan *plan, int number, const TaskRecord *records);
/* The same on one rank, with this program's full path. */
CHECKED Err task_command_here(char **text, const SweepPlan *plan, int number, const TaskRecord *records);
/* Runs `command` by the shell and waits, with the outcome of a task in its environment: SYNVID_SWEEP, SYNVID_TASK,
 * SYNVID_STAGE, SYNVID_STATE, SYNVID_EXIT_CODE, SYNVID_MADE, SYNVID_LOG, and SYNVID_STAGE_LEFT, how many tasks of the
 * stage are not finished. A hook that fails is a warning. */
void task_hook(const char *command, const SweepPlan *plan, int number, const TaskRecord *records);
