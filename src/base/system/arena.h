/* base/system/arena - bump allocation that is measured first.
 *
 * One layout function takes its pointers from an arena. With a measuring arena (base NULL) the same function only adds
 * up the size. So sizes cannot disagree with use, and --dry-run prints memory before anything is allocated. Pointers
 * are aligned to 64 bytes. arena_alloc maps zeroed pages and asks for huge ones. */
#pragma once

#include "base/failure/err.h"

typedef struct {
    char *base; /* NULL: measuring */
    size_t used, capacity;
} Arena;

/* `bytes` zeroed bytes in one mapping. Raises ERR_MEMORY naming `purpose`. */
CHECKED Err arena_alloc(Arena *arena, size_t bytes, const char *purpose);
void arena_free(Arena *arena);
/* The next `bytes`; NULL while measuring. Overrunning a real arena is a bug (ASSERT). */
void *arena_take(Arena *arena, size_t bytes);
float *arena_floats(Arena *arena, size_t count);
/* Scratch: everything taken after the mark is given back. */
size_t arena_mark(const Arena *arena);
void arena_reset(Arena *arena, size_t mark);
