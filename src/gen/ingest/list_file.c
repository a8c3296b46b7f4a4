/* Lists come from spreadsheets, scripts and pandas, so quoting is RFC 4180's, line breaks of all kinds count, and
 * blanks around fields do not. Fields are cut in place: a line is text with zero bytes where separators were. */
#include "gen/ingest/internal/video_list_formats.h"

#include "base/system/file.h"

#include <errno.h>
#include <limits.h>

enum { LIST_BYTES_MAX = 1 << 30 };

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_one_of(char c, const char *set) {
    return c && strchr(set, c);
}

static char *trimmed(char *begin, char *end) {
    while (end > begin && is_blank(end[-1])) end--;
    *end = '\0';
    while (is_blank(*begin)) begin++;
    return begin;
}

/* ---- lines ---- */

/* Where the line that begins at `at` ends, with the breaks that its quotes hold counted; NULL when a quotation mark
 * opens in line *n_breaks after the first and nothing closes it. */
static char *line_end(char *at, const char *separators, int *n_breaks) {
    bool fresh = true, quoted = false; /* fresh: at the beginning of a field */
    int opened = 0;
    for (*n_breaks = 0; *at; at++) {
        if (quoted) {
            *n_breaks += *at == '\n';
            if (*at == '"' && at[1] == '"')
                at++;
            else if (*at == '"')
                quoted = false;
        } else if (*at == '\n' || *at == '\r') {
            return at;
        } else if (*at == '"' && fresh) {
            quoted = true;
            fresh = false;
            opened = *n_breaks;
        } else {
            fresh = is_one_of(*at, separators) || (fresh && is_blank(*at));
        }
    }
    if (quoted) *n_breaks = opened;
    return quoted ? NULL : at;
}

static Err add_line(ListFile *file, char *text, int number) {
    if ((file->count & (file->count - 1)) == 0) { /* full whenever the count is a power of two */
        size_t room = file->count ? 2 * (size_t)file->count : 1;
        ListLine *grown = realloc(file->lines, room * sizeof *grown);
        if (!grown) return RAISE(ERR_MEMORY, "%s: no memory for its lines", file->path);
        file->lines = grown;
    }
    file->lines[file->count++] = (ListLine){text, number};
    return ERR_NONE;
}

static Err cut_lines(ListFile *file, const char *separators) {
    char *at = file->block;
    if (text_starts(at, "\xEF\xBB\xBF")) at += 3; /* byte order mark */
    for (int number = 1, n_breaks; *at; number += n_breaks + 1) {
        char *end = line_end(at, separators, &n_breaks);
        if (!end)
            return RAISE(ERR_INPUT,
                         "%s:%d: a quotation mark opens here and none closes it; inside quotes, two stand "
                         "for one",
                         file->path, number + n_breaks);
        char *next = end + (*end == '\r' && end[1] == '\n') + (*end != '\0');
        char *line = trimmed(at, end);
        if (*line) TRY(add_line(file, line, number));
        at = next;
    }
    return ERR_NONE;
}

static Err check_text(const ListFile *file, size_t length) {
    if (strlen(file->block) == length) return ERR_NONE;
    bool wide = length > 1 && (!memcmp(file->block, "\xFF\xFE", 2) || !memcmp(file->block, "\xFE\xFF", 2));
    return RAISE(ERR_INPUT,
                 wide ? "%s: is text in UTF-16; save it as UTF-8" : "%s: holds zero bytes; a list of text was expected",
                 file->path);
}

CHECKED Err list_file_read(ListFile *file, const char *path, const char *separators, Digest *digest) {
    size_t length = 0;
    *file = (ListFile){0};
    TRY(text_copy(file->path, sizeof file->path, path));
    TRY(file_read(&file->block, &length, path, LIST_BYTES_MAX));
    if (digest) digest_add(digest, file->block, length);
    Err err = check_text(file, length);
    if (!err) err = cut_lines(file, separators);
    if (err) list_file_free(file);
    return err;
}

void list_file_free(ListFile *file) {
    free(file->lines);
    free(file->block);
    *file = (ListFile){0};
}

/* ---- fields ---- */

/* Reads the field at `at` in place, ending it with a zero byte; returns what follows its separator, NULL at the end of
 * the line. What stands between a closing mark and the separator belongs to the field, as pandas has it. */
static char *take_field(char **field, char *at, const char *separators) {
    while (is_blank(*at) && !is_one_of(*at, separators)) at++;
    char *out = at, *solid = at; /* solid: the end of what must not be trimmed */
    bool quoted = *at == '"';
    *field = out;
    for (at += quoted; *at && (quoted || !is_one_of(*at, separators)); at++) {
        if (quoted && *at == '"' && at[1] == '"') {
            at++;
        } else if (quoted && *at == '"') {
            quoted = false;
            solid = out;
            continue;
        }
        *out++ = *at;
    }
    char *next = *at ? at + 1 : NULL;
    while (out > solid && is_blank(out[-1])) out--;
    *out = '\0';
    return next;
}

int list_fields(char **fields, int most, char *line, const char *separators) {
    int count = 0;
    for (char *at = line, *field; at; count++) {
        at = take_field(&field, at, separators);
        if (count < most) fields[count] = field;
    }
    return count;
}

/* The rest of the text after the last blank, which becomes a zero byte with the blanks before it; NULL when there is no
 * blank. */
static char *last_word(char *text) {
    char *end = text + strlen(text), *word = end;
    while (word > text && !is_blank(word[-1])) word--;
    if (word == text) return NULL;
    for (char *blank = word; blank > text && is_blank(blank[-1]);) *--blank = '\0';
    return word;
}

void list_path_and_word(char **path, char **word, char *text) {
    *path = text;
    *word = NULL;
    if (*text == '"') {
        char *rest = take_field(path, text, LIST_BLANKS);
        while (rest && is_blank(*rest)) rest++;
        if (rest && *rest) *word = rest;
    } else {
        *word = last_word(text);
    }
    if (*word) take_field(word, *word, "");
}

bool list_number(int *number, const char *text, int low, int high) {
    char *end = NULL;
    if (!*text || is_blank(*text)) return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text) return false;
    if (*end == '.' && end[1]) end += 1 + strspn(end + 1, "0"); /* a column with a gap is floating-point to pandas */
    if (errno || *end || value < low || value > high) return false;
    *number = (int)value;
    return true;
}
