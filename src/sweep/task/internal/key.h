/* sweep/task/internal/key - what identifies a task's work, and what identifies what it made. */
#pragma once

#include "base/system/digest.h"
#include "sweep/plan/plan.h"

/* Digest of a task's arguments, of the config and variant files they name (with everything those extend or include), of
 * the outside files and folders they name, and of the keys of its needs. keys: (n_tasks), those of its needs. */
CHECKED Err task_key(char key[DIGEST_SIZE], const SweepPlan *plan, int task, const char (*keys)[DIGEST_SIZE]);
/* What is at `path`: of a run its result.json, of a report its page, of a dataset its manifest and the names and sizes
 * of its shards, of another folder the names and sizes of all files, of a file its size, beginning and end. "" when
 * nothing is there or `path` is "". */
CHECKED Err content_digest(char out[DIGEST_SIZE], const char *path);
