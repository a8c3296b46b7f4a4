/* store/foreign/internal/weightfile_formats - what the formats of store/foreign/weightfile share: the file in memory,
 * the list they fill, and the places of storages. */
#pragma once

#include "base/failure/err.h"
#include "store/checkpoint/checkpoint.h"
#include "store/foreign/internal/pickle.h"
#include "store/foreign/weightfile.h"

#include <stdbool.h>

typedef struct WeightFormat WeightFormat;

struct WeightFile {
    const char *name; /* owned */
    bool is_path;     /* the name is one */
    const unsigned char *data;
    size_t length;
    bool mapped;
    const WeightFormat *format;
    void *state; /* of the format */
    WeightEntry *entries;
    int count, capacity;
};

/* A format knows its first bytes, lists tensors, and brings the bytes of a storage. */
struct WeightFormat {
    bool (*recognizes)(const unsigned char *data, size_t length);
    CHECKED Err (*list)(WeightFile *file);
    /* `entry->storage_elements` elements; *owned must be freed, NULL when the bytes lie in the file. */
    CHECKED Err (*storage)(const unsigned char **bytes, void **owned, WeightFile *file, const WeightEntry *entry);
    void (*close)(WeightFile *file);
    const char *(*kind)(const WeightFile *file);
};

extern const WeightFormat weightfile_safetensors, weightfile_zip, weightfile_legacy, weightfile_npy, weightfile_hdf5,
    weightfile_index;

/* weightfile_open of what an index names: another index is not looked for. */
CHECKED Err weightfile_open_shard(WeightFile **file, const char *path);

/* Checks dims, strides, offset and storage against each other, fills count and appends a copy. */
CHECKED Err weightfile_add(WeightFile *file, const WeightEntry *entry);
/* The first `length` bytes of `name`; ERR_INPUT when they do not fit. */
CHECKED Err weightfile_name(WeightEntry *entry, const WeightFile *file, const char *name, size_t length);
void weightfile_contiguous(WeightEntry *entry); /* strides of the row-major layout */

/* The storage at byte `entry->place` of the file itself. */
CHECKED Err weightfile_storage_inside(const unsigned char **bytes, void **owned, WeightFile *file,
                                      const WeightEntry *entry);

/* A storage as a torch pickle names it. */
typedef struct {
    const char *key;
    size_t key_length;
    Dtype dtype;
    int64_t elements;
} TorchStorage;

/* Where the storage of that key is: `place` and `storage_elements` of an entry. */
typedef CHECKED Err (*TorchLocate)(WeightEntry *entry, WeightFile *file, const TorchStorage *storage);
/* Walks what torch pickled and adds every tensor in it. */
CHECKED Err weightfile_add_torch(WeightFile *file, const PickleValue *root, TorchLocate locate);
/* The array behind the header of a .npy; `data` begins with its magic. Fills dtype, dims, strides and where its values
 * begin. */
CHECKED Err weightfile_npy_header(WeightEntry *entry, size_t *header_bytes, const unsigned char *data, size_t length,
                                  const char *name);

/* The container other tools exchange weights in (github.com/huggingface/safetensors).
 *
 * Eight bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets}} with offsets from its
 * end, then raw little-endian data without gaps. We write float32 only; store/foreign/weightfile reads. */

/* In the given order; "__metadata__" {"format": "pt"}. The file appears whole. One rank; data borrowed. */
CHECKED Err safetensors_write(const char *path, const Tensor *tensors, int n_tensors);

/* hf_names: what the tensors of a VideoMAE are called: by the official code and by the transformers
 * library.
 *
 * One table gives both directions. Official names are ours. Of a block, transformers keeps query, key and value apart
 * where the official code has one qkv; version 4 has q_bias and v_bias as the official code does, version 5 query.bias
 * and value.bias: both are read, those of version 4 are written. */

/* Parts of a joined tensor, by rows. */
enum { NAME_WHOLE = -1, NAME_QUERY, NAME_KEY, NAME_VALUE, NAME_PARTS };

/* The transformers name of an official tensor, ERR_INPUT when unknown. For attn.qkv.weight the name of `part`. */
CHECKED Err hf_name(char *out, size_t size, const char *official, int part);
/* The official name behind a transformers name, of a classifier or a pre-training model; *part is NAME_WHOLE or says
 * which third of it. Query and value biases give q_bias and v_bias, a key bias attn.k_bias, which no model has: it
 * shifts all scores of a query alike. False: no such tensor. */
bool hf_official(char *out, size_t size, int *part, const char *hf, bool classifier);
