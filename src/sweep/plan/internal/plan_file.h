/* sweep/plan/plan_file - the JSON of a sweep file, with the file it extends laid below it. */
#pragma once

#include "base/failure/err.h"

struct cJSON;

/* *root: the merged object, the caller's also on failure (cJSON_Delete takes NULL). ERR_USAGE names file and key. */
CHECKED Err plan_file_read(struct cJSON **root, const char *path);
/* The parts of it, for a tree that comes from elsewhere. Keys, vars and lists: */
CHECKED Err plan_file_check(const struct cJSON *root, const char *path);
/* Lays *root over `base`, which it takes, also on failure. */
CHECKED Err plan_file_lay_over(struct cJSON **root, struct cJSON *base, const char *path, const char *base_path);
/* ERR_USAGE with the nearest name when `object` has a key that is not in `keys` (NULL-terminated). */
CHECKED Err plan_file_check_keys(const struct cJSON *object, const char *const *keys, const char *path);
