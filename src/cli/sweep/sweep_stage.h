/* cli/sweep/sweep_stage - a sweep's task as the stage command it is: its settings, without running it. */
#pragma once

#include "cli/stage/stage.h"
#include "sweep/plan/plan.h"

/* The stage that a task's first word names; NULL: no stage. */
const Stage *sweep_stage_of(const SweepTask *task);
/* Its settings as its options, config and rehearsal give them, malloc'd; *text may be NULL or gets the resolved JSON,
 * malloc'd. `{made:...}` stands where it stood. ERR_USAGE as the command itself would say it. */
CHECKED Err sweep_stage_config(void **config, char **text, const SweepTask *task);
/* Every stage task gets `--rehearsal NAME`, or NAME-SWEEP where configs/rehearsals has an overlay for this sweep alone.
 */
CHECKED Err sweep_stage_rehearse(SweepPlan *plan, const char *name);
