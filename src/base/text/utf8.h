/* base/text/utf8 - characters of a text whose bytes come from strangers.
 *
 * Names of files, classes and runs are bytes: nothing promises that they are UTF-8 or free of control characters.
 * "Character" is what RFC 3629 allows: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character at `text`, 1 to 4; 0 when none begins there, or the text ends. */
size_t utf8_character(const char *text);
/* Whether the character of `length` bytes at `text` can stand in a line of a document: no control character (C0, C1,
 * DEL) and none of the codes that XML forbids. */
bool utf8_is_printable(const char *text, size_t length);
/* All of it characters. */
bool utf8_is_valid(const char *text);
/* All of it printable characters. */
bool utf8_is_line(const char *text);
/* The largest length up to `bytes` at which `text` can be cut without splitting a character. */
size_t utf8_cut(const char *text, size_t bytes);
