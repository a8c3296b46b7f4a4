/* store/checkpoint/checkpoint_files - which checkpoints a folder holds. Local. */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

#define CHECKPOINT_SCHEMA "synvid.checkpoint"
enum { CHECKPOINT_VERSION = 2, CHECKPOINT_SEALED = 2 }; /* sealed since version 2 */

CHECKED Err checkpoint_path(char *out, size_t size, const char *folder, int64_t step);
/* Steps of folder/step-*.h5, newest first; none when there is no folder. *steps is malloc'd (NULL for none). */
CHECKED Err checkpoint_list(int64_t **steps, int *count, const char *folder);
