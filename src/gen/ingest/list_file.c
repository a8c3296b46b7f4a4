#include "gen/ingest/internal/list_file.h"

#include "base/system/file.h"

#include <errno.h>
#include <limits.h>

enum { LIST_BYTES_MAX = 1 << 30 };

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static char *trimmed(char *begin, char *end) {
    while (end > begin && is_blank(end[-1])) end--;
    *end = '\0';
    while (is_blank(*begin)) begin++;
    return begin;
}

static int count_breaks(const char *text) {
    int count = 1;
    for (; (text = strchr(text, '\n')); text++) count++;
    return count;
}

static void cut_lines(ListFile *file) {
    char *at = file->block;
    if (text_starts(at, "\xEF\xBB\xBF")) at += 3; /* byte order mark */
    for (int number = 1; at; number++) {
        char *end = strchr(at, '\n'), *next = end ? end + 1 : NULL;
        char *line = trimmed(at, end ? end : at + strlen(at));
        if (*line) file->lines[file->count++] = (ListLine){line, number};
        at = next;
    }
}

CHECKED Err list_file_read(ListFile *file, const char *path, Digest *digest) {
    size_t length = 0;
    *file = (ListFile){0};
    TRY(text_copy(file->path, sizeof file->path, path));
    TRY(file_read(&file->block, &length, path, LIST_BYTES_MAX));
    Err err = ERR_NONE;
    if (strlen(file->block) != length)
        err = RAISE(ERR_INPUT, "%s: holds zero bytes; a list of text was expected", path);
    if (!err && !(file->lines = calloc((size_t)count_breaks(file->block), sizeof *file->lines)))
        err = RAISE(ERR_MEMORY, "%s: no memory for its lines", path);
    if (err) {
        list_file_free(file);
        return err;
    }
    if (digest) digest_add(digest, file->block, length);
    cut_lines(file);
    return ERR_NONE;
}

void list_file_free(ListFile *file) {
    free(file->lines);
    free(file->block);
    *file = (ListFile){0};
}

char *list_last_word(char *text) {
    char *end = text + strlen(text), *word = end;
    while (word > text && !is_blank(word[-1])) word--;
    if (word == text) return NULL;
    for (char *blank = word; blank > text && is_blank(blank[-1]);) *--blank = '\0';
    return word;
}

bool list_number(int *number, const char *text, int low, int high) {
    char *end = NULL;
    if (!*text || is_blank(*text)) return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || *end || value < low || value > high) return false;
    *number = (int)value;
    return true;
}
