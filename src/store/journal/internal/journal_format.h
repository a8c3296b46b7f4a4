/* store/journal/internal/journal_format - what lies in a journal's folder. Inside store/journal/journal.
 *
 * A file for every rank and life: a head that names the identity, then pieces, each with its own head. */
#pragma once

#include "base/system/digest.h"
#include "base/text/text.h"
#include "store/journal/journal.h"

#include <pthread.h>
#include <stdio.h>

enum { JOURNAL_HEAD = 64 };

struct Journal {
    char folder[PATH_SIZE], path[PATH_SIZE], head[JOURNAL_HEAD];
    int rank;
    FILE *file; /* NULL before the first piece */
    pthread_mutex_t lock;
};

/* In front of the bytes of a piece. */
typedef struct {
    int64_t number, size;
    char digest[DIGEST_SIZE + 7]; /* whole words, so that nothing is left between fields */
} JournalPiece;

/* Of number and bytes. */
CHECKED Err journal_digest(char out[DIGEST_SIZE], int64_t number, const void *bytes, size_t size);
