/* api/source - the handle of a source, as the library's own files see it. */
#pragma once

#include "api/open_source.h"

#include <synvid.h>

struct synvid_source {
    OpenSource open;
};

/* ERR_USAGE unless (epoch, index) names a video, and the number of its sample, epoch * count + index. */
CHECKED Err source_check_video(const synvid_source *source, int64_t epoch, int64_t index);
/* A buffer of the caller's is what it must be. `what` is its name. */
CHECKED Err source_check_buffer(const char *what, const void *buffer, size_t bytes, size_t expected);
