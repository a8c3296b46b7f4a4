/* eval/readout/controls - what a labelled dataset gives away without any network: a linear classifier on raw pixels.
 *
 * Three readers of the same clips, each video's middle one of n_frames, shrunk to side x side pixels:
 *
 *   frame     one frame of the clip, drawn at random
 *   shuffled  all frames in random order
 *   clip      all frames in order
 *
 * A dataset that measures motion leaves the first two near chance, and the third far from the ceiling, or it could be
 * solved without understanding anything. The classifier is the probe's (eval/readout/linear_head). result.json has
 * frame_top1, shuffled_top1, clip_top1 with Wilson intervals, and chance. The same questions to a network:
 * `data.frames` of fine-tuning and probing (eval/clips/views). */
#pragma once

#include "base/text/text.h"
#include "par/run.h"
#include "train/train_config.h"
#include "video/frames/source.h"

typedef struct {
    char name[NAME_SIZE];
    char train[PATH_SIZE], test[PATH_SIZE]; /* dataset folders */
    int n_frames, frame_stride, side;
    TrainConfig head;
} ControlsConfig;

extern const Field controls_fields[];

/* Sources are borrowed and labelled, with the same classes. One rank. A finished run is reported and left alone;
 * --dry-run prints sizes and returns. */
CHECKED Err controls_run(const ControlsConfig *config, const ClipSource *train, const ClipSource *test, const Run *run);
