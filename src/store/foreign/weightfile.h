/* store/foreign/weightfile - tensors by name from the files people have weights in.
 *
 * Read: safetensors; what torch.save writes (zip archives since 1.6, the older stream of pickles), TorchScript
 * archives, also with float16, bfloat16 and integer tensors, strided views and shared storages; NumPy's npz and npy;
 * our own checkpoints; and models in several files by the index of transformers (model.safetensors.index.json), whose
 * files must lie beside it. The kind is told by the first bytes, never by the name. Pickles are parsed, never executed
 * (store/foreign/internal/pickle.h).
 *
 * Nested dictionaries, lists and objects give dotted names: {"model": {"head.weight": ...}} is "model.head.weight".
 * Everything that is no tensor (optimizer settings, argument namespaces) is passed over.
 *
 * Files may be hostile: whatever they say is checked against the bytes that are there. A tensor's values must lie
 * inside its storage and may not outnumber them. The file is mapped; listing takes at most 512 MB beside it (a JSON
 * header of 8 MB, a pickle of 64 MB in archives and a million values, 100,000 tensors). Reading one tensor takes its
 * storage once more when it lies in an archive; what is compressed there may unpack to 1 GB. One rank. */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

enum { WEIGHT_DIMS = 8, WEIGHT_NAME_SIZE = 256, WEIGHT_TENSORS_MAX = 100000 };

typedef enum {
    DTYPE_F64,
    DTYPE_F32,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_I64,
    DTYPE_I32,
    DTYPE_I16,
    DTYPE_I8,
    DTYPE_U8,
    DTYPE_BOOL,
    DTYPE_COUNT
} Dtype;

size_t dtype_size(Dtype dtype);
const char *dtype_name(Dtype dtype); /* "f32" */

typedef struct {
    char name[WEIGHT_NAME_SIZE];
    Dtype dtype;
    int n_dims;
    int64_t dims[WEIGHT_DIMS];    /* slowest first */
    int64_t strides[WEIGHT_DIMS]; /* in elements */
    int64_t offset;               /* first element in the storage */
    int64_t count;                /* product of dims */
    int64_t place;                /* where the storage is; the format's own business */
    int64_t storage_elements;
} WeightEntry;

typedef struct WeightFile WeightFile;

/* Lists the tensors; values are read on demand. ERR_INPUT: missing, of no known kind, or what it says does not add up;
 * the message names the tensor and what was found. */
CHECKED Err weightfile_open(WeightFile **file, const char *path);
/* The same from memory, which must outlive the file; `name` stands in messages. Not for our own checkpoints, which HDF5
 * reads from their file. */
CHECKED Err weightfile_open_bytes(WeightFile **file, const char *name, const void *data, size_t length);
void weightfile_close(WeightFile **file);

const char *weightfile_kind(const WeightFile *file); /* "safetensors", "torch zip", "torch legacy", ... */
int weightfile_count(const WeightFile *file);
const WeightEntry *weightfile_entry(const WeightFile *file, int index);
/* The entry of that name, or -1. */
int weightfile_find(const WeightFile *file, const char *name);
/* Values as contiguous float32, (count) at `out`. Integers beyond 2^24 are rounded as C rounds them. */
CHECKED Err weightfile_read(float *out, WeightFile *file, int index);

/* ---- a float matrix as a NumPy file (format 1.0), so that cached features open in any notebook ---- */

/* rows (count, dims), little-endian float32, C order; written whole. */
CHECKED Err npy_write(const char *path, const float *rows, size_t count, int dims);
/* Any float32 matrix in NumPy format; everything else is ERR_INPUT. *rows is malloc'd. */
CHECKED Err npy_read(float **rows, size_t *count, int *dims, const char *path);
