/* store/foreign/weightfile: NumPy's .npy (numpy.lib.format): magic, version, header length, a Python dictionary of
 * three keys, the values. Members of an .npz are such files. */
#include "base/text/text.h"
#include "store/foreign/internal/weightfile_formats.h"

#include <ctype.h>
#include <string.h>

enum { MAGIC_BYTES = 6, HEADER_MAX = 1 << 16 };
static const char magic[] = "\x93NUMPY";

static bool recognizes(const unsigned char *data, size_t length) {
    return length > MAGIC_BYTES && memcmp(data, magic, MAGIC_BYTES) == 0;
}

/* Behind 'key': in the header, or NULL. */
static const char *value_of(const char *header, const char *key) {
    char quoted[40];
    snprintf(quoted, sizeof quoted, "'%s'", key);
    const char *at = strstr(header, quoted);
    if (!at) return NULL;
    at += strlen(quoted);
    while (*at == ' ' || *at == ':') at++;
    return at;
}

static bool read_descr(Dtype *dtype, const char *descr) {
    static const struct {
        const char *text;
        Dtype dtype;
    } known[] = {{"'<f8'", DTYPE_F64}, {"'<f4'", DTYPE_F32}, {"'<f2'", DTYPE_F16},
                 {"'<i8'", DTYPE_I64}, {"'<i4'", DTYPE_I32}, {"'<i2'", DTYPE_I16},
                 {"'|i1'", DTYPE_I8},  {"'|u1'", DTYPE_U8},  {"'|b1'", DTYPE_BOOL}};
    for (size_t i = 0; descr && i < sizeof known / sizeof *known; i++)
        if (text_starts(descr, known[i].text)) {
            *dtype = known[i].dtype;
            return true;
        }
    return false;
}

/* "(3, 4)", "(5,)", "()". */
static bool read_shape(WeightEntry *entry, const char *text) {
    if (!text || *text++ != '(') return false;
    for (entry->n_dims = 0;;) {
        while (*text == ' ' || *text == ',') text++;
        if (*text == ')') return true;
        if (!isdigit((unsigned char)*text) || entry->n_dims == WEIGHT_DIMS) return false;
        char *end;
        entry->dims[entry->n_dims++] = strtoll(text, &end, 10);
        text = end;
    }
}

static void column_major(WeightEntry *entry) {
    int64_t stride = 1;
    for (int d = 0; d < entry->n_dims; d++) {
        entry->strides[d] = stride;
        if (entry->dims[d] > 0 && __builtin_mul_overflow(stride, entry->dims[d], &stride)) stride = INT64_MAX;
    }
}

CHECKED Err weightfile_npy_header(WeightEntry *entry, size_t *header_bytes, const unsigned char *data, size_t length,
                                  const char *name) {
    size_t prefix = length > MAGIC_BYTES && data[MAGIC_BYTES] == 1 ? 10 : 12, header = 0;
    if (!recognizes(data, length) || length < prefix) return RAISE(ERR_INPUT, "%s: not a NumPy array", name);
    for (size_t i = prefix; i-- > MAGIC_BYTES + 2;) header = header << 8 | data[i];
    if (header > HEADER_MAX || header > length - prefix) return RAISE(ERR_INPUT, "%s: truncated header", name);
    char *text = calloc(header + 1, 1);
    if (!text) return RAISE(ERR_MEMORY, "%s: no memory for its header", name);
    memcpy(text, data + prefix, header);
    const char *order = value_of(text, "fortran_order");
    bool shaped = read_shape(entry, value_of(text, "shape")),
         typed = read_descr(&entry->dtype, value_of(text, "descr"));
    bool fortran = order && text_starts(order, "True");
    free(text);
    if (!typed) return RAISE(ERR_INPUT, "%s: its type is not read (little-endian floats, integers and bool are)", name);
    if (!shaped) return RAISE(ERR_INPUT, "%s: impossible shape", name);
    if (fortran)
        column_major(entry);
    else
        weightfile_contiguous(entry);
    *header_bytes = prefix + header;
    return ERR_NONE;
}

static Err list(WeightFile *file) {
    WeightEntry entry = {.name = "array"};
    size_t begin = 0;
    TRY(weightfile_npy_header(&entry, &begin, file->data, file->length, file->name));
    entry.place = (int64_t)begin;
    entry.storage_elements = (int64_t)((file->length - begin) / dtype_size(entry.dtype));
    return weightfile_add(file, &entry);
}

static const char *kind(const WeightFile *file) {
    (void)file;
    return "npy";
}

const WeightFormat weightfile_npy = {
    .recognizes = recognizes, .list = list, .storage = weightfile_storage_inside, .kind = kind};
