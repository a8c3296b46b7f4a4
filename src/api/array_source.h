/* api/array_source - videos in a caller's memory as a clip source. The arrays are borrowed for the source's life. */
#pragma once

#include "video/frames/source.h"

#include <synvid.h>

/* ERR_USAGE when an array is empty. `name` is the dataset's, in messages and results. */
CHECKED Err array_source_open(ClipSource **source, const char *name, const synvid_array *videos, int64_t n_videos);
