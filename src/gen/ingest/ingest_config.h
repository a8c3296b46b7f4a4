/* gen/ingest/ingest_config - what to ingest and what to make of it: settings of the stage "ingest". */
#pragma once

#include "base/config/field.h"
#include "base/text/text.h"

/* What can be made of videos. */
typedef enum { INGEST_RAW, INGEST_DEFLATE, INGEST_MPEG4, INGEST_ENCODED } IngestStorage;
typedef enum { INGEST_VIDEOS, INGEST_IMAGES } IngestAs;
typedef enum { INGEST_FIT_SQUARE, INGEST_FIT_STRETCH, INGEST_FIT_KEEP } IngestFit;
typedef enum { INGEST_LABEL_NONE, INGEST_LABEL_FOLDER } IngestLabel;

typedef struct {
    char input[PATH_SIZE]; /* folder, searched recursively */
    int as;                /* IngestAs */
    int size;              /* side of the square frames or images; 0: whole frames, as they are */
    int fit;               /* IngestFit: how images become square, if they do */
    int max_frames;        /* videos: longer ones are cut into pieces of at most this many frames, 0: whole */
    int64_t limit;         /* reproducible subset of the files, 0: all */
    double max_bad;        /* share of unreadable files that is tolerated */
    int shard_videos;
    int storage;    /* IngestStorage */
    int label_from; /* IngestLabel: one class per first-level sub-folder, numbered in bytewise order of the names */
    char list[PATH_SIZE], classes[PATH_SIZE]; /* gen/ingest/video_list; empty: everything in the folder */
    int list_format, part, split;             /* ListFormat, ListPart */
} IngestConfig;

extern const Field ingest_fields[];
/* The fit in the words of the settings. */
const char *ingest_fit_name(const IngestConfig *config);
/* A path of a list, or below the input folder, as one to open. */
CHECKED Err ingest_path(char *out, size_t size, const IngestConfig *config, const char *name);
