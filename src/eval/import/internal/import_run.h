/* eval/import/internal/import_run - the run folder that import writes. */
#pragma once

#include "eval/import/import.h"
#include "store/checkpoint/checkpoint.h"

typedef struct {
    char path[PATH_SIZE]; /* of the weights */
    char kind[64];        /* "torch zip, official names" */
    const char *command;
    const char *trained_by; /* protocol that the user states; NULL: unknown */
} ImportOrigin;

/* Through run_folder.partial, which is gone after a failure. `weights` holds its tensors one behind the other, as
 * foreign_read leaves them. One rank. */
CHECKED Err import_write_run(const char *run_folder, const WeightSet *weights, const ImportConfig *config,
                             const ImportOrigin *origin);
