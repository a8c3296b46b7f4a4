/* sweep/plan - a sweep file as a list of tasks.
 *
 * configs/sweeps/<name>.json:
 *   { "name": "quickstart", "help": "one line",
 *     "vars":  {"media": "media", "clips": 4000},                 may be overridden by --var media=DIR
 *     "tasks": [
 *       {"task": "pool",             "run": ["ingest", "--input", "{media}/photos", "--out", "{out}/pools/photos.h5"]},
 *       {"task": "pretrain-{stage}", "for": {"stage": ["static-circles", "moving-circles"], "seed": [1, 2]},
 *        "needs": ["pool"], "ranks": 1, "threads": 1,
 *        "run": ["pretrain", "--set", "data.variant={stage}", "--out", "{out}/runs"]},
 *       {"task": "probe-{stage}",    "for": {"stage": [...]}, "needs": ["pretrain-{stage}"],
 *        "run": ["probe", "--checkpoint", "{made:pretrain-{stage}}", ...]} ] }
 *
 * "for" is a product of axes; each combination is one task. {name} stands for a variable, an axis of the task, or
 * {out}, the sweep's folder. {made:TASK} stands for the path that TASK printed on stdout as its result; TASK must be a
 * need. "needs" are task names after substitution and may hold shell wildcards ("finetune-*"). Tasks are numbered in
 * file order; a need must come earlier, so the order is a valid schedule. A task's name is its identity: two with one
 * name are an error. */
#pragma once

#include "base/err.h"
#include "base/text.h"

#include <stdint.h>

typedef struct {
    char name[NAME_SIZE];
    char *stage;      /* the template's name, such as "pretrain-{stage}": groups tasks in tables and job arrays */
    char **arguments; /* synvid's, with {made:...} still in place */
    int n_arguments;
    int *needs; /* task numbers, ascending */
    int n_needs;
    int ranks, threads;
} SweepTask;

typedef struct {
    char name[NAME_SIZE];
    char *help;
    char out[PATH_SIZE];
    SweepTask *tasks;
    int n_tasks;
} SweepPlan;

/* `out`: the sweep's folder. `vars`: "name=value" overrides; an unknown name is ERR_USAGE with the nearest one. */
CHECKED Err sweep_plan_read(SweepPlan *plan, const char *path, const char *out, const char *const *vars, int n_vars);
void sweep_plan_free(SweepPlan *plan);
/* The task called `name`, or -1. */
int sweep_plan_find(const SweepPlan *plan, const char *name);
