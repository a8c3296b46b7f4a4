/* Writes safetensors: the header's length, the header, then the values of all tensors in the order of the header, whose
 * offsets are therefore sums of the sizes before. What reads them is weightfile_safetensors.c. */
#include "store/foreign/internal/weightfile_formats.h"

#include "base/system/file.h"
#include "base/text/text.h"

#include <errno.h>

enum { LENGTH_BYTES = 8, ALIGNMENT = 8 };
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors data is written as it lies in memory");

/* Offsets count from the header's end; blanks bring the data to a multiple of eight, as the format asks for. */
static Err build_header(Builder *header, const Tensor *tensors, int n_tensors) {
    size_t offset = 0;
    /* "format": what transformers looks for before it loads a file */
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
    /* the first failure is the one to tell: closing may fail as well, or for the first time when the disk is full */
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
