/* Values live in blocks that never move, so that pointers to them stay good while the tree grows; they are freed with
 * it, all at once. Every list is bounded (LIST_MAX, ITEMS_MAX and the like): a hostile stream ends with a message, not
 * with the machine's memory.
 */
#include "store/foreign/internal/pickle.h"

#include <string.h>

enum { BLOCK_VALUES = 1024, GLOBAL_SIZE_MAX = 512, GLOBALS_MAX = 1 << 16, LIST_MAX = 1 << 21, ITEMS_MAX = 1 << 22 };

struct Block {
    struct Block *next;
    size_t used;
    PickleValue values[BLOCK_VALUES];
};

Err machine_broken(const Machine *m, const char *what) {
    return RAISE(ERR_INPUT, "%s: a damaged or unsupported pickle: %s at byte %zu of %zu", m->origin, what, m->at,
                 m->length);
}

Err machine_no_memory(const Machine *m) {
    return RAISE(ERR_MEMORY, "%s: no memory for its pickle", m->origin);
}

void machine_free(Machine *m) {
    free(m->stack.items);
    free(m->memo.items);
    free(m->marks);
}

/* ---- the tree ---- */

/* Room for one more element; capacities double. */
static bool grow(void **items, size_t *capacity, size_t count, size_t size) {
    if (count < *capacity) return true;
    size_t wanted = *capacity ? 2 * *capacity : 8;
    void *grown = realloc(*items, wanted * size);
    if (!grown) return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

static Err values_push(Machine *m, Values *values, PickleValue *value) {
    if (values->count >= LIST_MAX) return machine_broken(m, "more values than any weight file has");
    if (!grow((void **)&values->items, &values->capacity, values->count, sizeof *values->items))
        return machine_no_memory(m);
    values->items[values->count++] = value;
    return ERR_NONE;
}

Err machine_new_value(PickleValue **out, Machine *m, PickleKind kind) {
    Pickle *pickle = m->pickle;
    if (pickle->n_values >= PICKLE_VALUES_MAX) return machine_broken(m, "more values than any weight file has");
    if (!pickle->blocks || pickle->blocks->used == BLOCK_VALUES) {
        Block *block = calloc(1, sizeof *block);
        if (!block) return machine_no_memory(m);
        block->next = pickle->blocks;
        pickle->blocks = block;
    }
    *out = &pickle->blocks->values[pickle->blocks->used++];
    pickle->n_values++;
    (*out)->kind = kind;
    return ERR_NONE;
}

Err machine_add_item(Machine *m, PickleValue *to, PickleValue *item) {
    if (m->pickle->n_items++ >= ITEMS_MAX) return machine_broken(m, "more items than any weight file has");
    if (!grow((void **)&to->items, &to->capacity, to->n_items, sizeof *to->items)) return machine_no_memory(m);
    to->items[to->n_items++] = item;
    return ERR_NONE;
}

Err machine_new_global(PickleValue **out, Machine *m, const char *module, size_t module_length, const char *name,
                       size_t name_length) {
    Pickle *pickle = m->pickle;
    if (module_length + name_length + 2 > GLOBAL_SIZE_MAX) return machine_broken(m, "a name longer than any");
    if (memchr(module, 0, module_length) || memchr(name, 0, name_length))
        return machine_broken(m, "a zero inside a name");
    if (pickle->n_globals >= GLOBALS_MAX) return machine_broken(m, "more names than any weight file has");
    if (!grow((void **)&pickle->globals, &pickle->globals_capacity, pickle->n_globals, sizeof *pickle->globals))
        return machine_no_memory(m);
    char *text = malloc(module_length + name_length + 2);
    if (!text) return machine_no_memory(m);
    pickle->globals[pickle->n_globals++] = text;
    memcpy(text, module, module_length);
    text[module_length] = ' ';
    memcpy(text + module_length + 1, name, name_length);
    text[module_length + 1 + name_length] = 0;
    TRY(machine_new_value(out, m, PICKLE_GLOBAL));
    (*out)->text = text;
    (*out)->length = module_length + 1 + name_length;
    return ERR_NONE;
}

void pickle_free(Pickle **pickle) {
    if (!*pickle) return;
    for (Block *block = (*pickle)->blocks, *next; block; block = next) {
        next = block->next;
        for (size_t i = 0; i < block->used; i++) free(block->values[i].items);
        free(block);
    }
    for (size_t i = 0; i < (*pickle)->n_globals; i++) free((*pickle)->globals[i]);
    free((*pickle)->globals);
    free(*pickle);
    *pickle = NULL;
}

/* ---- the stream ---- */

Err machine_take(const unsigned char **bytes, Machine *m, uint64_t count) {
    if (count > m->length - m->at) return machine_broken(m, "truncated");
    *bytes = m->data + m->at;
    m->at += count;
    return ERR_NONE;
}

Err machine_take_number(uint64_t *number, Machine *m, int n_bytes) {
    const unsigned char *bytes = NULL;
    TRY(machine_take(&bytes, m, (uint64_t)n_bytes));
    *number = 0;
    for (int i = n_bytes - 1; i >= 0; i--) *number = *number << 8 | bytes[i];
    return ERR_NONE;
}

/* Up to, and without, the line break. */
Err machine_take_line(const char **text, size_t *length, Machine *m) {
    const unsigned char *begin = m->data + m->at, *end = memchr(begin, '\n', m->length - m->at);
    if (!end) return machine_broken(m, "a line without an end");
    *text = (const char *)begin;
    *length = (size_t)(end - begin);
    m->at += *length + 1;
    return ERR_NONE;
}

/* ---- the stack ---- */

Err machine_push(Machine *m, PickleValue *value) {
    return values_push(m, &m->stack, value);
}

/* What lies below the last mark is not to be popped: Python's unpickler has a stack a mark. */
static size_t floor_of(const Machine *m) {
    return m->n_marks ? m->marks[m->n_marks - 1] : 0;
}

Err machine_pop(PickleValue **value, Machine *m) {
    if (m->stack.count <= floor_of(m)) return machine_broken(m, "an empty stack");
    *value = m->stack.items[--m->stack.count];
    return ERR_NONE;
}

Err machine_peek(PickleValue **value, const Machine *m) {
    if (m->stack.count <= floor_of(m)) return machine_broken(m, "an empty stack");
    *value = m->stack.items[m->stack.count - 1];
    return ERR_NONE;
}

Err machine_push_mark(Machine *m) {
    if (m->n_marks >= LIST_MAX) return machine_broken(m, "more marks than any weight file has");
    if (!grow((void **)&m->marks, &m->marks_capacity, m->n_marks, sizeof *m->marks)) return machine_no_memory(m);
    m->marks[m->n_marks++] = m->stack.count;
    return ERR_NONE;
}

/* The values above the last mark, which stay readable until the next push. */
Err machine_pop_mark(PickleValue ***items, size_t *count, Machine *m) {
    if (!m->n_marks) return machine_broken(m, "no mark");
    size_t height = m->marks[--m->n_marks];
    *items = height ? m->stack.items + height : m->stack.items; /* NULL before the first push: nothing to add to */
    *count = m->stack.count - height;
    m->stack.count = height;
    return ERR_NONE;
}

Err machine_pop_many(PickleValue ***items, size_t count, Machine *m) {
    if (m->stack.count < floor_of(m) + count) return machine_broken(m, "an empty stack");
    m->stack.count -= count;
    *items = m->stack.items + m->stack.count;
    return ERR_NONE;
}

bool machine_at_mark(const Machine *m) {
    return m->n_marks && m->stack.count == floor_of(m);
}

Err machine_memo_put(Machine *m, uint64_t place) {
    PickleValue *value = NULL;
    TRY(machine_peek(&value, m));
    if (place > m->memo.count) {
        /* Writers number in order; a gap can be no larger than the stream, or it is an attack on memory. */
        if (place > m->length) return machine_broken(m, "an impossible memo");
        while (m->memo.count < place) TRY(values_push(m, &m->memo, NULL));
    }
    if (place < m->memo.count) {
        m->memo.items[place] = value;
        return ERR_NONE;
    }
    return values_push(m, &m->memo, value);
}

Err machine_memo_get(Machine *m, uint64_t place) {
    if (place >= m->memo.count || !m->memo.items[place]) return machine_broken(m, "an unknown memo");
    return machine_push(m, m->memo.items[place]);
}
