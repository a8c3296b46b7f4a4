/* store/checkpoint/checkpoint - a whole file against its digests. */
#include "store/checkpoint/checkpoint.h"
#include "store/checkpoint/checkpoint_files.h"
#include "store/checkpoint/checkpoint_tensor.h"

Err checkpoint_file_verify(const char *path, char digest[DIGEST_SIZE]) {
    WeightSet weights;
    H5File file;
    TRY(weights_read(&weights, path)); /* verifies the weights */
    Err err = text_copy(digest, DIGEST_SIZE, weights.digest);
    weights_free(&weights);
    TRY(err);
    TRY(checkpoint_open(&file, path));
    err = checkpoint_verify_share(&file, PART_ADAMW_M, 0, 1);
    if (!err) err = checkpoint_verify_share(&file, PART_ADAMW_V, 0, 1);
    h5_abandon(&file);
    return err;
}
