/* The opcodes of Python's pickle (Lib/pickletools.py) that weight files use (protocols 2 to 5), as a stack
 * machine over plain values. GLOBAL gives a name and REDUCE a node: nothing is ever imported or called. */
#include "store/foreign/internal/pickle.h"

#include "base/text/text.h"

#include <string.h>

/* ---- values ---- */

static Err push_integer(Machine *m, PickleKind kind, int64_t integer) {
    PickleValue *value = NULL;
    TRY(machine_new_value(&value, m, kind));
    value->integer = integer;
    return machine_push(m, value);
}

static Err push_new(Machine *m, PickleKind kind) {
    PickleValue *value = NULL;
    TRY(machine_new_value(&value, m, kind));
    return machine_push(m, value);
}

/* Texts and bytes stay where they are, in the stream; a value points at them. */
static Err push_bytes(Machine *m, PickleKind kind, int length_bytes) {
    PickleValue *value = NULL;
    uint64_t length = 0;
    const unsigned char *bytes = NULL;
    TRY(machine_take_number(&length, m, length_bytes));
    TRY(machine_take(&bytes, m, length));
    TRY(machine_new_value(&value, m, kind));
    value->text = (const char *)bytes;
    value->length = length;
    return machine_push(m, value);
}

/* Two's complement, little-endian. */
static Err push_long(Machine *m, int length_bytes) {
    PickleValue *value = NULL;
    TRY(push_bytes(m, PICKLE_BIG, length_bytes));
    TRY(machine_peek(&value, m));
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
    TRY(machine_take(&bytes, m, 8));
    for (int i = 0; i < 8; i++) bits = bits << 8 | bytes[i]; /* the one big-endian opcode */
    TRY(machine_new_value(&value, m, PICKLE_FLOAT));
    memcpy(&value->number, &bits, sizeof bits);
    return machine_push(m, value);
}

static Err push_global(Machine *m, const char *module, size_t module_length, const char *name, size_t name_length) {
    PickleValue *value = NULL;
    TRY(machine_new_global(&value, m, module, module_length, name, name_length));
    return machine_push(m, value);
}

/* GLOBAL: two lines of text behind the opcode. */
static Err global_lines(Machine *m) {
    const char *module = NULL, *name = NULL;
    size_t module_length = 0, name_length = 0;
    TRY(machine_take_line(&module, &module_length, m));
    TRY(machine_take_line(&name, &name_length, m));
    return push_global(m, module, module_length, name, name_length);
}

/* STACK_GLOBAL: the same two texts from the stack. */
static Err global_stack(Machine *m) {
    PickleValue *module = NULL, *name = NULL;
    TRY(machine_pop(&name, m));
    TRY(machine_pop(&module, m));
    if (module->kind != PICKLE_TEXT || name->kind != PICKLE_TEXT)
        return machine_broken(m, "a global that is not named by text");
    return push_global(m, module->text, module->length, name->text, name->length);
}

/* ---- containers and calls ---- */

static Err make_tuple(Machine *m, PickleValue **items, size_t count, PickleKind kind) {
    PickleValue *value = NULL;
    TRY(machine_new_value(&value, m, kind));
    for (size_t i = 0; i < count; i++) TRY(machine_add_item(m, value, items[i]));
    return machine_push(m, value);
}

static Err make_marked(Machine *m, PickleKind kind) {
    PickleValue **items = NULL;
    size_t count = 0;
    TRY(machine_pop_mark(&items, &count, m));
    if (kind == PICKLE_DICT && count % 2) return machine_broken(m, "a key without a value");
    return make_tuple(m, items, count, kind);
}

static Err make_short_tuple(Machine *m, size_t count) {
    PickleValue **items = NULL;
    TRY(machine_pop_many(&items, count, m));
    return make_tuple(m, items, count, PICKLE_TUPLE);
}

static bool takes_items(const PickleValue *value, PickleKind kind) {
    return value->kind == kind || value->kind == PICKLE_CALL; /* a subclass, made by a call: its items are dropped */
}

static Err append(Machine *m, PickleValue *to, PickleValue *const *items, size_t count, PickleKind kind) {
    if (!takes_items(to, kind)) return machine_broken(m, "items for something that holds none");
    if (kind == PICKLE_DICT && count % 2) return machine_broken(m, "a key without a value");
    for (size_t i = 0; to->kind == kind && i < count; i++) TRY(machine_add_item(m, to, items[i]));
    return ERR_NONE;
}

static Err append_marked(Machine *m, PickleKind kind) {
    PickleValue **items = NULL, *to = NULL;
    size_t count = 0;
    TRY(machine_pop_mark(&items, &count, m));
    TRY(machine_peek(&to, m));
    return append(m, to, items, count, kind);
}

static Err append_popped(Machine *m, size_t count, PickleKind kind) {
    PickleValue **items = NULL, *to = NULL;
    TRY(machine_pop_many(&items, count, m));
    TRY(machine_peek(&to, m));
    return append(m, to, items, count, kind);
}

/* What Python would call; OrderedDict() becomes a dictionary, to be filled by the opcodes that follow. */
static Err make_call(Machine *m) {
    PickleValue *arguments = NULL, *callable = NULL, *call = NULL;
    TRY(machine_pop(&arguments, m));
    TRY(machine_pop(&callable, m));
    if (pickle_is_global(callable, "collections OrderedDict") && arguments->n_items == 0)
        return push_new(m, PICKLE_DICT);
    TRY(machine_new_value(&call, m, PICKLE_CALL));
    TRY(machine_add_item(m, call, callable));
    TRY(machine_add_item(m, call, arguments));
    return machine_push(m, call);
}

static Err set_state(Machine *m) {
    PickleValue *state = NULL, *object = NULL;
    TRY(machine_pop(&state, m));
    TRY(machine_peek(&object, m));
    bool first = object->kind == PICKLE_CALL && object->n_items == 2;
    return first ? machine_add_item(m, object, state) : ERR_NONE; /* attributes of a dictionary: not weights */
}

static Err make_persistent(Machine *m) {
    PickleValue *what = NULL, *value = NULL;
    TRY(machine_pop(&what, m));
    TRY(machine_new_value(&value, m, PICKLE_PERSISTENT));
    TRY(machine_add_item(m, value, what));
    return machine_push(m, value);
}

/* ---- opcodes ---- */

static Err memo_op(Machine *m, bool put, int n_bytes) {
    uint64_t place = 0;
    TRY(machine_take_number(&place, m, n_bytes));
    return put ? machine_memo_put(m, place) : machine_memo_get(m, place);
}

static Err push_sized_int(Machine *m, int n_bytes) {
    uint64_t number = 0;
    TRY(machine_take_number(&number, m, n_bytes));
    return push_integer(m, PICKLE_INT, n_bytes == 4 ? (int32_t)(uint32_t)number : (int64_t)number);
}

static Err skip_number(Machine *m, int n_bytes) {
    uint64_t ignored = 0;
    return machine_take_number(&ignored, m, n_bytes);
}

/* POP of a mark with nothing above it takes the mark away. */
static Err drop_top(Machine *m) {
    PickleValue *ignored = NULL;
    if (machine_at_mark(m)) {
        m->n_marks--;
        return ERR_NONE;
    }
    return machine_pop(&ignored, m);
}

static Err drop_marked(Machine *m) {
    PickleValue **items = NULL;
    size_t count = 0;
    return machine_pop_mark(&items, &count, m);
}

static Err duplicate(Machine *m) {
    PickleValue *top = NULL;
    TRY(machine_peek(&top, m));
    return machine_push(m, top);
}

/* object(*args, **kwargs): the keywords are dropped. */
static Err make_call_with_keywords(Machine *m) {
    PickleValue *ignored = NULL;
    TRY(machine_pop(&ignored, m));
    return make_call(m);
}

/* Opcodes that push one value without parts; *known false for the others. */
static Err push_atom(bool *known, Machine *m, unsigned char opcode) {
    *known = true;
    switch (opcode) {
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
    case 'c': return global_lines(m);                  /* GLOBAL */
    case 0x93: return global_stack(m);                 /* STACK_GLOBAL */
    default: *known = false; return ERR_NONE;
    }
}

/* The rest: the stack, containers, calls and the memo. */
static Err step(Machine *m, unsigned char opcode) {
    bool known;
    Err err = push_atom(&known, m, opcode);
    if (known) return err;
    switch (opcode) {
    case 0x80: return skip_number(m, 1);                  /* PROTO */
    case 0x95: return skip_number(m, 8);                  /* FRAME */
    case '(': return machine_push_mark(m);                /* MARK */
    case '0': return drop_top(m);                         /* POP */
    case '1': return drop_marked(m);                      /* POP_MARK */
    case '2': return duplicate(m);                        /* DUP */
    case ')': return push_new(m, PICKLE_TUPLE);           /* EMPTY_TUPLE */
    case ']': return push_new(m, PICKLE_LIST);            /* EMPTY_LIST */
    case '}': return push_new(m, PICKLE_DICT);            /* EMPTY_DICT */
    case 0x8f: return push_new(m, PICKLE_LIST);           /* EMPTY_SET */
    case 't': return make_marked(m, PICKLE_TUPLE);        /* TUPLE */
    case 'l': return make_marked(m, PICKLE_LIST);         /* LIST */
    case 'd': return make_marked(m, PICKLE_DICT);         /* DICT */
    case 0x91: return make_marked(m, PICKLE_LIST);        /* FROZENSET */
    case 0x85: return make_short_tuple(m, 1);             /* TUPLE1 */
    case 0x86: return make_short_tuple(m, 2);             /* TUPLE2 */
    case 0x87: return make_short_tuple(m, 3);             /* TUPLE3 */
    case 'a': return append_popped(m, 1, PICKLE_LIST);    /* APPEND */
    case 'e': return append_marked(m, PICKLE_LIST);       /* APPENDS */
    case 0x90: return append_marked(m, PICKLE_LIST);      /* ADDITEMS */
    case 's': return append_popped(m, 2, PICKLE_DICT);    /* SETITEM */
    case 'u': return append_marked(m, PICKLE_DICT);       /* SETITEMS */
    case 'R':                                             /* REDUCE */
    case 0x81: return make_call(m);                       /* NEWOBJ */
    case 0x92: return make_call_with_keywords(m);         /* NEWOBJ_EX */
    case 'b': return set_state(m);                        /* BUILD */
    case 'Q': return make_persistent(m);                  /* BINPERSID */
    case 'q': return memo_op(m, true, 1);                 /* BINPUT */
    case 'r': return memo_op(m, true, 4);                 /* LONG_BINPUT */
    case 'h': return memo_op(m, false, 1);                /* BINGET */
    case 'j': return memo_op(m, false, 4);                /* LONG_BINGET */
    case 0x94: return machine_memo_put(m, m->memo.count); /* MEMOIZE */
    default: break;
    }
    m->at--;
    char what[40];
    TRY(text_format(what, sizeof what, "unknown opcode 0x%02x", opcode));
    return machine_broken(m, what);
}

static Err run(Machine *m) {
    for (;;) {
        const unsigned char *opcode = NULL;
        TRY(machine_take(&opcode, m, 1));
        if (*opcode == '.') return machine_pop(&m->pickle->root, m);
        TRY(step(m, *opcode));
    }
}

Err pickle_parse(Pickle **out, size_t *used, const void *data, size_t length, const char *origin) {
    Machine m = {.data = data, .length = length, .origin = origin, .pickle = calloc(1, sizeof *m.pickle)};
    *out = NULL;
    if (!m.pickle) return machine_no_memory(&m);
    Err err = run(&m);
    machine_free(&m);
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