/* sweep/plan/plan - a sweep as a list of tasks, made of a sweep file. */
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

/* A sweep file as a list of tasks.
 *
 * configs/sweeps/<name>.json:
 *   { "name": "quickstart", "help": "one line", "out": "quickstart",
 *     "vars":  {"media": "media", "clips": 4000},                 may be overridden by --var media=DIR
 *     "lists": {"circles": ["static-circles", "moving-circles"]},  named lists of values for axes
 *     "tasks": [
 *       {"task": "pool",             "run": ["ingest", "--input", "{media}/photos", "--out", "{out}/pools/photos.h5"]},
 *       {"task": "pretrain-{variant}", "for": {"variant": "@circles", "seed": [1, 2]},
 *        "needs": ["pool"], "ranks": 1, "threads": 1,
 *        "run": ["pretrain", "--set", "data.variant={variant}", "--out", "{out}/runs"]},
 *       {"task": "probe-{variant}",  "for": {"variant": [...]}, "needs": ["pretrain-{variant}"],
 *        "run": ["probe", "--checkpoint", "{made:pretrain-{variant}}", ...]} ],
 *     "only": ["report", {"task": "probe-{variant}", "for": {"variant": "@circles"}}] }
 *
 * "for" is a product of axes; each combination is one task (sweep/plan/internal/axes.h). {name} stands for a variable,
 * an axis of the task, {out}, the sweep's folder, or {sweep}, its name. {made:TASK} stands for the path that TASK
 * printed on stdout as its result; TASK must be a need. "needs" are task names after substitution; with shell wildcards
 * ("finetune-*") they mean every earlier task that is called so. Tasks are numbered in file order; a need must come
 * earlier, so the order is a valid schedule.
 *
 * A task's name is its identity. Two of one name with the same command and needs coincide: they are one task. With
 * different ones they are an error. Sweeps that share a folder share the tasks whose name and key agree, too.
 *
 * "only" keeps the tasks it names, what those need by name, and of what they need by wildcard what is kept anyway: a
 * file that extends a larger one chooses a part of it.
 *
 * For batch systems: "stage" groups tasks into a job array (default: the task's name without its {...}); "nodes",
 * "hours" and "memory_gb" (a rank) say what cannot be estimated (base/system/estimate.h). */
struct cJSON;

/* `out`: the sweep's folder; NULL: what the file says, else its name. `vars`: "name=value" overrides, laid over those
 * that the sweep was run with (sweep/plan/vars.h); an unknown name is ERR_USAGE with the nearest one. */
CHECKED Err sweep_plan_read(SweepPlan *plan, const char *path, const char *out, const char *const *vars, int n_vars);
/* The same of a tree (sweep/plan/internal/plan_file.h); `path` stands in messages. */
CHECKED Err sweep_plan_expand(SweepPlan *plan, const struct cJSON *root, const char *path, const char *out,
                              const char *const *vars, int n_vars);
