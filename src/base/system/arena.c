/* One block with a moving end. With base NULL takes only count, so one function can both measure a layout and lay it
 * out. */
#include "base/system/arena.h"

#include "base/text/text.h"

#include <sys/mman.h>

enum { ARENA_ALIGNMENT = 64 };

Err arena_alloc(Arena *arena, size_t bytes, const char *purpose) {
    *arena = (Arena){0};
    size_t capacity = bytes ? bytes : ARENA_ALIGNMENT;
    void *base = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        char size[32];
        return RAISE(ERR_MEMORY, "%s needs %s of memory in one piece, which this machine does not have", purpose,
                     text_bytes(size, sizeof size, (double)bytes));
    }
    /* Stock Debian hands out huge pages only where they are asked for; a refusal costs speed, nothing else. */
    (void)madvise(base, capacity, MADV_HUGEPAGE);
    *arena = (Arena){.base = base, .capacity = capacity};
    return ERR_NONE;
}

void arena_free(Arena *arena) {
    if (arena->base) munmap(arena->base, arena->capacity);
    *arena = (Arena){0};
}

void *arena_take(Arena *arena, size_t bytes) {
    /* cache lines, and the widest vectors */
    size_t at = (arena->used + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    arena->used = at + bytes;
    if (!arena->base) return NULL;
    ASSERT(arena->used <= arena->capacity);
    return arena->base + at;
}

float *arena_floats(Arena *arena, size_t count) {
    return arena_take(arena, count * sizeof(float));
}

size_t arena_mark(const Arena *arena) {
    return arena->used;
}

void arena_reset(Arena *arena, size_t mark) {
    ASSERT(mark <= arena->used);
    arena->used = mark;
}
