/* cli/sweep/sweep - what only the stages know about a sweep's tasks: settings, inputs, costs, rehearsals.
 *
 * sweep_stage: a sweep's task as the stage command that it is, with its settings, without running it. */
#pragma once

#include "base/config/field.h"
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

/* rehearse.c: a stage's settings made smaller, for a rehearsal (run/protocol.h).
 *
 * An overlay is a JSON file, configs/rehearsals/NAME.json, with an object a stage that is laid out as its settings and
 * holds numbers: the most that a rehearsal of this stage may have, or below 1 the share of its own number that it may
 * have, rounded up, so that lengths that differ go on differing. What is smaller already stays; nothing ever grows.
 * "extends" names an overlay whose numbers hold where this one has none. A setting that a rehearsal may not change is
 * ERR_USAGE. */

/* *text: the stage's resolved config, replaced by the smaller one; *original is what it was. Both malloc'd. */
CHECKED Err rehearse(char **text, char **original, const char *overlay, const char *stage, const Field *fields);

/* sweep_check.c: the inputs of every task of a sweep looked at, before hours are spent.
 *
 * Every task's options and presets are resolved as its command would. Files and folders that come from outside must be
 * there; official lists are read and every video they name is looked for. What is missing is printed, a line a task,
 * and ends the command with ERR_INPUT. Decodes nothing, so it takes seconds. */

CHECKED Err sweep_check(const SweepPlan *plan);

/* sweep_sets.c: how large the datasets of a sweep are, before anything of it is there.
 *
 * From the settings of the task that makes one; files from outside are counted, or taken to be of official sizes. */

typedef struct {
    double videos, frames; /* frames of a video; a pool of images has videos of one */
    double pixels;         /* of a frame */
    double bytes;          /* as the files from outside are, or of plain frames */
    int classes;
} SweepSet;

/* The task that a path with `{made:...}` is about; NULL: none of this sweep. Borrowed. */
const SweepTask *sweep_maker(const SweepPlan *plan, const char *path);
/* Sizes that are known already. The plan is borrowed, and must not change. */
typedef struct {
    const SweepPlan *plan;
    SweepSet **of_task; /* (n_tasks) */
} SweepSets;

/* sweep_sets_free also after an error. */
CHECKED Err sweep_sets_new(SweepSets *sets, const SweepPlan *plan);
void sweep_sets_free(SweepSets *sets);
/* What a task of the plan makes; that of a path, official sizes where no task makes it. ERR_USAGE as the command would
 * say it. */
CHECKED Err sweep_set_of_task(SweepSet *set, SweepSets *sets, const SweepTask *task);
CHECKED Err sweep_set_of(SweepSet *set, SweepSets *sets, const char *path);

/* sweep_costs.c: what a sweep takes, before anything of it is there: `sweep run NAME --plan`.
 *
 * Core-hours follow from every task's settings and the sizes of the datasets it names: operations of the networks over
 * what a core computes in a second (measured here, or given), frames over the rates of docs/performance.md for
 * rendering and decoding. Memory is that of the training state and one thread's activations. Good to a factor of about
 * 1.5; the dry run of a task whose inputs are there says it better. */

/* core_gflops: what a core computes in a second; NULL: measured. Ends with what --check finds missing. */
CHECKED Err sweep_costs_print(const SweepPlan *plan, const char *core_gflops);
