/* base/text/text - bounded strings, paths, and the way quantities are written for people. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATH_SIZE = 1024, NAME_SIZE = 128 };

/* Copies or formats into a fixed buffer; too long is ERR_USAGE naming the text, never a silent cut. */
CHECKED Err text_copy(char *out, size_t size, const char *text);
CHECKED Err text_format(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Copies what fits; of more, the beginning and the end with "..." between them, no character of UTF-8 split. Returns
 * `out`; size at least 16. */
const char *text_fit(char *out, size_t size, const char *text);
/* "dir/name" with exactly one slash. */
CHECKED Err path_join(char *out, size_t size, const char *dir, const char *name);
const char *path_base(const char *path);      /* the part after the last slash */
const char *path_extension(const char *path); /* after the last dot of the base, or "" */
CHECKED Err path_parent(char *out, size_t size, const char *path);

bool text_equal(const char *a, const char *b);
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
/* The entry of `names` (NULL-terminated) nearest to `word` by edit distance, or NULL if none is near. */
const char *text_nearest(const char *word, const char *const *names);

/* For people: "1.4 GB", "2 h 13 min", "1,234,567". Return `out`. */
const char *text_bytes(char *out, size_t size, double bytes);
const char *text_duration(char *out, size_t size, double seconds);
const char *text_count(char *out, size_t size, int64_t count);
/* "90", "90s", "15min", "2h30m", "1d": seconds. */
CHECKED Err text_parse_duration(double *seconds, const char *text);
/* Columns of a terminal that a UTF-8 text takes. */
int text_columns(const char *text);

/* A growing string. Start from {0}; free with builder_free. Running out of memory sets `failed`, checked once. */
typedef struct {
    char *data;
    size_t length, capacity;
    bool failed;
} Builder;

void builder_add(Builder *builder, const char *format, ...) __attribute__((format(printf, 2, 3)));
void builder_add_text(Builder *builder, const char *text);
/* Breaks `text` at blanks into lines of at most `columns`, each behind `indent` blanks. An empty line in the text
 * starts a paragraph and a line that begins with a blank stays a line of its own; other line breaks count as blanks.
 * `column` is where the first line stands already. Ends in a line break. */
void builder_add_wrapped(Builder *builder, const char *text, int column, int indent, int columns);
CHECKED Err builder_check(const Builder *builder, const char *purpose);
void builder_free(Builder *builder);

/* utf8: characters of a text whose bytes come from strangers.
 *
 * Names of files, classes and runs are bytes: nothing promises that they are UTF-8 or free of control characters.
 * "Character" is what RFC 3629 allows: no overlong forms, no surrogates, nothing above U+10FFFF. */

/* Bytes of the character at `text`, 1 to 4; 0 when none begins there, or the text ends. */
size_t utf8_character(const char *text);
/* Whether the character of `length` bytes at `text` can stand in a line of a document: no control character (C0, C1,
 * DEL) and none of the codes that XML forbids. */
bool utf8_is_printable(const char *text, size_t length);
/* Whether the whole text is characters: valid UTF-8. */
bool utf8_is_valid(const char *text);
/* Whether the whole text is printable characters. */
bool utf8_is_line(const char *text);
/* The largest length up to `bytes` at which `text` can be cut without splitting a character. */
size_t utf8_cut(const char *text, size_t bytes);
