/* NumPy's format 1.0 (numpy.lib.format): magic and version, the length of the header in two bytes, the header as a
 * Python literal, then the rows. Reading goes through the reader of foreign weights, which knows the format already. */
#include "analysis/measure/npy.h"

#include "base/system/file.h"
#include "base/text/text.h"
#include "store/foreign/weightfile.h"

#include <stdint.h>

/* Magic, version, and a header padded with blanks so that data starts at a multiple of 64 (numpy.lib.format). */
enum { HEADER_BYTES = 128, PREFIX_BYTES = 10 };
static const char prefix[PREFIX_BYTES] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, HEADER_BYTES - PREFIX_BYTES, 0};
/* The header is padded with spaces to HEADER_BYTES, so that rows begin on a boundary (NumPy's format 1.0). */
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

/* Whatever NumPy wrote may be here: order and type are checked, as with any foreign weights. */
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
