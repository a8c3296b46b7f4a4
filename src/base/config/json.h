/* base/config/json - strict reading and tidy writing of JSON, over cJSON.
 *
 * Reading refuses what cJSON would let pass: keys given twice, numbers that overflow, nesting deeper than
 * JSON_DEPTH_MAX, zero bytes, anything behind the value. Every message names the origin (a file, "command line") and
 * the line. A byte of a text that is not UTF-8 is written as \xNN and read back as that byte (base/text/escape.h).
 * Writing is deterministic: keys in the order of the tree, two spaces a level, short lists on one line, numbers with
 * the fewest digits that read back equal. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

struct cJSON;

enum { JSON_DEPTH_MAX = 64 };

/* Parses all of text[0..length), which a zero byte follows. What is wrong with the text raises `code` (ERR_USAGE for
 * configurations, ERR_INPUT for data). Free with cJSON_Delete. */
CHECKED Err json_parse(struct cJSON **tree, const char *text, size_t length, const char *origin, Err code);
/* The same for a file of at most max_bytes; a missing file raises `code` too. */
CHECKED Err json_read(struct cJSON **tree, const char *path, size_t max_bytes, Err code);
/* Ends in a newline; the caller frees. */
CHECKED Err json_print(char **text, const struct cJSON *tree);
/* `value` in the fewest digits that read back equal; %.17g at most. Returns `out`; 32 bytes are enough. */
const char *json_number(char *out, size_t size, double value);
/* A number, true, false or a text as itself, anything else as `otherwise`. Returns `out` or a borrowed text. */
const char *json_value(char *out, size_t size, const struct cJSON *value, const char *otherwise);
/* A value in the words of a message, "expected X, found ...": 3, true, the text "ten", a list of 2. Returns `out`. */
enum { JSON_FOUND_SIZE = 96 };
const char *json_found(char out[JSON_FOUND_SIZE], const struct cJSON *value);
