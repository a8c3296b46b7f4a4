/* gen/ingest/internal/video_list_formats - one reader a format, and what they share. Inside gen/ingest/video_list. */
#pragma once

#include "base/system/digest.h"
#include "base/text/text.h"
#include "gen/ingest/internal/video_list.h"

/* A text file as lines and fields, for the readers of gen/ingest/video_list.
 *
 * Fields are parted by one of `separators` and read as pandas and RFC 4180 read them: a quotation mark at the beginning
 * of a field opens a quoted one, in which two marks stand for one and separators and ends of lines are part of the
 * text; anywhere else a mark is a character like others. Lines end in LF, CRLF or CR, lose the blanks at both ends, and
 * empty ones are left out but counted. A byte order mark is passed over. There are no comments: no official list has
 * any. Messages begin with "file:line: ". */

/* Of lists whose columns are parted by blanks. */
#define LIST_BLANKS " \t"

typedef struct {
    char *text; /* trimmed, quotes still in it; may be cut up by its reader */
    int number; /* from 1; of its first line where quotes hold several */
} ListLine;

typedef struct {
    char path[PATH_SIZE];
    char *block;
    ListLine *lines;
    int count;
} ListFile;

/* Adds the file's bytes to `digest` unless that is NULL. ERR_INPUT: missing, larger than 1 GiB, zero bytes in it
 * (UTF-16 has them), a quotation mark that is never closed. */
CHECKED Err list_file_read(ListFile *file, const char *path, const char *separators, Digest *digest);
void list_file_free(ListFile *file);

/* Cuts a line into fields, undoing quotes, without the blanks around unquoted ones; returns how many there are, of
 * which the first `most` are kept. */
int list_fields(char **fields, int most, char *line, const char *separators);
/* "<path> <word>": a quoted path ends with its quotation mark, any other at the last blank of the line, so that it may
 * hold blanks. *word is NULL when there is none. Cuts the text up. */
void list_path_and_word(char **path, char **word, char *text);
/* A whole number in low..high, also as 3.0, and nothing else; false otherwise. */
bool list_number(int *number, const char *text, int low, int high);

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
