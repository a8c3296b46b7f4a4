/* store/checkpoint/internal/checkpoint_tensor - one tensor of a checkpoint file: where it is, what it is called, its
 * content digest. */
#pragma once

#include "base/system/digest.h"
#include "math/tensor.h"
#include "store/hdf5/h5.h"

/* The three values stored for each parameter. */
typedef enum { PART_MODEL, PART_ADAMW_M, PART_ADAMW_V, PART_COUNT } CheckpointPart;

enum { TENSOR_PATH_SIZE = TENSOR_NAME_SIZE + 16 };

const char *checkpoint_group(CheckpointPart part); /* "/model" */
/* The array of a tensor; `path` holds its name and must outlive it. */
H5Array checkpoint_array(char path[TENSOR_PATH_SIZE], CheckpointPart part, const Tensor *tensor);
/* Opens for reading. ERR_INPUT as h5_open, and when the seal is missing: then something was cut off. */
CHECKED Err checkpoint_open(H5File *file, const char *path);
/* Shape and name of a stored tensor; data NULL. ERR_INPUT when it is not float32 of at most TENSOR_DIMS dimensions. */
CHECKED Err checkpoint_tensor(Tensor *tensor, const H5File *file, const char *name);
/* The digest of an array's values as they are in the file. */
CHECKED Err checkpoint_digest(char digest[DIGEST_SIZE], const H5File *file, const char *path);
/* Compares this rank's share of a part's tensors with their digests; ERR_INPUT naming the first whose values are not
 * those that were written. A part that the file does not have is fine. Rank 0 of 1: all of them. */
CHECKED Err checkpoint_verify_share(const H5File *file, CheckpointPart part, int rank, int n_ranks);
