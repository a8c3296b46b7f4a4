/* video/frames/source - where clips come from: the one interface that training, evaluation and analysis read.
 *
 * A source is a list of `count` labelled videos. Implementations: store/data/shard_source (a dataset folder),
 * gen/dataset/live_source (a variant rendered on the fly, with the other videos of a mix), video/media/file_source
 * (video files decoded on reading). The reader never asks which.
 *
 * `epoch` matters only to endless sources, which draw new videos each epoch; (epoch, index) names a video for good, so
 * reading it again gives the same bytes. info and read may be called by several threads at once. Nothing here
 * communicates. */
#pragma once

#include "video/frames/clip.h"

#include <stdbool.h>

typedef struct {
    int n_frames, height, width;
    int label;  /* -1: none */
    bool still; /* all frames are known to be the same picture: one of them tells all */
} VideoInfo;

typedef struct ClipSource ClipSource;

typedef struct {
    const char *kind; /* "shards", "live", ... for messages */
    CHECKED Err (*info)(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info);
    /* The given frames of one video, in the order asked (repeats allowed); numbers are in 0..n_frames-1. */
    CHECKED Err (*read)(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers, int n_frames,
                        Frames *out);
    void (*close)(ClipSource *source);
} ClipSourceOps;

/* Official descriptions of the datasets: the paper's, and what its released program makes. */
enum { SOURCE_PAPER, SOURCE_RELEASED, SOURCE_DESCRIPTIONS };

struct ClipSource {
    const ClipSourceOps *ops;
    int64_t count;
    int n_classes;                  /* 0: unlabelled */
    bool endless;                   /* every epoch draws new videos */
    char name[128];                 /* dataset or variant, for results */
    char digest[33];                /* of the dataset, or of variant and seed */
    const char *const *class_names; /* n_classes of them, or NULL; owned by the source */
    /* Where the videos depart from an official description, a line each, "" where they do not; NULL: nobody has looked.
     * Set, and owned, by whoever opened the source. */
    const char *departures[SOURCE_DESCRIPTIONS];
    void *state; /* the implementation's */
};

static inline Err clip_source_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    return source->ops->info(source, epoch, index, info);
}
static inline Err clip_source_read(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers,
                                   int n_frames, Frames *out) {
    return source->ops->read(source, epoch, index, frame_numbers, n_frames, out);
}
/* Closes and clears *source; fine with NULL. */
static inline void clip_source_close(ClipSource **source) {
    if (*source) (*source)->ops->close(*source);
    *source = NULL;
}
