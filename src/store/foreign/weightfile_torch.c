/* store/foreign/weightfile: what torch pickles, whichever container it comes in. A tensor is a call of one of few
 * functions with a storage, an offset, sizes and strides; a storage is a persistent value ("storage", type, key, place,
 * count).
 */
#include "base/text/text.h"
#include "store/foreign/internal/weightfile_formats.h"

#include <string.h>

enum { DEPTH_MAX = 24, STEPS_MAX = 1 << 21 };

typedef struct {
    WeightFile *file;
    TorchLocate locate;
    char name[WEIGHT_NAME_SIZE];
    long steps; /* a value may stand in many places, and the tree may bite its tail */
} Walk;

static const struct {
    const char *type;
    Dtype dtype;
} storage_types[] = {
    {"DoubleStorage", DTYPE_F64},    {"FloatStorage", DTYPE_F32}, {"HalfStorage", DTYPE_F16},
    {"BFloat16Storage", DTYPE_BF16}, {"LongStorage", DTYPE_I64},  {"IntStorage", DTYPE_I32},
    {"ShortStorage", DTYPE_I16},     {"CharStorage", DTYPE_I8},   {"ByteStorage", DTYPE_U8},
    {"BoolStorage", DTYPE_BOOL},
};

/* "torch FloatStorage", also "torch.cuda FloatStorage". */
static bool storage_dtype(Dtype *dtype, const PickleValue *type) {
    if (type->kind != PICKLE_GLOBAL || !text_starts(type->text, "torch")) return false;
    const char *name = strrchr(type->text, ' ') + 1;
    for (size_t i = 0; i < sizeof storage_types / sizeof *storage_types; i++)
        if (text_equal(name, storage_types[i].type)) {
            *dtype = storage_types[i].dtype;
            return true;
        }
    return false;
}

static Err malformed(const Walk *walk, const char *what) {
    return RAISE(ERR_INPUT, "%s: %s: %s", walk->file->name, walk->name, what);
}

static bool is_int(const PickleValue *value) {
    return value->kind == PICKLE_INT;
}

static Err read_storage(TorchStorage *storage, const Walk *walk, const PickleValue *value) {
    const PickleValue *id = value->kind == PICKLE_PERSISTENT ? value->items[0] : NULL;
    /* ("storage", type, key, place, count[, view]) */
    if (!id || id->kind != PICKLE_TUPLE || id->n_items < 5 || !pickle_is_text(id->items[0], "storage") ||
        id->items[2]->kind != PICKLE_TEXT || !is_int(id->items[4]))
        return malformed(walk, "a tensor without a storage");
    if (!storage_dtype(&storage->dtype, id->items[1])) return malformed(walk, "a type of storage that is not read");
    if (id->n_items > 5 && id->items[5]->kind != PICKLE_NONE) return malformed(walk, "a view of a storage is not read");
    storage->key = id->items[2]->text;
    storage->key_length = id->items[2]->length;
    storage->elements = id->items[4]->integer;
    return storage->elements < 0 ? malformed(walk, "a storage of negative size") : ERR_NONE;
}

static Err read_numbers(int64_t numbers[WEIGHT_DIMS], int *count, const Walk *walk, const PickleValue *tuple) {
    if ((tuple->kind != PICKLE_TUPLE && tuple->kind != PICKLE_LIST) || tuple->n_items > WEIGHT_DIMS)
        return malformed(walk, "a shape of too many sizes, or none");
    *count = (int)tuple->n_items;
    for (int d = 0; d < *count; d++) {
        if (!is_int(tuple->items[d])) return malformed(walk, "a size that is no number");
        numbers[d] = tuple->items[d]->integer;
    }
    return ERR_NONE;
}

/* arguments: storage, offset, sizes, strides, ... */
static Err add_tensor(Walk *walk, const PickleValue *arguments) {
    WeightEntry entry = {0};
    TorchStorage storage = {0};
    int n_strides = 0;
    if (arguments->kind != PICKLE_TUPLE || arguments->n_items < 4 || !is_int(arguments->items[1]))
        return malformed(walk, "a tensor without storage, offset, sizes and strides");
    TRY(weightfile_name(&entry, walk->file, walk->name, strlen(walk->name)));
    TRY(read_storage(&storage, walk, arguments->items[0]));
    entry.dtype = storage.dtype;
    entry.offset = arguments->items[1]->integer;
    TRY(read_numbers(entry.dims, &entry.n_dims, walk, arguments->items[2]));
    TRY(read_numbers(entry.strides, &n_strides, walk, arguments->items[3]));
    if (n_strides != entry.n_dims) return malformed(walk, "sizes and strides of different length");
    /* where a storage lies depends on the container: a file of the archive, or behind the pickle */
    TRY(walk->locate(&entry, walk->file, &storage));
    return weightfile_add(walk->file, &entry);
}

static Err visit(Walk *walk, const PickleValue *value, int depth);

/* Calls torch makes for tensors; whatever else was called is looked at for its state only. */
static Err visit_call(Walk *walk, const PickleValue *call, int depth) {
    const PickleValue *callable = call->items[0], *arguments = call->items[1];
    if (pickle_is_global(callable, "torch._utils _rebuild_tensor_v2") ||
        pickle_is_global(callable, "torch._utils _rebuild_tensor"))
        return add_tensor(walk, arguments);
    /* a Parameter is a tensor and whether it wants a gradient */
    bool wraps = pickle_is_global(callable, "torch._utils _rebuild_parameter") && arguments->n_items > 0;
    if (wraps) return visit(walk, arguments->items[0], depth + 1);
    /* subclasses of Tensor: (function, type, its arguments, state) */
    bool typed = pickle_is_global(callable, "torch._tensor _rebuild_from_type_v2") && arguments->n_items > 2;
    if (typed && (pickle_is_global(arguments->items[0], "torch._utils _rebuild_tensor_v2")))
        return add_tensor(walk, arguments->items[2]);
    /* a third item is the state that BUILD gave it, such as the attributes of a module */
    return call->n_items > 2 ? visit(walk, call->items[2], depth + 1) : ERR_NONE;
}

/* Appends ".part" for as long as the visit lasts. */
static Err visit_named(Walk *walk, const char *part, size_t length, const PickleValue *value, int depth) {
    size_t end = strlen(walk->name), dot = end > 0;
    if (end + dot + length >= sizeof walk->name || memchr(part, 0, length))
        return RAISE(ERR_INPUT, "%s: %.60s: a name of more than %d characters", walk->file->name, walk->name,
                     WEIGHT_NAME_SIZE - 1);
    if (dot) walk->name[end] = '.';
    memcpy(walk->name + end + dot, part, length);
    walk->name[end + dot + length] = 0;
    TRY(visit(walk, value, depth + 1));
    walk->name[end] = 0;
    return ERR_NONE;
}

static bool holds_values(const PickleValue *value) {
    return value->kind == PICKLE_DICT || value->kind == PICKLE_LIST || value->kind == PICKLE_TUPLE ||
           value->kind == PICKLE_CALL;
}

static Err visit(Walk *walk, const PickleValue *value, int depth) {
    if (++walk->steps > STEPS_MAX) return malformed(walk, "more nested values than any weight file has");
    if (depth > DEPTH_MAX) return malformed(walk, "nested deeper than any weight file");
    if (value->kind == PICKLE_CALL) return visit_call(walk, value, depth);
    if (value->kind == PICKLE_DICT) {
        for (size_t i = 0; i + 1 < value->n_items; i += 2) {
            const PickleValue *key = value->items[i];
            /* numbers and texts among the tensors: epochs, options */
            if (!holds_values(value->items[i + 1])) continue;
            char digits[24];
            int length = snprintf(digits, sizeof digits, "%lld", (long long)key->integer);
            if (key->kind == PICKLE_TEXT) TRY(visit_named(walk, key->text, key->length, value->items[i + 1], depth));
            if (key->kind == PICKLE_INT) TRY(visit_named(walk, digits, (size_t)length, value->items[i + 1], depth));
        }
    } else if (value->kind == PICKLE_LIST || value->kind == PICKLE_TUPLE) {
        for (size_t i = 0; i < value->n_items; i++) {
            if (!holds_values(value->items[i])) continue;
            char digits[24];
            int length = snprintf(digits, sizeof digits, "%zu", i);
            TRY(visit_named(walk, digits, (size_t)length, value->items[i], depth));
        }
    }
    return ERR_NONE;
}

CHECKED Err weightfile_add_torch(WeightFile *file, const PickleValue *root, TorchLocate locate) {
    Walk walk = {.file = file, .locate = locate};
    return visit(&walk, root, 0);
}
