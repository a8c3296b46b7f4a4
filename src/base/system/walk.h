/* base/system/walk - everything below a folder that a user filled.
 *
 * Links to files and folders are followed. A link back to a folder that it lies in is not: everything there is found
 * anyway, and the link is listed. What cannot be read is listed with the reason: broken links, folders that cannot be
 * opened, pipes, sockets, devices, paths that are too long. Hidden names are passed over and counted.
 *
 * Folders of our own, in which files are also removed, are listed by file_list_walk (base/system/file.h), which never
 * leaves the folder. Local calls. */
#pragma once

#include "base/system/file.h"

typedef struct {
    FileList files;   /* regular files, sorted bytewise by relative path */
    FileList folders; /* the folders they were looked for in, without the top one, sorted */
    FileList loops;   /* links back, sorted */
    FileList lost;    /* what cannot be had, sorted */
    char **reasons;   /* one for each of `lost` */
    size_t n_hidden;
} Walk;

/* The message about a loop; its argument is the link's name. */
#define WALK_LOOP "%s is a link back to a folder that it lies in; what is there is read once, without it"

/* ERR_INPUT: no such folder, or a file; ERR_IO when the folder itself cannot be opened. */
CHECKED Err walk_folder(Walk *walk, const char *folder);
void walk_free(Walk *walk);
/* The files alone; what is lost is warned of. */
CHECKED Err walk_files(FileList *files, const char *folder);
