/* sweep/plan/plan_select - the part of a plan that "only" keeps.
 *
 * Entries are task names, wildcards allowed, or {"task": ..., "for": ...} as in "tasks". What a kept task needs by name
 * is kept with it; what it needs by wildcard stays a need where it is kept anyway, and is forgotten where not. */
#pragma once

#include "sweep/plan/internal/template.h"
#include "sweep/plan/plan.h"

struct cJSON;

/* Renumbers the tasks of `plan`; a file without "only" keeps all. An entry that names no task is ERR_USAGE. */
CHECKED Err plan_select(SweepPlan *plan, const struct cJSON *root, const char *path, const Bindings *globals);
