/* tests/fuzz/lists - bytes as the lists of gen/ingest/video_list: what is refused names file and line, what is accepted
 * is whole. */
#pragma once

#include "fuzz/fuzz.h"

#include "gen/ingest/internal/video_list.h"

/* A folder of this process for its inputs, with a few names of videos in its sub-folder "videos"; made once, removed at
 * exit. */
const char *fuzz_list_folder(void);
/* Writes the bytes under that name and returns the path, which is valid until the next call with this `path`. */
const char *fuzz_list_write(char path[PATH_SIZE], const char *name, const void *bytes, size_t size);
/* Reads the list and holds it to its promises; false when it was refused. Free it if not. */
int fuzz_list_read(VideoList *list, const ListRequest *request);
/* An input is two files parted by a zero byte: a list, then class names. */
void fuzz_list_with_classes(const uint8_t *data, size_t size, const char *name, const char *classes, int format);
