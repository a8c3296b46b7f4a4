/* store/foreign/internal/pickle - Python's pickle format as a tree of plain values; nothing is ever executed.
 *
 * The stream is a program for a stack machine (Python's pickletools documents the opcodes; protocols 2 to 5 are read).
 * Where Python would import a name and call it, this reader keeps the name: a GLOBAL is a text, a call is a node with
 * callable and arguments, an object is a node with its state. The caller knows a short list of names and decides what
 * those nodes mean. Only collections.OrderedDict is understood here: it becomes a dictionary.
 *
 * Safe for any bytes. Every length is checked against what is left. The numbers of values, items and names are bounded
 * whatever the length of the stream (some 300 MB at worst). Nothing recurses. The tree may share values and even
 * contain itself, as Python's may, so code that walks it must bound depth and steps. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { PICKLE_VALUES_MAX = 1 << 20 };

typedef enum {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_BIG, /* an integer that does not fit 64 bits: its little-endian bytes in text, length */
    PICKLE_FLOAT,
    PICKLE_TEXT,
    PICKLE_BYTES,
    PICKLE_TUPLE,
    PICKLE_LIST,      /* also sets */
    PICKLE_DICT,      /* items: key, value, key, value, ... */
    PICKLE_GLOBAL,    /* text: "module name" with one blank between */
    PICKLE_CALL,      /* items[0] callable, items[1] arguments; items[2] state if there was one */
    PICKLE_PERSISTENT /* items[0]: what the writer kept outside of the stream */
} PickleKind;

typedef struct PickleValue PickleValue;
struct PickleValue {
    PickleKind kind;
    int64_t integer;  /* INT, BOOL */
    double number;    /* FLOAT */
    const char *text; /* TEXT, BYTES, BIG: into the stream, not terminated; GLOBAL: owned by the tree, terminated */
    size_t length;
    PickleValue **items;
    size_t n_items, capacity;
};

typedef struct Pickle Pickle;

/* Parses one pickle at the start of `data`; `used` says where it ended. Texts point into `data`, which must outlive the
 * tree. `origin` names the stream in messages. Not a pickle, truncated, too large: ERR_INPUT with the offset. */
CHECKED Err pickle_parse(Pickle **pickle, size_t *used, const void *data, size_t length, const char *origin);
const PickleValue *pickle_root(const Pickle *pickle);
void pickle_free(Pickle **pickle);

bool pickle_is_text(const PickleValue *value, const char *text);
bool pickle_is_global(const PickleValue *value, const char *module_and_name);
/* The value under a text key of a DICT, or NULL. */
const PickleValue *pickle_at(const PickleValue *dict, const char *key);

/* What the opcodes of store/foreign/pickle work on: the tree being built, the stream, a stack with marks, and the memo.
 * Bounds are enforced here, so that an opcode cannot exceed them. Errors are ERR_INPUT with the place in the stream, or
 * ERR_MEMORY. */

typedef struct Block Block;

struct Pickle {
    Block *blocks;            /* of values, so that their addresses stay */
    size_t n_values, n_items; /* of the whole tree */
    PickleValue *root;
    char **globals; /* texts owned here */
    size_t n_globals, globals_capacity;
};

/* A growing list of values. */
typedef struct {
    PickleValue **items;
    size_t count, capacity;
} Values;

typedef struct {
    const unsigned char *data;
    size_t length, at;
    const char *origin;
    Pickle *pickle;
    Values stack, memo;
    size_t *marks; /* heights of the stack */
    size_t n_marks, marks_capacity;
} Machine;

/* The stream makes no sense here. */
Err machine_broken(const Machine *m, const char *what);
Err machine_no_memory(const Machine *m);
void machine_free(Machine *m); /* but not the tree */

/* ---- the tree ---- */

CHECKED Err machine_new_value(PickleValue **out, Machine *m, PickleKind kind);
CHECKED Err machine_add_item(Machine *m, PickleValue *to, PickleValue *item);
/* A GLOBAL. */
CHECKED Err machine_new_global(PickleValue **out, Machine *m, const char *module, size_t module_length,
                               const char *name, size_t name_length);

/* ---- the stream ---- */

CHECKED Err machine_take(const unsigned char **bytes, Machine *m, uint64_t count);
CHECKED Err machine_take_number(uint64_t *number, Machine *m, int n_bytes); /* little-endian */
/* Up to, and without, the line break. */
CHECKED Err machine_take_line(const char **text, size_t *length, Machine *m);

/* ---- stack, marks, memo ---- */

CHECKED Err machine_push(Machine *m, PickleValue *value);
CHECKED Err machine_pop(PickleValue **value, Machine *m);
CHECKED Err machine_peek(PickleValue **value, const Machine *m);
/* The top `count` values, which stay readable until the next push. */
CHECKED Err machine_pop_many(PickleValue ***items, size_t count, Machine *m);
CHECKED Err machine_push_mark(Machine *m);
/* The values above the last mark, which stay readable until the next push. */
CHECKED Err machine_pop_mark(PickleValue ***items, size_t *count, Machine *m);
/* A mark and nothing above it. */
bool machine_at_mark(const Machine *m);
CHECKED Err machine_memo_put(Machine *m, uint64_t place); /* the top of the stack */
CHECKED Err machine_memo_get(Machine *m, uint64_t place); /* pushes it */
