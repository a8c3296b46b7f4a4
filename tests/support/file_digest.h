/* The digest of a file's bytes, to tell whether two files are the same. */
#pragma once

#include "base/system/digest.h"
#include "base/system/file.h"

#include <stdlib.h>

static inline Err digest_of_file(char out[DIGEST_SIZE], const char *path) {
    char *bytes = NULL;
    size_t length;
    TRY(file_read(&bytes, &length, path, (size_t)1 << 30));
    digest_of(out, bytes, length);
    free(bytes);
    return ERR_NONE;
}
