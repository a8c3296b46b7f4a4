/* store/checkpoint - a whole file against its digests. */
#include "store/checkpoint.h"
#include "store/checkpoint_files.h"
#include "store/checkpoint_tensor.h"

static Err verify_group(const H5File *file, CheckpointPart part) {
    char **names;
    int count;
    if (!h5_exists(file, checkpoint_group(part))) return ERR_NONE; /* weights only */
    TRY(h5_list(&names, &count, file, checkpoint_group(part)));
    Err err = ERR_NONE;
    for (int i = 0; i < count && !err; i++) {
        char path[TENSOR_PATH_SIZE];
        err = text_format(path, sizeof path, "%s/%s", checkpoint_group(part), names[i]);
        if (!err) err = checkpoint_verify(file, path);
    }
    h5_texts_free(&names, count);
    return err;
}

Err checkpoint_file_verify(const char *path, char digest[DIGEST_SIZE]) {
    WeightSet weights;
    H5File file;
    TRY(weights_read(&weights, path)); /* verifies the weights */
    Err err = text_copy(digest, DIGEST_SIZE, weights.digest);
    weights_free(&weights);
    TRY(err);
    TRY(h5_open(&file, path, CHECKPOINT_SCHEMA, CHECKPOINT_VERSION));
    err = verify_group(&file, PART_ADAMW_M);
    if (!err) err = verify_group(&file, PART_ADAMW_V);
    h5_abandon(&file);
    return err;
}
