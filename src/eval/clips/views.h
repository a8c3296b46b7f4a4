/* eval/clips/views - the clips x crops of a test video as network input.
 *
 * Clip c of C starts at evenly spread places of the video's every frame_stride-th frame; frames are resized to the
 * model's side on the shorter side and S square crops taken along the longer one (the official code's test protocol).
 * View number = clip * S + crop. A plan with a corruption corrupts on the way (eval/corrupt/corrupt.h says where). */
#pragma once

#include "base/failure/err.h"
#include "eval/corrupt/corrupt.h"
#include "math/rng.h"
#include "nn/layers/model.h"
#include "par/par.h"
#include "video/frames/source.h"

/* Controls of what a dataset asks for: the frames of a clip in order, in random order, or one of them alone.
 *
 * A model that is trained and tested on shuffled clips, or on single frames, shows how much of a task needs the order
 * of frames, or needs more than one. */
typedef enum { FRAMES_ORDERED, FRAMES_SHUFFLED, FRAMES_SINGLE } FrameOrder;

/* `numbers` of a clip's `count` frames, in place. Shuffled: a random permutation. Single: one of them, `count` times.
 * Ordered clips draw nothing. */
CHECKED Err frame_order_apply(int *numbers, int count, FrameOrder order, Rng *rng);

typedef struct {
    const ClipSource *source;
    const ModelConfig *model;
    int frame_stride, n_clips, n_crops;
    FrameOrder order;             /* drawn from (video, clip), the same in every test */
    const Corruption *corruption; /* NULL: none */
} ViewPlan;

/* Buffers of one thread, which remember the clip at hand so that its other crops are not read again. Start from {0}. */
typedef struct {
    Frames read, resized, cropped;
    float *pixels; /* (T, H, W, 3) */
    int *numbers;
    int64_t video;
    int clip;
    bool holds;
    uint8_t *recoded; /* the video `recoded_video` after a corruption of whole videos, encoded */
    size_t recoded_length;
    int64_t recoded_video;
} ViewReader;

static inline int view_count(const ViewPlan *plan) {
    return plan->n_clips * plan->n_crops;
}
/* The view as 8-bit frames, the model's side square; borrowed until the next call. */
CHECKED Err view_frames(const Frames **frames, ViewReader *reader, const ViewPlan *plan, int64_t video, int view);
/* input: (3, T, H, W) normalized floats. */
CHECKED Err view_load(float *input, ViewReader *reader, const ViewPlan *plan, int64_t video, int view);
void view_reader_free(ViewReader *reader);
/* ERR_INPUT when the video has no label or one outside 0..n_classes-1. */
CHECKED Err view_label(int *label, const ClipSource *source, int64_t epoch, int64_t video);

/* Floats of one input. */
static inline size_t input_floats(const ModelConfig *m) {
    return 3 * (size_t)m->n_frames * (size_t)m->image_size * (size_t)m->image_size;
}
/* (T, H, W, 3) to (3, T, H, W). */
void input_from_clip(float *input, const float *clip, const ModelConfig *model);

/* ---- label_check: whether two labelled sources can be trained and tested on, before any time is spent ---- */

/* ERR_INPUT: no classes, other classes in the test set, no test videos, a label outside the classes. Warns of classes
 * without a training video; says how many videos are shorter than a clip's `span` frames (their last frame is
 * repeated). Rank 0 looks. */
CHECKED Err label_check_all(const ClipSource *train, const ClipSource *test, int span, const Par *par);

/* ---- tokens: averages over square blocks of patches, fewer keys for a read-out to attend to, less to keep ---- */

/* `grid` blocks along a side of the frame, or 0: one mean over all tokens. ERR_USAGE when it does not divide. */
CHECKED Err tokens_check_grid(const ModelConfig *model, int grid);
int tokens_count(const ModelConfig *model, int grid);
/* out (tokens_count, D), from encoded (N, D); order as nn/layers/model's: time slowest, then row, then column. grid >
 * 0. */
void tokens_average(float *out, const float *encoded, const ModelConfig *model, int grid);
