/* train/pretrain - the VideoMAE task on a clip source. */
#pragma once

#include "nn/model.h"
#include "train/trainer.h"
#include "video/source.h"

typedef struct {
    char dataset[PATH_SIZE]; /* folder of shards, or */
    char variant[PATH_SIZE]; /* slug or file: rendered on the fly */
    char pool[PATH_SIZE];    /* image or texture pool of a live variant */
    int64_t clips;           /* clips an epoch of a live variant */
    int frame_stride;
} PretrainData;

typedef struct {
    char name[NAME_SIZE];
    ModelConfig model;
    PretrainData data;
    TrainConfig train;
    double mask_ratio;
} PretrainConfig;

extern const Field pretrain_fields[];

/* `source` is borrowed. Writes run folder run->out/<name>-<digest>; its checkpoints hold the model. */
CHECKED Err pretrain_run_all(const PretrainConfig *config, const ClipSource *source, const Run *run);
