/* base/system/file - whole files, folders, and the rule that a final name always means a complete file.
 *
 * Everything is written as "name.partial", flushed to disk, and renamed. A crash leaves at most a partial, which the
 * next run deletes. These are local calls: on many ranks, rank 0 writes and the others hear the outcome. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>
#include <stdint.h>

bool file_exists(const char *path);
bool file_is_directory(const char *path);
/* The one name a file has from anywhere: from the root, links resolved. ERR_INPUT when there is none. */
CHECKED Err file_absolute(char *out, size_t size, const char *path);
/* Size in bytes, or -1. */
int64_t file_size(const char *path);
/* The whole file with a zero byte behind it; the caller frees. Raises ERR_INPUT when missing, ERR_IO otherwise;
 * files above `max_bytes` are refused. */
CHECKED Err file_read(char **data, size_t *length, const char *path, size_t max_bytes);
/* Writes path.partial, fsyncs, renames, fsyncs the folder. */
CHECKED Err file_write_whole(const char *path, const void *data, size_t length);
/* For writers that stream: write to the partial name, then finish. */
CHECKED Err file_partial_name(char *out, size_t size, const char *path);
CHECKED Err file_finish_partial(const char *path);
void file_remove_partial(const char *path);
CHECKED Err file_append_line(const char *path, const char *line);
CHECKED Err file_remove(const char *path);

CHECKED Err folder_make(const char *path); /* with parents; fine if it exists */
CHECKED Err folder_remove_partials(const char *path);
/* Bytes free for us on the file system of `path` (nearest existing parent). */
CHECKED Err folder_free_bytes(uint64_t *bytes, const char *path);
/* ERR_IO when they are fewer than `needed`: a full disk is better met before the work than after it. `hint` ends the
 * message: "; storage deflate needs less", or "". */
CHECKED Err folder_check_room(const char *path, uint64_t needed, const char *hint);

/* All regular files below a folder of ours, sorted bytewise by relative path; hidden files are skipped and links to
 * folders not followed. Folders that users fill: base/system/walk.h. */
typedef struct {
    char **paths; /* relative to the folder */
    size_t count;
} FileList;
CHECKED Err file_list_walk(FileList *list, const char *folder);
void file_list_free(FileList *list);

/* A file that one process at a time holds, as the kernel sees it (flock).
 *
 * The lock ends when the descriptor is closed, also by a death. Some network file systems carry no locks, or carry
 * them within a host only: LOCK_NOT_HERE, and what then counts is the caller's affair. */
typedef enum { LOCK_TAKEN, LOCK_BUSY, LOCK_NOT_HERE } LockState;

/* Opens the file, which is made when it is missing, and tries to take the lock, without waiting. After success the
 * caller closes *descriptor, whatever the state; after a failure it is -1. */
CHECKED Err lock_try(int *descriptor, LockState *state, const char *path);
/* Waits until the lock is taken; ERR_IO where there are no locks. */
CHECKED Err lock_wait(int descriptor, const char *path);
/* For folders into which several processes write files of one name, each with the same content: makes the folder and
 * waits for the lock of its file ".lock". Who has it looks whether the file is there by now. */
CHECKED Err lock_folder(int *descriptor, const char *folder);

/* whole: whether what another program or library wrote is complete, by the end of its format.
 *
 * A writer that meets a full disk, is killed, or has a bug leaves a file that begins well; not all of them say so. Each
 * format ends in something that is written last, and that is looked for: </svg>, %%EOF (PDF), IEND (PNG), the end
 * marker (JPEG), boxes that fill an MP4 to its last byte and a moov among them. */

/* `format` is how the file's name ends: "svg", "pdf", "png", "jpg", "mp4". Of other formats only that there is
 * something. */
bool whole_by_end(const char *format, const void *bytes, size_t length);
/* The same of a file, which may have any name. ERR_IO that says what is missing. */
CHECKED Err whole_check_file(const char *path, const char *format);
