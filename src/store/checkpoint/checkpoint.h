/* store/checkpoint/checkpoint - model, optimizer and progress in one HDF5 file, which does not depend on the rank
 * count.
 *
 * The file holds /model/<official name>, /adamw/m/<name> and /adamw/v/<name> (f32), and attributes step, seed and
 * config. Every tensor carries the digest of its values, which is verified on reading.
 *
 * Rank 0 lays out and names ckpt/step-00001200.h5. All ranks fill it, each with its slice of the flat parameter vector,
 * through MPI-IO (with the serial driver on one rank). Reading takes the newest file that verifies; when it falls back
 * to an older one, a warning says so. */
#pragma once

#include "base/failure/err.h"
#include "base/system/digest.h"
#include "math/tensor.h"
#include "par/par.h"

#include <stdint.h>

typedef struct {
    int64_t step;
    uint64_t seed;
    const char *config_text; /* borrowed; NULL after reading (weights_read gives it) */
} CheckpointState;

/* Flat vectors laid out as `tensors` in order (tensors[i].data ignored). This rank holds elements [begin, end) of each
 * of params, m, v: params[0] is element `begin`. Slices of the ranks tile 0..total without overlap. */
typedef struct CheckpointSlice CheckpointSlice;
struct CheckpointSlice {
    const Tensor *tensors;
    int n_tensors;
    int64_t begin, end;
    float *params, *m, *v; /* m, v NULL on all ranks: weights only */
    CheckpointSlice *next; /* another slice of this rank, with the same tensors; NULL: there is none */
};

CHECKED Err checkpoint_write_all(const char *folder, const CheckpointSlice *slice, const CheckpointState *state,
                                 const Par *par);
/* The newest whole checkpoint of `folder`; *found false when there is none (not an error). Fills this rank's slice. A
 * folder of which no checkpoint is whole, a checkpoint of another model, and one with a value that is not finite are
 * ERR_INPUT. */
CHECKED Err checkpoint_read_newest_all(const char *folder, CheckpointSlice *slice, CheckpointState *state, bool *found,
                                       const Par *par);
/* Keeps the last `keep_last` and every step that is a multiple of keep_every (0: none). Rank 0 deletes. */
CHECKED Err checkpoint_prune_all(const char *folder, int keep_last, int64_t keep_every, const Par *par);

/* One file, one rank: weights by name for fine-tuning, export, inspect. Tensors and data are owned by the set. */
typedef struct {
    Tensor *tensors;
    int n_tensors;
    int64_t step;
    uint64_t seed;
    char *config_text;
    char digest[DIGEST_SIZE]; /* of all model tensors in name order */
    float *storage;
} WeightSet;

/* A checkpoint file, or a run folder: its newest that is whole. ERR_INPUT names the tensor that holds a NaN or an
 * infinity. */
CHECKED Err weights_read(WeightSet *weights, const char *path);
const Tensor *weights_find(const WeightSet *weights, const char *name);
void weights_free(WeightSet *weights);

/* Reads every tensor of a file, moments too, and compares with the digests written beside them; the digest is that of a
 * WeightSet. ERR_INPUT names the first that differs. */
CHECKED Err checkpoint_file_verify(const char *path, char digest[DIGEST_SIZE]);

/* checkpoint_files.c: which checkpoints a folder holds. Local. */

#define CHECKPOINT_SCHEMA "synvid.checkpoint"
enum { CHECKPOINT_VERSION = 2, CHECKPOINT_SEALED = 2 }; /* sealed since version 2 */

CHECKED Err checkpoint_path(char *out, size_t size, const char *folder, int64_t step);
/* Steps of folder/step-*.h5, newest first; none when there is no folder. *steps is malloc'd (NULL for none). */
CHECKED Err checkpoint_list(int64_t **steps, int *count, const char *folder);
