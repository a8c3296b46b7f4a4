/* gen/ingest - real videos or images into shards or a pool, across ranks.
 *
 * The folder is searched recursively and files are taken in bytewise order of their relative paths, or an official list
 * says which, in its order; so what is written depends on the files, the settings and (for a subset) the seed, never on
 * ranks or threads. Every file is decoded once
 * before anything is written: unreadable ones are reported, skipped and listed in the manifest with the reason; more
 * than max_bad of them fail the command with ERR_INPUT before anything gets its final name.
 *
 *   videos  -> a dataset folder. Frames are cut to the square in their middle, then resized (antialiased) to size x
 * size, or with size 0 kept whole (encoded storage only, whose videos may differ in size). Longer videos than
 * max_frames are cut into equal pieces of at most max_frames, each a clip of its own. images
 * -> one pool file (--out NAME.h5) and NAME.h5.json, which says what went in; the same square and size.
 *
 * The same command again recognizes a finished result by its settings and input files and returns at once, and goes on
 * with an interrupted one shard by shard. Other settings in the same place need --force. */
#pragma once

#include "base/field.h"
#include "base/text.h"
#include "par/run.h"

/* What can be made of videos. */
typedef enum { INGEST_RAW, INGEST_DEFLATE, INGEST_MPEG4, INGEST_ENCODED } IngestStorage;
typedef enum { INGEST_VIDEOS, INGEST_IMAGES } IngestAs;
typedef enum { INGEST_LABEL_NONE, INGEST_LABEL_FOLDER } IngestLabel;

typedef struct {
    char input[PATH_SIZE]; /* folder, searched recursively */
    int as;                /* IngestAs */
    int size;              /* side of the square frames or images; 0: whole frames, as they are */
    int max_frames;        /* videos: longer ones are cut into pieces of at most this many frames, 0: whole */
    int64_t limit;         /* reproducible subset of the files, 0: all */
    double max_bad;        /* share of unreadable files that is tolerated */
    int shard_videos;
    int storage;    /* IngestStorage */
    int label_from; /* IngestLabel: one class per first-level sub-folder, numbered in bytewise order of the names */
    char list[PATH_SIZE], classes[PATH_SIZE]; /* gen/video_list; empty: everything in the folder */
    int list_format, part, split;             /* ListFormat, ListPart */
} IngestConfig;

extern const Field ingest_fields[];
/* A path of a list, or below the input folder, as one to open. */
CHECKED Err ingest_path(char *out, size_t size, const IngestConfig *config, const char *name);
CHECKED Err ingest_run_all(const IngestConfig *config, const Run *run);
