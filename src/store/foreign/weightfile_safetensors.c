/* store/foreign/weightfile: safetensors (github.com/huggingface/safetensors): eight bytes little-endian header length,
 * a JSON header {name: {dtype, shape, data_offsets}} with offsets from its end, raw little-endian data without gaps. */
#include "base/config/json.h"
#include "base/text/text.h"
#include "store/foreign/internal/weightfile_formats.h"

#include <cjson/cJSON.h>

enum { LENGTH_BYTES = 8, HEADER_MAX = 8 << 20 };

static uint64_t header_length(const unsigned char *data, size_t length) {
    uint64_t header = 0;
    if (length < LENGTH_BYTES) return 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--) header = header << 8 | data[i];
    return header;
}

/* The header begins with a brace; its length is checked when it is read, so that the message can say what is wrong. */
static bool recognizes(const unsigned char *data, size_t length) {
    return length > LENGTH_BYTES && data[LENGTH_BYTES] == '{' && header_length(data, length) <= HEADER_MAX;
}

static bool read_dtype(Dtype *dtype, const cJSON *item) {
    static const struct {
        const char *name;
        Dtype dtype;
    } names[] = {{"F64", DTYPE_F64}, {"F32", DTYPE_F32},  {"F16", DTYPE_F16}, {"BF16", DTYPE_BF16},
                 {"I64", DTYPE_I64}, {"I32", DTYPE_I32},  {"I16", DTYPE_I16}, {"I8", DTYPE_I8},
                 {"U8", DTYPE_U8},   {"BOOL", DTYPE_BOOL}};
    for (size_t i = 0; cJSON_IsString(item) && i < sizeof names / sizeof *names; i++)
        if (text_equal(item->valuestring, names[i].name)) {
            *dtype = names[i].dtype;
            return true;
        }
    return false;
}

/* JSON numbers are doubles: whole up to 2^53 (9e15). */
static bool whole_number(int64_t *value, const cJSON *item) {
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 9e15) return false;
    *value = (int64_t)item->valuedouble;
    return (double)*value == item->valuedouble;
}

static Err read_shape(WeightEntry *entry, const cJSON *shape, const WeightFile *file) {
    entry->n_dims = cJSON_IsArray(shape) ? cJSON_GetArraySize(shape) : -1;
    if (entry->n_dims < 0 || entry->n_dims > WEIGHT_DIMS)
        return RAISE(ERR_INPUT, "%s: %s: a shape of at most %d sizes expected", file->name, entry->name, WEIGHT_DIMS);
    int d = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, shape) if (!whole_number(&entry->dims[d++], item)) return RAISE(
        ERR_INPUT, "%s: %s: impossible shape", file->name, entry->name);
    return ERR_NONE;
}

/* Shape, dtype and place of one tensor, which must agree. */
static Err add_tensor(WeightFile *file, const cJSON *item, size_t data_begin, int64_t *used) {
    WeightEntry entry = {0};
    TRY(weightfile_name(&entry, file, item->string, strlen(item->string)));
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(item, "dtype");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    if (!read_dtype(&entry.dtype, dtype))
        return RAISE(ERR_INPUT, "%s: %s: dtype %.20s is not read", file->name, entry.name,
                     cJSON_IsString(dtype) ? dtype->valuestring : "missing");
    TRY(read_shape(&entry, cJSON_GetObjectItemCaseSensitive(item, "shape"), file));
    weightfile_contiguous(&entry);
    int64_t begin = 0, end = 0, data_bytes = (int64_t)(file->length - data_begin),
            bytes = (int64_t)dtype_size(entry.dtype);
    bool possible = cJSON_GetArraySize(offsets) == 2 && whole_number(&begin, cJSON_GetArrayItem(offsets, 0)) &&
                    whole_number(&end, cJSON_GetArrayItem(offsets, 1)) && begin <= end && end <= data_bytes;
    /* sizes of a hostile file may overflow any product */
    for (int d = 0; possible && d < entry.n_dims; d++) possible = !__builtin_mul_overflow(bytes, entry.dims[d], &bytes);
    if (!possible || end - begin != bytes)
        return RAISE(ERR_INPUT, "%s: %s: data_offsets do not fit its shape and the file", file->name, entry.name);
    entry.place = (int64_t)data_begin + begin;
    entry.storage_elements = bytes / (int64_t)dtype_size(entry.dtype);
    *used += bytes; /* each is at most data_bytes, so the sum cannot overflow before it is refused */
    if (*used > data_bytes) return RAISE(ERR_INPUT, "%s: %s: overlaps another tensor", file->name, entry.name);
    return weightfile_add(file, &entry);
}

/* With the lengths adding up exactly, a gap and an overlap can only come together. */
static int by_place(const void *a, const void *b) {
    const WeightEntry *x = *(WeightEntry *const *)a, *y = *(WeightEntry *const *)b;
    if (x->place != y->place) return (x->place > y->place) - (x->place < y->place);
    return (x->count > y->count) - (x->count < y->count);
}

static Err check_overlaps(const WeightFile *file) {
    const WeightEntry **sorted = calloc((size_t)file->count + 1, sizeof *sorted);
    if (!sorted) return RAISE(ERR_MEMORY, "%s: no memory for the list of tensors", file->name);
    for (int i = 0; i < file->count; i++) sorted[i] = &file->entries[i];
    qsort(sorted, (size_t)file->count, sizeof *sorted, by_place);
    Err err = ERR_NONE;
    for (int i = 1; !err && i < file->count; i++) {
        const WeightEntry *before = sorted[i - 1];
        if (before->place + before->count * (int64_t)dtype_size(before->dtype) != sorted[i]->place)
            err = RAISE(ERR_INPUT, "%s: %s and %s overlap, or leave a gap", file->name, before->name, sorted[i]->name);
    }
    free(sorted);
    return err;
}

static Err list_tree(WeightFile *file, const cJSON *tree, size_t data_begin) {
    int64_t used = 0;
    const cJSON *item;
    if (!cJSON_IsObject(tree)) return RAISE(ERR_INPUT, "%s: the header is no JSON object", file->name);
    cJSON_ArrayForEach(item, tree) if (!text_equal(item->string, "__metadata__"))
        TRY(add_tensor(file, item, data_begin, &used));
    if (data_begin + (size_t)used != file->length)
        return RAISE(ERR_INPUT, "%s: %zu bytes of data that no tensor names", file->name,
                     file->length - data_begin - (size_t)used);
    return check_overlaps(file);
}

static Err list(WeightFile *file) {
    uint64_t header = header_length(file->data, file->length);
    if (header < 2 || header > file->length - LENGTH_BYTES)
        return RAISE(ERR_INPUT, "%s: truncated: its header has %llu bytes, the file %zu", file->name,
                     (unsigned long long)header, file->length);
    char *text = malloc(header + 1);
    if (!text) return RAISE(ERR_MEMORY, "%s: no memory for the header", file->name);
    memcpy(text, file->data + LENGTH_BYTES, header);
    text[header] = 0;
    cJSON *tree = NULL;
    Err err = json_parse(&tree, text, header, file->name, ERR_INPUT);
    free(text);
    if (!err) err = list_tree(file, tree, LENGTH_BYTES + header);
    cJSON_Delete(tree);
    return err;
}

static const char *kind(const WeightFile *file) {
    (void)file;
    return "safetensors";
}

const WeightFormat weightfile_safetensors = {
    .recognizes = recognizes, .list = list, .storage = weightfile_storage_inside, .kind = kind};
