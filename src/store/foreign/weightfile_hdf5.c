/* store/foreign/weightfile: our own checkpoints, through store/checkpoint/checkpoint, which verifies their digests. */
#include "base/text/text.h"
#include "store/checkpoint/checkpoint.h"
#include "store/foreign/internal/weightfile_formats.h"
#include "store/hdf5/describe.h"

static bool recognizes(const unsigned char *data, size_t length) {
    return length > H5_SIGNATURE && h5_begins(data, length);
}

static Err add_tensors(WeightFile *file, const WeightSet *weights) {
    for (int t = 0; t < weights->n_tensors; t++) {
        /* its place is the number of the tensor: values are in memory already */
        WeightEntry entry = {.dtype = DTYPE_F32, .n_dims = weights->tensors[t].n_dims, .place = t};
        TRY(text_copy(entry.name, sizeof entry.name, weights->tensors[t].name));
        for (int d = 0; d < entry.n_dims; d++) entry.dims[d] = weights->tensors[t].dims[d];
        weightfile_contiguous(&entry);
        entry.storage_elements = (int64_t)tensor_count(&weights->tensors[t]);
        TRY(weightfile_add(file, &entry));
    }
    return ERR_NONE;
}

static Err list(WeightFile *file) {
    if (!file->is_path) return RAISE(ERR_INPUT, "%s: a checkpoint can only be read from its file", file->name);
    WeightSet *weights = calloc(1, sizeof *weights);
    if (!weights) return RAISE(ERR_MEMORY, "%s: no memory to open it", file->name);
    file->state = weights;
    TRY(weights_read(weights, file->name));
    return add_tensors(file, weights);
}

/* All values were read and verified by list, so there is nothing to hand over ownership of. */
static Err storage(const unsigned char **bytes, void **owned, WeightFile *file, const WeightEntry *entry) {
    const WeightSet *weights = file->state;
    *owned = NULL;
    *bytes = (const unsigned char *)weights->tensors[entry->place].data;
    return ERR_NONE;
}

static void close_weights(WeightFile *file) {
    if (file->state) weights_free(file->state);
    free(file->state);
}

static const char *kind(const WeightFile *file) {
    (void)file;
    return "synvid checkpoint";
}

const WeightFormat weightfile_hdf5 = {
    .recognizes = recognizes, .list = list, .storage = storage, .close = close_weights, .kind = kind};
