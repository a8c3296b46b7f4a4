/* base/config/record - the members of a JSON object of ours, with messages that name file and key.
 *
 * Numbers beyond 2^53, which JSON readers round, are written as texts of digits; both forms are read. */
#pragma once

#include "base/failure/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const cJSON *object; /* borrowed */
    const char *origin;  /* the file, for messages */
    const char *list;    /* the list that the object is an entry of, for messages; NULL: none */
    int entry;           /* its place in the list, from 0 */
} Record;

/* Reads `path` and checks schema and version; *tree is freed with cJSON_Delete. */
CHECKED Err record_open(cJSON **tree, const char *path, const char *schema, int version);
/* A new object with schema, schema_version and created_by; NULL when out of memory. */
cJSON *record_new(const char *schema, int version);
/* Prints, writes whole (base/system/file.h) and frees the tree in any case. `complete` false: building it ran out of
 * memory.
 */
CHECKED Err record_write(cJSON **tree, bool complete, const char *path);

CHECKED Err record_text(char *out, size_t size, Record record, const char *key);
CHECKED Err record_int(int64_t *out, Record record, const char *key, int64_t low, int64_t high);
CHECKED Err record_seed(uint64_t *out, Record record, const char *key);
/* null is NAN. */
CHECKED Err record_double(double *out, Record record, const char *key);
CHECKED Err record_object(Record *out, Record record, const char *key);
/* The same for members that may be missing: then the text is "", the number NAN, the flag false. A text is borrowed. */
CHECKED Err record_maybe_text(const char **out, Record record, const char *key);
CHECKED Err record_maybe_number(double *out, Record record, const char *key);
CHECKED Err record_maybe_flag(bool *out, Record record, const char *key);
/* For what is only shown, or done again when it is not as it should be: no message. A borrowed text, or `otherwise`. */
const char *record_text_or(const cJSON *object, const char *key, const char *otherwise);
double record_number_or(const cJSON *object, const char *key, double otherwise);
/* *n: its entries (walk them with cJSON_ArrayForEach). */
CHECKED Err record_list(const cJSON **list, int *n, Record record, const char *key);
/* The same of a list of texts and nothing else. */
CHECKED Err record_texts(const cJSON **list, int *n, Record record, const char *key);
/* Calls `row` for each entry of a list of objects, in order; messages about an entry say which one it is. */
typedef Err RecordRow(void *state, Record entry);
CHECKED Err record_each(Record record, const char *key, RecordRow *row, void *state);

/* Each returns false when out of memory. */
bool record_put_text(cJSON *object, const char *key, const char *text);
bool record_put_int(cJSON *object, const char *key, int64_t value);
bool record_put_seed(cJSON *object, const char *key, uint64_t value);
/* NAN becomes null. */
bool record_put_double(cJSON *object, const char *key, double value);
/* A JSON text becomes a member; NULL: nothing. False also when it is no JSON. */
bool record_put_json(cJSON *object, const char *key, const char *text);
