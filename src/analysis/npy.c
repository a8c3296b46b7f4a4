#include "analysis/npy.h"

#include "base/file.h"
#include "base/text.h"

#include <stdint.h>

/* Magic, version, and a header padded with blanks so that data starts at a multiple of 64 (numpy.lib.format). */
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

Err npy_read(float **rows, size_t *count, int *dims, const char *path) {
    char *file;
    size_t length;
    TRY(file_read(&file, &length, path, SIZE_MAX / 2));
    bool whole = length > HEADER_BYTES && !memcmp(file, prefix, PREFIX_BYTES) && file[HEADER_BYTES - 1] == '\n';
    if (whole) file[HEADER_BYTES - 1] = 0;
    if (!whole || sscanf(file + PREFIX_BYTES, pattern, count, dims) != 2 || *dims < 1 ||
        length - HEADER_BYTES != *count * (size_t)*dims * sizeof **rows) {
        free(file);
        return RAISE(ERR_INPUT, "%s: not a float32 matrix of the expected length in NumPy format 1.0", path);
    }
    memmove(file, file + HEADER_BYTES, length - HEADER_BYTES);
    *rows = (float *)(void *)file;
    return ERR_NONE;
}
