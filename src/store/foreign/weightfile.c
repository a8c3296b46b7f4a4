/* Tensors by name out of a file of any known kind: a format lists entries (name, type, shape, strides, place) and
 * brings the bytes of a storage; everything else is here, once. An entry is believed only after its last element was
 * found to lie inside its storage. */
#include "store/foreign/weightfile.h"

#include "base/system/file.h"
#include "base/text/text.h"
#include "store/foreign/internal/weightfile_formats.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The index first: what it names is looked for among the others. */
static const WeightFormat *const formats[] = {&weightfile_index,
                                              &weightfile_zip,
                                              &weightfile_legacy,
                                              &weightfile_hdf5,
                                              &weightfile_npy,
                                              &weightfile_safetensors,
                                              NULL};
enum { WHOLE_FORMATS = 1 };

static const struct {
    const char *name;
    size_t size;
} dtypes[DTYPE_COUNT] = {
    [DTYPE_F64] = {"f64", 8}, [DTYPE_F32] = {"f32", 4},   [DTYPE_F16] = {"f16", 2}, [DTYPE_BF16] = {"bf16", 2},
    [DTYPE_I64] = {"i64", 8}, [DTYPE_I32] = {"i32", 4},   [DTYPE_I16] = {"i16", 2}, [DTYPE_I8] = {"i8", 1},
    [DTYPE_U8] = {"u8", 1},   [DTYPE_BOOL] = {"bool", 1},
};

size_t dtype_size(Dtype dtype) {
    return dtypes[dtype].size;
}
const char *dtype_name(Dtype dtype) {
    return dtypes[dtype].name;
}

/* ---- opening ---- */

/* The first format whose mark the bytes begin with; names and endings say nothing. */
static Err open_bytes(WeightFile **out, const char *name, const WeightFormat *const *format, bool is_path,
                      const void *data, size_t length) {
    *out = NULL;
    while (*format && !(*format)->recognizes(data, length)) format++;
    if (!*format)
        return RAISE(ERR_INPUT,
                     "%s: not a weight file: neither safetensors, torch (zip or legacy), npz, npy nor a checkpoint of "
                     "ours",
                     name);
    WeightFile *file = calloc(1, sizeof *file);
    if (!file) return RAISE(ERR_MEMORY, "%s: no memory to open it", name);
    file->name = strdup(name);
    file->is_path = is_path;
    file->data = data;
    file->length = length;
    file->format = *format;
    *out = file;
    Err err = file->name ? file->format->list(file) : RAISE(ERR_MEMORY, "no memory to open a file");
    if (err) weightfile_close(out);
    return err;
}

CHECKED Err weightfile_open_bytes(WeightFile **file, const char *name, const void *data, size_t length) {
    return open_bytes(file, name, formats, false, data, length);
}

static Err map_file(void **data, size_t *length, const char *path) {
    int64_t size = file_size(path);
    if (size < 0 || file_is_directory(path)) return RAISE(ERR_INPUT, "%s: no such file", path);
    if (size == 0) return RAISE(ERR_INPUT, "%s: an empty file", path);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    *length = (size_t)size;
    *data = mmap(NULL, *length, PROT_READ, MAP_PRIVATE, descriptor, 0);
    int code = errno;
    close(descriptor);
    return *data == MAP_FAILED ? RAISE(ERR_IO, "%s: cannot map: %s", path, strerror(code)) : ERR_NONE;
}

static Err open_file(WeightFile **file, const char *path, const WeightFormat *const *format) {
    void *data = NULL;
    size_t length = 0;
    *file = NULL;
    TRY(map_file(&data, &length, path));
    Err err = open_bytes(file, path, format, true, data, length);
    if (err)
        munmap(data, length);
    else
        (*file)->mapped = true;
    return err;
}

CHECKED Err weightfile_open(WeightFile **file, const char *path) {
    return open_file(file, path, formats);
}

CHECKED Err weightfile_open_shard(WeightFile **file, const char *path) {
    return open_file(file, path, formats + WHOLE_FORMATS);
}

void weightfile_close(WeightFile **file) {
    if (!*file) return;
    if ((*file)->format->close) (*file)->format->close(*file);
    if ((*file)->mapped) munmap((void *)(uintptr_t)(*file)->data, (*file)->length);
    free((void *)(uintptr_t)(*file)->name);
    free((*file)->entries);
    free(*file);
    *file = NULL;
}

/* ---- the list ---- */

CHECKED Err weightfile_name(WeightEntry *entry, const WeightFile *file, const char *name, size_t length) {
    if (length >= sizeof entry->name)
        return RAISE(ERR_INPUT, "%s: %.60s...: a name of more than %d characters", file->name, name,
                     WEIGHT_NAME_SIZE - 1);
    memcpy(entry->name, name, length);
    entry->name[length] = 0;
    return ERR_NONE;
}

void weightfile_contiguous(WeightEntry *entry) {
    int64_t stride = 1;
    for (int d = entry->n_dims - 1; d >= 0; d--) {
        entry->strides[d] = stride;
        if (entry->dims[d] > 0 && __builtin_mul_overflow(stride, entry->dims[d], &stride)) stride = INT64_MAX;
    }
}

/* The last element's place, -1 when it is no place at all. */
static int64_t last_place(const WeightEntry *entry) {
    int64_t last = entry->offset, reach;
    if (entry->offset < 0) return -1;
    for (int d = 0; d < entry->n_dims; d++) {
        if (entry->strides[d] < 0) return -1;
        if (__builtin_mul_overflow(entry->dims[d] - 1, entry->strides[d], &reach) ||
            __builtin_add_overflow(last, reach, &last))
            return -1;
    }
    return last;
}

static Err check_entry(WeightEntry *entry, const WeightFile *file) {
    entry->count = 1;
    for (int d = 0; d < entry->n_dims; d++)
        if (entry->dims[d] < 0 || __builtin_mul_overflow(entry->count, entry->dims[d], &entry->count))
            return RAISE(ERR_INPUT, "%s: %s: impossible shape", file->name, entry->name);
    /* Of one element a stride means nothing, and may be anything: reading must not add it up. */
    for (int d = 0; d < entry->n_dims; d++)
        if (entry->dims[d] == 1) entry->strides[d] = 1;
    if (entry->count == 0) return ERR_NONE;
    int64_t last = last_place(entry);
    if (last < 0 || last >= entry->storage_elements)
        return RAISE(ERR_INPUT, "%s: %s: its values do not lie in the %lld that are stored", file->name, entry->name,
                     (long long)entry->storage_elements);
    /* a stride of 0 makes petabytes of one value: no model is stored so */
    if (entry->count > entry->storage_elements)
        return RAISE(ERR_INPUT, "%s: %s: %lld values out of %lld stored: expanded tensors are not read", file->name,
                     entry->name, (long long)entry->count, (long long)entry->storage_elements);
    return ERR_NONE;
}

CHECKED Err weightfile_add(WeightFile *file, const WeightEntry *entry) {
    if (file->count == WEIGHT_TENSORS_MAX)
        return RAISE(ERR_INPUT, "%s: more than %d tensors", file->name, WEIGHT_TENSORS_MAX);
    if (file->count == file->capacity) {
        int capacity = file->capacity ? 2 * file->capacity : 64;
        WeightEntry *grown = realloc(file->entries, (size_t)capacity * sizeof *grown);
        if (!grown) return RAISE(ERR_MEMORY, "%s: no memory for the list of tensors", file->name);
        file->entries = grown;
        file->capacity = capacity;
    }
    file->entries[file->count] = *entry;
    TRY(check_entry(&file->entries[file->count], file));
    file->count++;
    return ERR_NONE;
}

const char *weightfile_kind(const WeightFile *file) {
    return file->format->kind(file);
}
int weightfile_count(const WeightFile *file) {
    return file->count;
}
const WeightEntry *weightfile_entry(const WeightFile *file, int index) {
    return &file->entries[index];
}
int weightfile_find(const WeightFile *file, const char *name) {
    for (int i = 0; i < file->count; i++)
        if (text_equal(file->entries[i].name, name)) return i;
    return -1;
}

/* ---- values ---- */

CHECKED Err weightfile_storage_inside(const unsigned char **bytes, void **owned, WeightFile *file,
                                      const WeightEntry *entry) {
    *owned = NULL;
    *bytes = file->data + entry->place;
    return ERR_NONE;
}

/* IEEE half precision: 1 sign, 5 exponent, 10 mantissa bits. */
static float half_value(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 0x1f, mantissa = half & 0x3ff, bits;
    float value;
    if (exponent == 0) { /* zero, or subnormal: mantissa * 2^-24 exactly */
        value = (float)mantissa * 0x1p-24f;
        return sign ? -value : value;
    }
    bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | mantissa << 13;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* bfloat16 is the upper half of a float. */
static float bfloat_value(uint16_t upper) {
    uint32_t bits = (uint32_t)upper << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Storages may begin at any byte. */
#define LOAD(type, bytes, i)                                                                                           \
    ({                                                                                                                 \
        type loaded_;                                                                                                  \
        memcpy(&loaded_, (bytes) + (size_t)(i) * sizeof loaded_, sizeof loaded_);                                      \
        loaded_;                                                                                                       \
    })

/* One value as a float; doubles and integers are rounded as C rounds them. */
static float value_at(const unsigned char *bytes, Dtype dtype, int64_t i) {
    switch (dtype) {
    case DTYPE_F64: return (float)LOAD(double, bytes, i);
    case DTYPE_F32: return LOAD(float, bytes, i);
    case DTYPE_F16: return half_value(LOAD(uint16_t, bytes, i));
    case DTYPE_BF16: return bfloat_value(LOAD(uint16_t, bytes, i));
    case DTYPE_I64: return (float)LOAD(int64_t, bytes, i);
    case DTYPE_I32: return (float)LOAD(int32_t, bytes, i);
    case DTYPE_I16: return (float)LOAD(int16_t, bytes, i);
    case DTYPE_I8: return (float)LOAD(int8_t, bytes, i);
    case DTYPE_U8: return (float)bytes[i];
    case DTYPE_BOOL: return bytes[i] != 0;
    case DTYPE_COUNT: break;
    }
    return 0;
}

/* Strides of dimensions of size 1 do not count: nothing is ever added up along them. */
static bool is_contiguous(const WeightEntry *entry) {
    WeightEntry plain = *entry;
    weightfile_contiguous(&plain);
    for (int d = 0; d < entry->n_dims; d++)
        if (entry->dims[d] != 1 && plain.strides[d] != entry->strides[d]) return false;
    return true;
}

/* Counts through the dims like an odometer, the last turning fastest. */
static void gather(float *out, const unsigned char *bytes, const WeightEntry *entry) {
    int64_t index[WEIGHT_DIMS] = {0}, place = entry->offset;
    for (int64_t i = 0; i < entry->count; i++) {
        out[i] = value_at(bytes, entry->dtype, place);
        for (int d = entry->n_dims - 1; d >= 0; d--) {
            place += entry->strides[d];
            if (++index[d] < entry->dims[d]) break;
            place -= entry->strides[d] * entry->dims[d];
            index[d] = 0;
        }
    }
}

CHECKED Err weightfile_read(float *out, WeightFile *file, int index) {
    const WeightEntry *entry = &file->entries[index];
    const unsigned char *bytes = NULL;
    void *owned = NULL;
    if (entry->count == 0) return ERR_NONE;
    TRY(file->format->storage(&bytes, &owned, file, entry));
    if (entry->dtype == DTYPE_F32 && is_contiguous(entry))
        memcpy(out, bytes + (size_t)entry->offset * sizeof(float), (size_t)entry->count * sizeof(float));
    else
        gather(out, bytes, entry);
    free(owned);
    return ERR_NONE;
}
