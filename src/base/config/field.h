/* base/config/field - a config struct described by a table.
 *
 * A config struct is plain values; its Field table gives keys, help, defaults and ranges. Everything else is derived
 * from the table: defaults, reading JSON with range errors that carry the full key path, unknown-key errors with the
 * nearest name, the resolved dump, `config explain`, the JSON schema, completion, and the digest. After reading, a
 * config is const.
 *
 *     typedef struct { int epochs; float mask_ratio; char variant[NAME_SIZE]; Range speed; } ExampleConfig;
 *     static const Field example_fields[] = {
 *         FIELD_INT(ExampleConfig, epochs, "passes over the dataset", 3200, 1, 1e6),
 *         FIELD_FLOAT(ExampleConfig, mask_ratio, "share of tubes hidden", 0.75, 0, 0.95),
 *         FIELD_TEXT(ExampleConfig, variant, "slug or file of the dataset", ""),
 *         FIELD_RANGE(ExampleConfig, speed, "initial speed, pixels a frame", 1.2, 3.0, 0, 100),
 *         FIELD_END,
 *     };  */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    FIELD_TYPE_END,
    FIELD_TYPE_BOOL,   /* bool */
    FIELD_TYPE_INT,    /* int */
    FIELD_TYPE_INT64,  /* int64_t */
    FIELD_TYPE_FLOAT,  /* float */
    FIELD_TYPE_DOUBLE, /* double */
    FIELD_TYPE_TEXT,   /* char[n] */
    FIELD_TYPE_ENUM,   /* int; `names` "a|b|c" numbered from 0 */
    FIELD_TYPE_RANGE,  /* Range; JSON [low, high] */
    FIELD_TYPE_GROUP,  /* nested struct with its own table; JSON object */
    FIELD_TYPE_TEXTS,  /* TextList; JSON array of strings */
} FieldType;

typedef struct {
    double low, high;
} Range;

enum { TEXT_LIST_MAX = 64 };
typedef struct {
    int count;
    char items[TEXT_LIST_MAX][256];
} TextList;

enum {
    FIELD_COSMETIC = 1, /* does not enter the digest: paths, progress, logging, rank and thread counts */
    FIELD_REQUIRED = 2, /* must be given */
    FIELD_COMMAS = 4,   /* TEXT: items with commas between them; given again, items are added */
    FIELD_QUIET = 8,    /* enters the digest unless it is the default: runs from before the field keep their names;
                         * a group whose values all are does not even enter the dump, so that plans stay valid too */
};

typedef struct Field {
    const char *key, *help;
    FieldType type;
    size_t offset, size;
    double fallback, min, max; /* for RANGE: fallback is low, fallback_high is high */
    double fallback_high;
    const char *text;           /* TEXT: default; ENUM: names "a|b|c" (fallback is the index) */
    const struct Field *fields; /* GROUP */
    unsigned flags;
} Field;

/* The macros take further initializers at the end: FIELD_INT(..., .flags = FIELD_COSMETIC). */
#define FIELD_AT_(S, m) .key = #m, .offset = offsetof(S, m), .size = sizeof(((S *)0)->m)
#define FIELD_NUMBER_(S, m, type_, help_, default_, min_, max_, ...)                                                   \
    {                                                                                                                  \
        FIELD_AT_(S, m), .type = (type_), .help = (help_), .fallback = (double)(default_), .min = (double)(min_),      \
                         .max = (double)(max_), __VA_ARGS__                                                            \
    }
#define FIELD_BOOL(S, m, help_, default_, ...)                                                                         \
    { FIELD_AT_(S, m), .help = (help_), .type = FIELD_TYPE_BOOL, .fallback = (default_), .max = 1, __VA_ARGS__ }
#define FIELD_INT(S, m, ...)    FIELD_NUMBER_(S, m, FIELD_TYPE_INT, __VA_ARGS__, )
#define FIELD_INT64(S, m, ...)  FIELD_NUMBER_(S, m, FIELD_TYPE_INT64, __VA_ARGS__, )
#define FIELD_FLOAT(S, m, ...)  FIELD_NUMBER_(S, m, FIELD_TYPE_FLOAT, __VA_ARGS__, )
#define FIELD_DOUBLE(S, m, ...) FIELD_NUMBER_(S, m, FIELD_TYPE_DOUBLE, __VA_ARGS__, )
#define FIELD_TEXT(S, m, help_, default_, ...)                                                                         \
    { FIELD_AT_(S, m), .help = (help_), .type = FIELD_TYPE_TEXT, .text = (default_), __VA_ARGS__ }
#define FIELD_PATH(S, m, help_, default_) FIELD_TEXT(S, m, help_, default_, .flags = FIELD_COSMETIC)
#define FIELD_ENUM(S, m, help_, default_index_, names_, ...)                                                           \
    {                                                                                                                  \
        FIELD_AT_(S, m), .help = (help_), .type = FIELD_TYPE_ENUM, .fallback = (default_index_), .text = (names_),     \
                         __VA_ARGS__                                                                                   \
    }
#define FIELD_RANGE(S, m, help_, low_, high_, min_, max_, ...)                                                         \
    {                                                                                                                  \
        FIELD_AT_(S, m), .help = (help_), .type = FIELD_TYPE_RANGE, .fallback = (low_), .fallback_high = (high_),      \
                         .min = (min_), .max = (max_), __VA_ARGS__                                                     \
    }
#define FIELD_GROUP(S, m, help_, table_, ...)                                                                          \
    { FIELD_AT_(S, m), .help = (help_), .type = FIELD_TYPE_GROUP, .fields = (table_), __VA_ARGS__ }
#define FIELD_TEXTS(S, m, help_, ...)                                                                                  \
    { FIELD_AT_(S, m), .help = (help_), .type = FIELD_TYPE_TEXTS, __VA_ARGS__ }
#define FIELD_END                                                                                                      \
    { .type = FIELD_TYPE_END }

struct cJSON;

/* Fills `config` with the defaults of the table. */
void fields_default(void *config, const Field *fields);
/* Reads a cJSON object over the values present. `path` is the key path of the object ("pretrain", or ""), for messages.
 * With config NULL it only checks. */
CHECKED Err fields_read(void *config, const Field *fields, const struct cJSON *object, const char *path);
/* Raises ERR_USAGE when a field marked FIELD_REQUIRED is missing from the object. */
CHECKED Err fields_require(const Field *fields, const struct cJSON *object, const char *path);
/* The values as a new cJSON object; cosmetic fields left out if `identity_only`. NULL: out of memory. */
struct cJSON *fields_dump(const void *config, const Field *fields, bool identity_only);
/* The members that the digest is made of: fields_dump with identity_only, without quiet fields at their default. */
struct cJSON *fields_identity(const void *config, const Field *fields);
/* Finds "a.b.c"; NULL when there is none (nearest name through *nearest, may be NULL). */
const Field *fields_find(const Field *fields, const char *key_path, const char **nearest);
/* Bytes of the struct up to the end of its last described member. */
size_t fields_size(const Field *fields);
/* "a.b"; "b" when path is empty. Longer ones are cut, as they only appear in messages. */
const char *field_path(char *out, size_t size, const char *path, const char *key);
/* Number i of an ENUM's names into `out`; false behind the last. */
bool field_enum_name(char *out, size_t size, const Field *field, int i);

/* For people: "whole number from 1 to 1000000", "raw | deflate"; and the default, "" if there is none worth telling. */
const char *field_kind_text(char *out, size_t size, const Field *field);
const char *field_default_text(char *out, size_t size, const Field *field);
/* A JSON schema (draft 2020-12) object of the table. NULL: out of memory. */
struct cJSON *fields_schema(const Field *fields);
