/* NumPy's .npy (numpy.lib.format), read as a weight file and written as a matrix: magic, two bytes of version, the
 * header's length (two bytes in version 1, four from 2 on), a Python dictionary of three keys, the values. Members of
 * an .npz are such files. */
#include "base/system/file.h"
#include "base/text/text.h"
#include "store/foreign/internal/weightfile_formats.h"

#include <ctype.h>
#include <stdlib.h>
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

/* ---- matrices ---- */

/* Version 1.0. The header is padded with blanks so that the values begin at a multiple of 64, as NumPy asks for. */
enum { HEADER_BYTES = 128, PREFIX_BYTES = 10 };
static const char prefix[PREFIX_BYTES] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, HEADER_BYTES - PREFIX_BYTES, 0};
static const char pattern[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %d), }";

Err npy_write(const char *path, const float *rows, size_t count, int dims) {
    size_t bytes = count * (size_t)dims * sizeof *rows;
    char *file = malloc(HEADER_BYTES + bytes);
    if (!file) return RAISE(ERR_MEMORY, "%s: no memory for %zu bytes", path, bytes);
    memset(file, ' ', HEADER_BYTES);
    memcpy(file, prefix, PREFIX_BYTES);
    int length = snprintf(file + PREFIX_BYTES, HEADER_BYTES - PREFIX_BYTES, pattern, count, dims);
    file[PREFIX_BYTES + length] = ' ';
    file[HEADER_BYTES - 1] = '\n';
    memcpy(file + HEADER_BYTES, rows, bytes);
    Err err = file_write_whole(path, file, HEADER_BYTES + bytes);
    free(file);
    return err;
}

static Err read_matrix(float **rows, size_t *count, int *dims, WeightFile *file, const char *path) {
    const WeightEntry *entry = weightfile_entry(file, 0);
    if (!text_equal(weightfile_kind(file), "npy") || entry->dtype != DTYPE_F32 || entry->n_dims != 2 ||
        entry->dims[1] < 1 || entry->dims[1] > INT32_MAX)
        return RAISE(ERR_INPUT, "%s: not a float32 matrix in NumPy format", path);
    if (entry->count != entry->storage_elements)
        return RAISE(ERR_INPUT, "%s: %lld values where %lld of its length are expected", path,
                     (long long)entry->storage_elements, (long long)entry->count);
    *rows = malloc((size_t)entry->count * sizeof **rows + 1);
    if (!*rows) return RAISE(ERR_MEMORY, "%s: no memory for %lld values", path, (long long)entry->count);
    *count = (size_t)entry->dims[0];
    *dims = (int)entry->dims[1];
    Err err = weightfile_read(*rows, file, 0);
    if (err) free(*rows);
    return err;
}

Err npy_read(float **rows, size_t *count, int *dims, const char *path) {
    WeightFile *file;
    TRY(weightfile_open(&file, path));
    Err err = weightfile_count(file) ? read_matrix(rows, count, dims, file, path)
                                     : RAISE(ERR_INPUT, "%s: holds no array", path);
    weightfile_close(&file);
    return err;
}
