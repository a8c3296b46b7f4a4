/* eval/finetune - classification on labelled clips: fine-tune everything, or probe a frozen encoder; then test clips x
 * crops with averaged probabilities and Wilson 95 % intervals into result.json. */
#pragma once

#include "nn/model.h"
#include "train/trainer.h"
#include "video/source.h"

typedef struct {
    char train[PATH_SIZE], test[PATH_SIZE]; /* dataset folders */
    int frame_stride;
    double crop_area_min; /* random resized crop: smallest area share; 1: no area change */
    int shift;            /* alternative to random resized crop: random shift by up to this many pixels, 0: off */
    bool flip;
    int rand_augment_ops; /* 0: off */
    double rand_augment_magnitude, erasing, mixup, cutmix, label_smoothing;
    int repeat; /* augmented copies of a clip in a batch */
    int test_clips, test_crops;
} ClassifyData;

typedef struct {
    char name[NAME_SIZE];
    char checkpoint[PATH_SIZE];  /* run folder or file; empty: random initialization */
    char pretraining[NAME_SIZE]; /* how the result calls it; empty: taken from the checkpoint's config */
    ModelConfig model;           /* ignored when the checkpoint says otherwise: that is an error naming both */
    ClassifyData data;
    TrainConfig train;
    double drop_path, head_dropout, init_scale;
} FinetuneConfig;

extern const Field finetune_fields[];
CHECKED Err finetune_run_all(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test,
                             const Run *run);

/* eval/probe: the same config; the encoder is frozen, features are computed once, only the linear head trains. */
extern const Field probe_fields[];
CHECKED Err probe_run_all(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test,
                          const Run *run);
