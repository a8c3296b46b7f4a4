#include "store/pickle.h"

#include "base/text.h"

#include <string.h>

enum { BLOCK_VALUES = 1024, GLOBAL_SIZE_MAX = 512, GLOBALS_MAX = 1 << 16, LIST_MAX = 1 << 21, ITEMS_MAX = 1 << 22 };

/* Values live in blocks, so that their addresses stay. */
typedef struct Block {
    struct Block *next;
    size_t used;
    PickleValue values[BLOCK_VALUES];
} Block;

struct Pickle {
    Block *blocks;
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

/* ---- memory ---- */

static Err broken(const Machine *m, const char *what) {
    return RAISE(ERR_INPUT, "%s: a damaged or unsupported pickle: %s at byte %zu of %zu", m->origin, what, m->at,
                 m->length);
}

static Err no_memory(const Machine *m) {
    return RAISE(ERR_MEMORY, "%s: no memory for its pickle", m->origin);
}

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
    if (values->count >= LIST_MAX) return broken(m, "more values than any weight file has");
    if (!grow((void **)&values->items, &values->capacity, values->count, sizeof *values->items)) return no_memory(m);
    values->items[values->count++] = value;
    return ERR_NONE;
}

static Err new_value(PickleValue **out, Machine *m, PickleKind kind) {
    Pickle *pickle = m->pickle;
    if (pickle->n_values >= PICKLE_VALUES_MAX) return broken(m, "more values than any weight file has");
    if (!pickle->blocks || pickle->blocks->used == BLOCK_VALUES) {
        Block *block = calloc(1, sizeof *block);
        if (!block) return no_memory(m);
        block->next = pickle->blocks;
        pickle->blocks = block;
    }
    *out = &pickle->blocks->values[pickle->blocks->used++];
    pickle->n_values++;
    (*out)->kind = kind;
    return ERR_NONE;
}

static Err add_item(Machine *m, PickleValue *to, PickleValue *item) {
    if (m->pickle->n_items++ >= ITEMS_MAX) return broken(m, "more items than any weight file has");
    if (!grow((void **)&to->items, &to->capacity, to->n_items, sizeof *to->items)) return no_memory(m);
    to->items[to->n_items++] = item;
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

static Err take(const unsigned char **bytes, Machine *m, uint64_t count) {
    if (count > m->length - m->at) return broken(m, "truncated");
    *bytes = m->data + m->at;
    m->at += count;
    return ERR_NONE;
}

static Err take_number(uint64_t *number, Machine *m, int n_bytes) {
    const unsigned char *bytes = NULL;
    TRY(take(&bytes, m, (uint64_t)n_bytes));
    *number = 0;
    for (int i = n_bytes - 1; i >= 0; i--) *number = *number << 8 | bytes[i];
    return ERR_NONE;
}

/* Up to, and without, the line break. */
static Err take_line(const char **text, size_t *length, Machine *m) {
    const unsigned char *begin = m->data + m->at, *end = memchr(begin, '\n', m->length - m->at);
    if (!end) return broken(m, "a line without an end");
    *text = (const char *)begin;
    *length = (size_t)(end - begin);
    m->at += *length + 1;
    return ERR_NONE;
}

/* ---- the stack ---- */

static Err push(Machine *m, PickleValue *value) {
    return values_push(m, &m->stack, value);
}

static size_t floor_of(const Machine *m) {
    return m->n_marks ? m->marks[m->n_marks - 1] : 0;
}

static Err pop(PickleValue **value, Machine *m) {
    if (m->stack.count <= floor_of(m)) return broken(m, "an empty stack");
    *value = m->stack.items[--m->stack.count];
    return ERR_NONE;
}

static Err peek(PickleValue **value, const Machine *m) {
    if (m->stack.count <= floor_of(m)) return broken(m, "an empty stack");
    *value = m->stack.items[m->stack.count - 1];
    return ERR_NONE;
}

static Err push_mark(Machine *m) {
    if (m->n_marks >= LIST_MAX) return broken(m, "more marks than any weight file has");
    if (!grow((void **)&m->marks, &m->marks_capacity, m->n_marks, sizeof *m->marks)) return no_memory(m);
    m->marks[m->n_marks++] = m->stack.count;
    return ERR_NONE;
}

/* The values above the last mark, which stay readable until the next push. */
static Err pop_mark(PickleValue ***items, size_t *count, Machine *m) {
    if (!m->n_marks) return broken(m, "no mark");
    size_t height = m->marks[--m->n_marks];
    *items = height ? m->stack.items + height : m->stack.items; /* NULL before the first push: nothing to add to */
    *count = m->stack.count - height;
    m->stack.count = height;
    return ERR_NONE;
}

static Err push_integer(Machine *m, PickleKind kind, int64_t integer) {
    PickleValue *value = NULL;
    TRY(new_value(&value, m, kind));
    value->integer = integer;
    return push(m, value);
}

static Err push_new(Machine *m, PickleKind kind) {
    PickleValue *value = NULL;
    TRY(new_value(&value, m, kind));
    return push(m, value);
}

static Err push_bytes(Machine *m, PickleKind kind, int length_bytes) {
    PickleValue *value = NULL;
    uint64_t length = 0;
    const unsigned char *bytes = NULL;
    TRY(take_number(&length, m, length_bytes));
    TRY(take(&bytes, m, length));
    TRY(new_value(&value, m, kind));
    value->text = (const char *)bytes;
    value->length = length;
    return push(m, value);
}

/* ---- opcodes ---- */

/* Two's complement, little-endian. */
static Err push_long(Machine *m, int length_bytes) {
    TRY(push_bytes(m, PICKLE_BIG, length_bytes));
    PickleValue *value = m->stack.items[m->stack.count - 1];
    const unsigned char *bytes = (const unsigned char *)value->text;
    if (value->length > 8) return ERR_NONE;
    uint64_t number = value->length && bytes[value->length - 1] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = value->length; i-- > 0;) number = number << 8 | bytes[i];
    value->kind = PICKLE_INT;
    value->integer = (int64_t)number;
    return ERR_NONE;
}

static Err push_float(Machine *m) {
    const unsigned char *bytes = NULL;
    uint64_t bits = 0;
    PickleValue *value = NULL;
    TRY(take(&bytes, m, 8));
    for (int i = 0; i < 8; i++) bits = bits << 8 | bytes[i]; /* the one big-endian opcode */
    TRY(new_value(&value, m, PICKLE_FLOAT));
    memcpy(&value->number, &bits, sizeof bits);
    return push(m, value);
}

static Err push_global(Machine *m, const char *module, size_t module_length, const char *name, size_t name_length) {
    Pickle *pickle = m->pickle;
    PickleValue *value = NULL;
    if (module_length + name_length + 2 > GLOBAL_SIZE_MAX) return broken(m, "a name longer than any");
    if (memchr(module, 0, module_length) || memchr(name, 0, name_length)) return broken(m, "a zero inside a name");
    if (pickle->n_globals >= GLOBALS_MAX) return broken(m, "more names than any weight file has");
    if (!grow((void **)&pickle->globals, &pickle->globals_capacity, pickle->n_globals, sizeof *pickle->globals))
        return no_memory(m);
    char *text = malloc(module_length + name_length + 2);
    if (!text) return no_memory(m);
    pickle->globals[pickle->n_globals++] = text;
    memcpy(text, module, module_length);
    text[module_length] = ' ';
    memcpy(text + module_length + 1, name, name_length);
    text[module_length + 1 + name_length] = 0;
    TRY(new_value(&value, m, PICKLE_GLOBAL));
    value->text = text;
    value->length = module_length + 1 + name_length;
    return push(m, value);
}

static Err global_lines(Machine *m) {
    const char *module = NULL, *name = NULL;
    size_t module_length = 0, name_length = 0;
    TRY(take_line(&module, &module_length, m));
    TRY(take_line(&name, &name_length, m));
    return push_global(m, module, module_length, name, name_length);
}

static Err global_stack(Machine *m) {
    PickleValue *module = NULL, *name = NULL;
    TRY(pop(&name, m));
    TRY(pop(&module, m));
    if (module->kind != PICKLE_TEXT || name->kind != PICKLE_TEXT)
        return broken(m, "a global that is not named by text");
    return push_global(m, module->text, module->length, name->text, name->length);
}

static Err make_tuple(Machine *m, PickleValue **items, size_t count, PickleKind kind) {
    PickleValue *value = NULL;
    TRY(new_value(&value, m, kind));
    for (size_t i = 0; i < count; i++) TRY(add_item(m, value, items[i]));
    return push(m, value);
}

static Err make_marked(Machine *m, PickleKind kind) {
    PickleValue **items = NULL;
    size_t count = 0;
    TRY(pop_mark(&items, &count, m));
    if (kind == PICKLE_DICT && count % 2) return broken(m, "a key without a value");
    return make_tuple(m, items, count, kind);
}

static Err make_short_tuple(Machine *m, size_t count) {
    if (m->stack.count < floor_of(m) + count) return broken(m, "an empty stack");
    m->stack.count -= count;
    return make_tuple(m, m->stack.items + m->stack.count, count, PICKLE_TUPLE);
}

static bool takes_items(const PickleValue *value, PickleKind kind) {
    return value->kind == kind || value->kind == PICKLE_CALL; /* a subclass, made by a call: its items are dropped */
}

static Err append(Machine *m, PickleValue *to, PickleValue *const *items, size_t count, PickleKind kind) {
    if (!takes_items(to, kind)) return broken(m, "items for something that holds none");
    if (kind == PICKLE_DICT && count % 2) return broken(m, "a key without a value");
    for (size_t i = 0; to->kind == kind && i < count; i++) TRY(add_item(m, to, items[i]));
    return ERR_NONE;
}

static Err append_marked(Machine *m, PickleKind kind) {
    PickleValue **items = NULL, *to = NULL;
    size_t count = 0;
    TRY(pop_mark(&items, &count, m));
    TRY(peek(&to, m));
    return append(m, to, items, count, kind);
}

static Err append_popped(Machine *m, size_t count, PickleKind kind) {
    PickleValue *to = NULL;
    if (m->stack.count < floor_of(m) + count) return broken(m, "an empty stack");
    m->stack.count -= count;
    TRY(peek(&to, m));
    return append(m, to, m->stack.items + m->stack.count, count, kind);
}

/* What Python would call; OrderedDict() becomes a dictionary, to be filled by the opcodes that follow. */
static Err make_call(Machine *m) {
    PickleValue *arguments = NULL, *callable = NULL, *call = NULL;
    TRY(pop(&arguments, m));
    TRY(pop(&callable, m));
    if (pickle_is_global(callable, "collections OrderedDict") && arguments->n_items == 0)
        return push_new(m, PICKLE_DICT);
    TRY(new_value(&call, m, PICKLE_CALL));
    TRY(add_item(m, call, callable));
    TRY(add_item(m, call, arguments));
    return push(m, call);
}

static Err set_state(Machine *m) {
    PickleValue *state = NULL, *object = NULL;
    TRY(pop(&state, m));
    TRY(peek(&object, m));
    bool first = object->kind == PICKLE_CALL && object->n_items == 2;
    return first ? add_item(m, object, state) : ERR_NONE; /* attributes of a dictionary: not weights */
}

static Err make_persistent(Machine *m) {
    PickleValue *what = NULL, *value = NULL;
    TRY(pop(&what, m));
    TRY(new_value(&value, m, PICKLE_PERSISTENT));
    TRY(add_item(m, value, what));
    return push(m, value);
}

static Err memo_put(Machine *m, uint64_t place) {
    PickleValue *value = NULL;
    TRY(peek(&value, m));
    if (place > m->memo.count) {
        /* Writers number in order; a gap can be no larger than the stream, or it is an attack on memory. */
        if (place > m->length) return broken(m, "an impossible memo");
        while (m->memo.count < place) TRY(values_push(m, &m->memo, NULL));
    }
    if (place < m->memo.count) {
        m->memo.items[place] = value;
        return ERR_NONE;
    }
    return values_push(m, &m->memo, value);
}

static Err memo_get(Machine *m, uint64_t place) {
    if (place >= m->memo.count || !m->memo.items[place]) return broken(m, "an unknown memo");
    return push(m, m->memo.items[place]);
}

static Err memo_op(Machine *m, bool put, int n_bytes) {
    uint64_t place = 0;
    TRY(take_number(&place, m, n_bytes));
    return put ? memo_put(m, place) : memo_get(m, place);
}

static Err push_sized_int(Machine *m, int n_bytes) {
    uint64_t number = 0;
    TRY(take_number(&number, m, n_bytes));
    return push_integer(m, PICKLE_INT, n_bytes == 4 ? (int32_t)(uint32_t)number : (int64_t)number);
}

static Err skip_number(Machine *m, int n_bytes) {
    uint64_t ignored = 0;
    return take_number(&ignored, m, n_bytes);
}

static Err drop_top(Machine *m) {
    PickleValue *ignored = NULL;
    if (m->n_marks && m->stack.count == floor_of(m)) {
        m->n_marks--;
        return ERR_NONE;
    }
    return pop(&ignored, m);
}

static Err drop_marked(Machine *m) {
    PickleValue **items = NULL;
    size_t count = 0;
    return pop_mark(&items, &count, m);
}

static Err duplicate(Machine *m) {
    PickleValue *top = NULL;
    TRY(peek(&top, m));
    return push(m, top);
}

/* object(*args, **kwargs): the keywords are dropped. */
static Err make_call_with_keywords(Machine *m) {
    PickleValue *ignored = NULL;
    TRY(pop(&ignored, m));
    return make_call(m);
}

static Err step(Machine *m, unsigned char opcode) {
    switch (opcode) {
    case 0x80: return skip_number(m, 1);               /* PROTO */
    case 0x95: return skip_number(m, 8);               /* FRAME */
    case '(': return push_mark(m);                     /* MARK */
    case '0': return drop_top(m);                      /* POP */
    case '1': return drop_marked(m);                   /* POP_MARK */
    case '2': return duplicate(m);                     /* DUP */
    case 'N': return push_new(m, PICKLE_NONE);         /* NONE */
    case 0x88: return push_integer(m, PICKLE_BOOL, 1); /* NEWTRUE */
    case 0x89: return push_integer(m, PICKLE_BOOL, 0); /* NEWFALSE */
    case 'J': return push_sized_int(m, 4);             /* BININT */
    case 'K': return push_sized_int(m, 1);             /* BININT1 */
    case 'M': return push_sized_int(m, 2);             /* BININT2 */
    case 0x8a: return push_long(m, 1);                 /* LONG1 */
    case 0x8b: return push_long(m, 4);                 /* LONG4 */
    case 'G': return push_float(m);                    /* BINFLOAT */
    case 'X': return push_bytes(m, PICKLE_TEXT, 4);    /* BINUNICODE */
    case 0x8c: return push_bytes(m, PICKLE_TEXT, 1);   /* SHORT_BINUNICODE */
    case 0x8d: return push_bytes(m, PICKLE_TEXT, 8);   /* BINUNICODE8 */
    case 'U': return push_bytes(m, PICKLE_TEXT, 1);    /* SHORT_BINSTRING */
    case 'T': return push_bytes(m, PICKLE_TEXT, 4);    /* BINSTRING */
    case 'C': return push_bytes(m, PICKLE_BYTES, 1);   /* SHORT_BINBYTES */
    case 'B': return push_bytes(m, PICKLE_BYTES, 4);   /* BINBYTES */
    case 0x8e: return push_bytes(m, PICKLE_BYTES, 8);  /* BINBYTES8 */
    case 0x96: return push_bytes(m, PICKLE_BYTES, 8);  /* BYTEARRAY8 */
    case ')': return push_new(m, PICKLE_TUPLE);        /* EMPTY_TUPLE */
    case ']': return push_new(m, PICKLE_LIST);         /* EMPTY_LIST */
    case '}': return push_new(m, PICKLE_DICT);         /* EMPTY_DICT */
    case 0x8f: return push_new(m, PICKLE_LIST);        /* EMPTY_SET */
    case 't': return make_marked(m, PICKLE_TUPLE);     /* TUPLE */
    case 'l': return make_marked(m, PICKLE_LIST);      /* LIST */
    case 'd': return make_marked(m, PICKLE_DICT);      /* DICT */
    case 0x91: return make_marked(m, PICKLE_LIST);     /* FROZENSET */
    case 0x85: return make_short_tuple(m, 1);          /* TUPLE1 */
    case 0x86: return make_short_tuple(m, 2);          /* TUPLE2 */
    case 0x87: return make_short_tuple(m, 3);          /* TUPLE3 */
    case 'a': return append_popped(m, 1, PICKLE_LIST); /* APPEND */
    case 'e': return append_marked(m, PICKLE_LIST);    /* APPENDS */
    case 0x90: return append_marked(m, PICKLE_LIST);   /* ADDITEMS */
    case 's': return append_popped(m, 2, PICKLE_DICT); /* SETITEM */
    case 'u': return append_marked(m, PICKLE_DICT);    /* SETITEMS */
    case 'c': return global_lines(m);                  /* GLOBAL */
    case 0x93: return global_stack(m);                 /* STACK_GLOBAL */
    case 'R':                                          /* REDUCE */
    case 0x81: return make_call(m);                    /* NEWOBJ */
    case 0x92: return make_call_with_keywords(m);      /* NEWOBJ_EX */
    case 'b': return set_state(m);                     /* BUILD */
    case 'Q': return make_persistent(m);               /* BINPERSID */
    case 'q': return memo_op(m, true, 1);              /* BINPUT */
    case 'r': return memo_op(m, true, 4);              /* LONG_BINPUT */
    case 'h': return memo_op(m, false, 1);             /* BINGET */
    case 'j': return memo_op(m, false, 4);             /* LONG_BINGET */
    case 0x94: return memo_put(m, m->memo.count);      /* MEMOIZE */
    default: break;
    }
    m->at--;
    char what[40];
    TRY(text_format(what, sizeof what, "unknown opcode 0x%02x", opcode));
    return broken(m, what);
}

static Err run(Machine *m) {
    for (;;) {
        const unsigned char *opcode = NULL;
        TRY(take(&opcode, m, 1));
        if (*opcode == '.') return pop(&m->pickle->root, m);
        TRY(step(m, *opcode));
    }
}

Err pickle_parse(Pickle **out, size_t *used, const void *data, size_t length, const char *origin) {
    Machine m = {.data = data, .length = length, .origin = origin, .pickle = calloc(1, sizeof *m.pickle)};
    *out = NULL;
    if (!m.pickle) return no_memory(&m);
    Err err = run(&m);
    free(m.stack.items);
    free(m.memo.items);
    free(m.marks);
    *used = m.at;
    *out = m.pickle;
    if (err) pickle_free(out);
    return err;
}

/* ---- looking ---- */

const PickleValue *pickle_root(const Pickle *pickle) {
    return pickle->root;
}

bool pickle_is_text(const PickleValue *value, const char *text) {
    return value->kind == PICKLE_TEXT && value->length == strlen(text) && memcmp(value->text, text, value->length) == 0;
}

bool pickle_is_global(const PickleValue *value, const char *module_and_name) {
    return value->kind == PICKLE_GLOBAL && text_equal(value->text, module_and_name);
}

const PickleValue *pickle_at(const PickleValue *dict, const char *key) {
    for (size_t i = 0; dict->kind == PICKLE_DICT && i + 1 < dict->n_items; i += 2)
        if (pickle_is_text(dict->items[i], key)) return dict->items[i + 1];
    return NULL;
}
