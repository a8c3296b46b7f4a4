/* What the opcodes of store/foreign/pickle work on: the tree being built, the stream, a stack with marks, and the memo.
 * Bounds are enforced here, so that an opcode cannot exceed them. Errors are ERR_INPUT with the place in the stream, or
 * ERR_MEMORY. */
#pragma once

#include "store/foreign/internal/pickle.h"

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
