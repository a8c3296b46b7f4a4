/* video/media/file_source - video files as a clip source, decoded on reading, without any ingest in between.
 *
 * Lengths are only known by decoding: the first info() or read() of a video decodes it once and remembers; every read
 * decodes from the start of the file. Frames keep the size of their file. For looking at a few files and for
 * comparing; training reads shards. A file that cannot be decoded is ERR_INPUT each time it is asked for. */
#pragma once

#include "video/frames/source.h"

typedef struct {
    const char *name;         /* of the source */
    const char *const *paths; /* `count` files; copied */
    const int *labels;        /* -1: none; NULL: all none; copied */
    int64_t count;
    int n_classes;
    const char *const *class_names; /* borrowed for the life of the source, or NULL */
} FileSourceSettings;

/* The source's digest is of paths and sizes. ERR_INPUT when a file does not exist. */
CHECKED Err file_source_open(ClipSource **source, const FileSourceSettings *settings);
