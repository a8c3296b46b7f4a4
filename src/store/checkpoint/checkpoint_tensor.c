/* How a tensor lies in a checkpoint: an array /model/NAME, and /adamw/m/NAME, /adamw/v/NAME for its moments, each with
 * the digest of its values as an attribute. Everything is read in pieces of PIECE_FLOATS, so that a tensor of any size
 * takes 4 MB. */
#include "store/checkpoint/internal/checkpoint_tensor.h"

#include "par/share.h"
#include "store/checkpoint/checkpoint.h"
#include "store/hdf5/h5.h"

enum { PIECE_FLOATS = 1 << 20 };

static const struct {
    const char *group, *description;
} parts[] = {
    [PART_MODEL] = {"/model", "parameter"},
    [PART_ADAMW_M] = {"/adamw/m", "AdamW: running mean of the gradient"},
    [PART_ADAMW_V] = {"/adamw/v", "AdamW: running mean of the squared gradient"},
};

/* What the dimensions of a tensor of so many dimensions count, in PyTorch's order. */
static const char *const labels[TENSOR_DIMS + 1][H5_DIMS] = {
    [1] = {"channel"},
    [2] = {"output", "input"},
    [3] = {"one", "token", "channel"},
    [4] = {"output", "input", "y", "x"},
    [5] = {"output", "input", "frame", "y", "x"},
};

const char *checkpoint_group(CheckpointPart part) {
    return parts[part].group;
}

H5Array checkpoint_array(char path[TENSOR_PATH_SIZE], CheckpointPart part, const Tensor *tensor) {
    (void)snprintf(path, TENSOR_PATH_SIZE, "%s/%s", parts[part].group, tensor->name);
    H5Array array = {
        .name = path, .kind = H5_F32, .n_dims = tensor->n_dims, .description = parts[part].description, .units = "1"};
    for (int i = 0; i < tensor->n_dims; i++) {
        array.dims[i] = tensor->dims[i];
        array.labels[i] = labels[tensor->n_dims][i];
    }
    return array;
}

Err checkpoint_open(H5File *file, const char *path) {
    TRY(h5_open(file, path, CHECKPOINT_SCHEMA, CHECKPOINT_VERSION));
    /* older versions had no seal */
    if (file->sealed || file->version < CHECKPOINT_SEALED) return ERR_NONE;
    h5_abandon(file);
    return RAISE(ERR_INPUT, "%s: cut off: its seal is missing", path);
}

Err checkpoint_tensor(Tensor *tensor, const H5File *file, const char *name) {
    char path[TENSOR_PATH_SIZE];
    hid_t dataset;
    H5Array array;
    *tensor = (Tensor){0};
    if (strlen(name) >= sizeof tensor->name)
        return RAISE(ERR_INPUT, "%s: a tensor with a name of %zu characters: %.40s...", file->path, strlen(name), name);
    TRY(text_copy(tensor->name, sizeof tensor->name, name));
    TRY(text_format(path, sizeof path, "%s/%s", parts[PART_MODEL].group, name));
    TRY(h5_array_open(&dataset, &array, file, path));
    h5_array_close(dataset);
    if (array.kind != H5_F32)
        return RAISE(ERR_INPUT, "%s: %s does not hold 32-bit floating-point numbers", file->path, path);
    tensor->n_dims = array.n_dims;
    for (int i = 0; i < array.n_dims; i++) {
        /* sizes come from the file: products of them are taken later */
        if (array.dims[i] < 1 || array.dims[i] > INT32_MAX)
            return RAISE(ERR_INPUT, "%s: %s has size %lld in dimension %d", file->path, path, (long long)array.dims[i],
                         i);
        tensor->dims[i] = (int)array.dims[i];
    }
    return ERR_NONE;
}

/* Row-major, as the values lie in memory: the digest does not depend on the boxes. */
static Err digest_values(Digest *digest, const H5File *file, hid_t dataset, const H5Array *array, float *piece) {
    int64_t total = h5_count(array), start[H5_DIMS], count[H5_DIMS];
    for (int64_t at = 0, length; at < total; at += length) {
        int64_t end = total - at > PIECE_FLOATS ? at + PIECE_FLOATS : total;
        length = hyperslab_box(start, count, array->dims, array->n_dims, at, end);
        TRY(h5_box_read(file, dataset, array, start, count, piece));
        digest_add(digest, piece, (size_t)length * sizeof *piece);
    }
    return ERR_NONE;
}

Err checkpoint_digest(char out[DIGEST_SIZE], const H5File *file, const char *path) {
    hid_t dataset;
    H5Array array;
    Digest *digest = NULL;
    TRY(h5_array_open(&dataset, &array, file, path));
    float *piece = malloc(PIECE_FLOATS * sizeof *piece);
    Err err = piece ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory to read %s", file->path, path);
    if (!err && array.kind != H5_F32) err = RAISE(ERR_INPUT, "%s: %s is not a tensor", file->path, path);
    if (!err) err = digest_new(&digest);
    if (!err) err = digest_values(digest, file, dataset, &array, piece);
    if (!err) digest_hex(digest, out);
    digest_free(&digest);
    free(piece);
    h5_array_close(dataset);
    return err;
}

static Err verify_tensor(const H5File *file, const char *path) {
    char found[DIGEST_SIZE], *written;
    TRY(h5_get_text(&written, file, path, "digest"));
    Err err = checkpoint_digest(found, file, path);
    if (!err && !text_equal(found, written))
        err = RAISE(ERR_INPUT, "%s: %s: damaged: its digest is %s, was %s when written", file->path, path, found,
                    written);
    free(written);
    return err;
}

/* Ranks verify a block of the tensors each; reading a large checkpoint is then shared. */
Err checkpoint_verify_share(const H5File *file, CheckpointPart part, int rank, int n_ranks) {
    char **names;
    int count;
    TRY(h5_list(&names, &count, file, parts[part].group));
    /* by number of tensors, not by size: reading is much faster than what a checkpoint interrupts */
    Share share = share_block(count, rank, n_ranks);
    Err err = ERR_NONE;
    for (int64_t i = share.begin; !err && i < share.end; i++) {
        char path[TENSOR_PATH_SIZE];
        err = text_format(path, sizeof path, "%s/%s", parts[part].group, names[i]);
        if (!err) err = verify_tensor(file, path);
    }
    h5_texts_free(&names, count);
    return err;
}
