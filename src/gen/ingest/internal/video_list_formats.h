/* gen/ingest/internal/video_list_formats - one reader a format, and what they share. Inside gen/ingest/video_list. */
#pragma once

#include "gen/ingest/internal/list_file.h"
#include "gen/ingest/internal/video_list.h"

/* Each fills a list whose format is set and whose classes were read if the request names a file of them. */
typedef Err VideoListReader(VideoList *list, const ListRequest *request, Digest *digest);
VideoListReader video_list_ucf101, video_list_hmdb51, video_list_kinetics, video_list_videomae;

CHECKED Err video_list_add(VideoList *list, const char *path, int label, int line);
CHECKED Err video_list_read_classes(VideoList *list, const char *path, Digest *digest);
/* Does the base of `path` begin with "train", "test" or "val"? LIST_PART_AUTO when with none. */
ListPart list_part_of_name(const char *path);
