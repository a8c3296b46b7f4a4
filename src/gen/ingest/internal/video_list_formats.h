/* gen/ingest/internal/video_list_formats - one reader a format, and what they share. Inside gen/ingest/video_list. */
#pragma once

#include "gen/ingest/internal/list_file.h"
#include "gen/ingest/internal/video_list.h"

/* Each fills a list whose format is set and whose classes were read if the request names a file of them. */
typedef Err VideoListReader(VideoList *list, const ListRequest *request, Digest *digest);
VideoListReader video_list_ucf101, video_list_hmdb51, video_list_kinetics, video_list_videomae;

/* Does the line name the columns of Kinetics? */
bool video_list_is_kinetics(const char *line);

CHECKED Err video_list_add(VideoList *list, const char *path, int label, int line);
/* folder/file, as line `line` of the list `path` means it; ERR_INPUT when that is too long for a path. */
CHECKED Err video_list_path(char out[PATH_SIZE], const char *folder, const char *file, const char *path, int line);
/* ERR_INPUT when the name, of line `line` of the file `path`, is empty or beyond 255 bytes. */
CHECKED Err video_list_add_class(ClassNames *classes, const char *name, const char *path, int line);
CHECKED Err video_list_read_classes(VideoList *list, const char *path, Digest *digest);
/* Does the base of `path` begin with "train", "test" or "val"? LIST_PART_AUTO when with none. */
ListPart list_part_of_name(const char *path);
