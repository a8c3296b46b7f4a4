/* base/failure/shared_err - one failure out of several threads that work side by side.
 *
 * A message lives on the thread that raised it. A worker hands its failure in with the number of the item that failed.
 * The failure of the lowest item is kept, so the report depends on timing as little as possible. */
#pragma once

#include "base/failure/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    pthread_mutex_t lock;
    Err err;
    int64_t item;
    char message[2048];
} SharedErr;

#define SHARED_ERR_INIT                                                                                                \
    { .lock = PTHREAD_MUTEX_INITIALIZER }

/* Any thread. ERR_NONE is ignored. */
void shared_err_note(SharedErr *shared, Err err, int64_t item);
bool shared_err_failed(SharedErr *shared);
/* Makes the kept failure the calling thread's own and returns it; ERR_NONE if there is none. */
CHECKED Err shared_err_adopt(SharedErr *shared);
