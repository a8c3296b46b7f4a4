/* sweep/plan/internal/plan_file - the JSON of a sweep file, with the file it extends laid below it. */
#pragma once

#include "base/failure/err.h"
#include "sweep/plan/internal/template.h"
#include "sweep/plan/plan.h"

struct cJSON;

/* *root: the merged object, the caller's also on failure (cJSON_Delete takes NULL). ERR_USAGE names file and key. */
CHECKED Err plan_file_read(struct cJSON **root, const char *path);
/* The parts of it, for a tree that comes from elsewhere. Keys, vars and lists: */
CHECKED Err plan_file_check(const struct cJSON *root, const char *path);
/* Lays *root over `base`, which it takes, also on failure. */
CHECKED Err plan_file_lay_over(struct cJSON **root, struct cJSON *base, const char *path, const char *base_path);
/* ERR_USAGE with the nearest name when `object` has a key that is not in `keys` (NULL-terminated). */
CHECKED Err plan_file_check_keys(const struct cJSON *object, const char *const *keys, const char *path);

/* The part of a plan that "only" keeps.
 *
 * Entries are task names, wildcards allowed, or {"task": ..., "for": ...} as in "tasks". What a kept task needs by name
 * is kept with it; what it needs by wildcard stays a need where it is kept anyway, and is forgotten where not. */
struct cJSON;

/* Renumbers the tasks of `plan`; a file without "only" keeps all. An entry that names no task is ERR_USAGE. */
CHECKED Err plan_select(SweepPlan *plan, const struct cJSON *root, const char *path, const Bindings *globals);
