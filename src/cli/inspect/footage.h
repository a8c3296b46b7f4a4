/* cli/inspect/footage - anything with pictures in it as a clip source, for contact sheets and previews.
 *
 * A dataset gives its videos; a shard file its own; a video or image file is one video; a pool is cut into rows of
 * images; the configuration of a variant is rendered on the fly. */
#pragma once

#include "cli/inspect/path_entry.h"
#include "video/frames/source.h"

typedef struct {
    const char *pool, *split; /* of a variant; NULL: none, the default */
    uint64_t seed;            /* of a variant */
    int row_images;           /* of a pool: images a row */
} FootageOptions;

CHECKED Err footage_open(ClipSource **source, const PathEntry *thing, const FootageOptions *options);

/* Local adapters, each closed as any source. */
CHECKED Err shard_footage_open(ClipSource **source, const char *path);
CHECKED Err pool_footage_open(ClipSource **source, const char *path, int row_images);
CHECKED Err media_footage_open(ClipSource **source, const char *path);
