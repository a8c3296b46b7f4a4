/* gen/ingest/list_file - a text file as trimmed lines, for the readers of gen/ingest/video_list.
 *
 * Lines lose their CR and the blanks at both ends; empty ones are left out and still counted. Messages begin with
 * "file:line: ". */
#pragma once

#include "base/system/digest.h"
#include "base/text/text.h"

typedef struct {
    char *text; /* trimmed; may be cut up by its reader */
    int number; /* from 1 */
} ListLine;

typedef struct {
    char path[PATH_SIZE];
    char *block;
    ListLine *lines;
    int count;
} ListFile;

/* Adds the file's bytes to `digest` unless that is NULL. ERR_INPUT: missing, larger than 1 GiB, zero bytes in it. */
CHECKED Err list_file_read(ListFile *file, const char *path, Digest *digest);
void list_file_free(ListFile *file);

/* The rest of the text after the last blank, which becomes a zero byte (with the blanks before it); NULL when there is
 * no blank. */
char *list_last_word(char *text);
/* A whole number in low..high and nothing else; false otherwise. */
bool list_number(int *number, const char *text, int low, int high);
