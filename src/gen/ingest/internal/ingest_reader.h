/* gen/ingest/internal/ingest_reader - the second pass: pieces of files as finished clips, several at a time.
 *
 * Each thread keeps its decoder where it stopped, so that pieces that follow each other in one file are decoded in one
 * go. What comes out does not depend on the number of threads. */
#pragma once

#include "gen/ingest/ingest_list.h"
#include "video/frames/clip.h"

/* Consecutive frames of one file: a clip of the dataset. */
typedef struct {
    int64_t file;
    int first, n_frames;
} IngestPiece;

typedef struct IngestReader IngestReader;

/* `list` and `config` are borrowed. */
CHECKED Err ingest_reader_open(IngestReader **reader, const IngestList *list, const IngestConfig *config, int threads);
void ingest_reader_close(IngestReader **reader); /* fine with NULL */
/* Reads the first pieces[0..*count) of n_pieces, as many as there are threads; *clips are the reader's and valid until
 * the next call. A file that no longer holds what was found in it is ERR_INPUT. */
CHECKED Err ingest_reader_batch(const Frames **clips, int *count, IngestReader *reader, const IngestPiece *pieces,
                                int64_t n_pieces);
