#include "store/safetensors.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>

enum { LENGTH_BYTES = 8, HEADER_MAX = 64 << 20, ALIGNMENT = 8 };
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors data is written as it lies in memory");

/* ---- writing ---- */

static Err build_header(Builder *header, const Tensor *tensors, int n_tensors) {
    size_t offset = 0;
    builder_add_text(header, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (int i = 0; i < n_tensors; i++) {
        builder_add(header, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", tensors[i].name);
        for (int d = 0; d < tensors[i].n_dims; d++) builder_add(header, "%s%d", d ? "," : "", tensors[i].dims[d]);
        size_t end = offset + tensor_count(&tensors[i]) * sizeof(float);
        builder_add(header, "],\"data_offsets\":[%zu,%zu]}", offset, end);
        offset = end;
    }
    builder_add_text(header, "}");
    while (!header->failed && header->length % ALIGNMENT) builder_add_text(header, " ");
    return builder_check(header, "safetensors header");
}

static bool write_all(FILE *file, const Builder *header, const Tensor *tensors, int n_tensors) {
    uint64_t length = header->length;
    bool ok = fwrite(&length, LENGTH_BYTES, 1, file) == 1 && fwrite(header->data, 1, length, file) == length;
    for (int i = 0; ok && i < n_tensors; i++) {
        size_t count = tensor_count(&tensors[i]);
        ok = fwrite(tensors[i].data, sizeof(float), count, file) == count;
    }
    return ok;
}

static Err write_partial(const char *partial, const Builder *header, const Tensor *tensors, int n_tensors) {
    FILE *file = fopen(partial, "wb");
    if (!file) return RAISE(ERR_IO, "%s: cannot create: %s", partial, strerror(errno));
    bool ok = write_all(file, header, tensors, n_tensors);
    int code = errno;
    if (fclose(file) != 0 && ok) {
        ok = false;
        code = errno;
    }
    return ok ? ERR_NONE : RAISE(ERR_IO, "%s: cannot write: %s", partial, strerror(code));
}

CHECKED Err safetensors_write(const char *path, const Tensor *tensors, int n_tensors) {
    char partial[PATH_SIZE];
    Builder header = {0};
    Err err = build_header(&header, tensors, n_tensors);
    if (!err) err = file_partial_name(partial, sizeof(partial), path);
    if (!err) err = write_partial(partial, &header, tensors, n_tensors);
    if (!err) err = file_finish_partial(path);
    if (err) file_remove_partial(path);
    builder_free(&header);
    return err;
}

/* ---- reading ---- */

typedef struct {
    const char *path, *header; /* header: zero-terminated copy */
    FILE *file;
    uint64_t header_length, data_bytes;
} Reader;

static Err open_reader(Reader *reader, const char *path) {
    int64_t size = file_size(path);
    *reader = (Reader){.path = path};
    if (size < 0) return RAISE(ERR_INPUT, "%s: no such file", path);
    reader->file = fopen(path, "rb");
    if (!reader->file) return RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    uint64_t length = 0;
    if (fread(&length, LENGTH_BYTES, 1, reader->file) != 1 || length < 2 || length > HEADER_MAX ||
        length + LENGTH_BYTES > (uint64_t)size)
        return RAISE(ERR_INPUT, "%s: not a safetensors file: its header length does not fit its size", path);
    reader->header_length = length;
    reader->data_bytes = (uint64_t)size - LENGTH_BYTES - length;
    return ERR_NONE;
}

static Err read_header(cJSON **tree, Reader *reader) {
    char *text = malloc(reader->header_length + 1);
    if (!text) return RAISE(ERR_MEMORY, "%s: no memory for the header", reader->path);
    Err err = ERR_NONE;
    if (fread(text, 1, reader->header_length, reader->file) != reader->header_length)
        err = RAISE(ERR_IO, "%s: cannot read the header", reader->path);
    text[reader->header_length] = '\0';
    if (!err) err = json_parse(tree, text, reader->header_length, reader->path, ERR_INPUT);
    free(text);
    if (!err && !cJSON_IsObject(*tree)) err = RAISE(ERR_INPUT, "%s: the header is no JSON object", reader->path);
    return err;
}

static bool whole_number(uint64_t *value, const cJSON *item) {
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 9e15) return false;
    *value = (uint64_t)item->valuedouble;
    return (double)*value == item->valuedouble;
}

/* Shape and place of one tensor, which must agree. */
static Err read_entry(Tensor *tensor, uint64_t *begin, const cJSON *entry, const Reader *reader) {
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    TRY(text_copy(tensor->name, sizeof(tensor->name), entry->string));
    if (!cJSON_IsString(dtype) || !text_equal(dtype->valuestring, "F32"))
        return RAISE(ERR_INPUT, "%s: %s: dtype %s, only F32 is read", reader->path, tensor->name,
                     cJSON_IsString(dtype) ? dtype->valuestring : "missing");
    tensor->n_dims = cJSON_GetArraySize(shape);
    if (!cJSON_IsArray(shape) || tensor->n_dims > TENSOR_DIMS)
        return RAISE(ERR_INPUT, "%s: %s: a shape of at most %d sizes expected", reader->path, tensor->name,
                     TENSOR_DIMS);
    uint64_t bytes = sizeof(float), size, end;
    for (int d = 0; d < tensor->n_dims; d++) {
        if (!whole_number(&size, cJSON_GetArrayItem(shape, d)) || size > INT32_MAX ||
            __builtin_mul_overflow(bytes, size, &bytes))
            return RAISE(ERR_INPUT, "%s: %s: impossible shape", reader->path, tensor->name);
        tensor->dims[d] = (int)size;
    }
    if (cJSON_GetArraySize(offsets) != 2 || !whole_number(begin, cJSON_GetArrayItem(offsets, 0)) ||
        !whole_number(&end, cJSON_GetArrayItem(offsets, 1)) || end > reader->data_bytes || *begin > end ||
        end - *begin != bytes)
        return RAISE(ERR_INPUT, "%s: %s: data_offsets do not fit its shape and the file", reader->path, tensor->name);
    return ERR_NONE;
}

static Err read_data(Tensor *tensor, uint64_t begin, const Reader *reader) {
    size_t count = tensor_count(tensor);
    long at = (long)(LENGTH_BYTES + reader->header_length + begin);
    if (fseek(reader->file, at, SEEK_SET) || fread(tensor->data, sizeof(float), count, reader->file) != count)
        return RAISE(ERR_IO, "%s: %s: cannot read", reader->path, tensor->name);
    return ERR_NONE;
}

/* Entries may overlap only by being wrong; together they must fill the data exactly. */
static Err read_tensors(WeightSet *weights, const cJSON *tree, const Reader *reader) {
    uint64_t used = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, tree) {
        if (text_equal(entry->string, "__metadata__")) continue;
        Tensor *tensor = &weights->tensors[weights->n_tensors];
        uint64_t begin = 0;
        TRY(read_entry(tensor, &begin, entry, reader));
        size_t bytes = tensor_count(tensor) * sizeof(float);
        if (bytes > reader->data_bytes - used) return RAISE(ERR_INPUT, "%s: %s: overlaps", reader->path, tensor->name);
        tensor->data = weights->storage + used / sizeof(float);
        used += bytes;
        weights->n_tensors++;
        TRY(read_data(tensor, begin, reader));
    }
    if (used != reader->data_bytes) return RAISE(ERR_INPUT, "%s: data that no tensor names", reader->path);
    return ERR_NONE;
}

CHECKED Err safetensors_read(WeightSet *weights, const char *path) {
    Reader reader;
    cJSON *tree = NULL;
    *weights = (WeightSet){0};
    Err err = open_reader(&reader, path);
    if (!err) err = read_header(&tree, &reader);
    if (!err) {
        weights->tensors = calloc((size_t)cJSON_GetArraySize(tree) + 1, sizeof(*weights->tensors));
        weights->storage = malloc(reader.data_bytes + 1);
        err = weights->tensors && weights->storage ? read_tensors(weights, tree, &reader)
                                                   : RAISE(ERR_MEMORY, "%s: no memory for its tensors", path);
    }
    cJSON_Delete(tree);
    if (reader.file) fclose(reader.file);
    if (err) weights_free(weights);
    return err;
}
