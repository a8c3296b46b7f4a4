/* train/pretrain - the VideoMAE task on a clip source (Tong et al. 2022; settings: the paper's Table 5).
 *
 * A sample is a clip of an epoch: its frames, crop and mask are drawn from (seed, epoch and clip), so they do not
 * depend on batch size, ranks or threads. Defaults of the table are the paper's settings for ViT-B. */
#pragma once

#include "base/text/text.h"
#include "nn/layers/model.h"
#include "par/run.h"
#include "train/train_config.h"
#include "video/frames/source.h"

typedef enum { PRETRAIN_CROP_MULTI_SCALE, PRETRAIN_CROP_CENTER } PretrainCrop;

typedef struct {
    char dataset[PATH_SIZE]; /* folder of shards, */
    char real[PATH_SIZE];    /* with another one of real videos, "" none, */
    double real_share;       /* which gets this share of the visits; or */
    char variant[PATH_SIZE]; /* slug or file: rendered while training */
    TextList with;           /* changes to the variant, "objects=100" */
    char pool[PATH_SIZE];    /* pools and dataset folders of a variant that needs them */
    int size, frames;        /* of a variant's videos; 0: the variant's */
    int64_t clips;           /* an epoch of a variant */
    int frame_stride;
    int crop; /* PretrainCrop */
} PretrainData;

typedef struct {
    char name[NAME_SIZE];
    ModelConfig model;
    PretrainData data;
    TrainConfig train;
    double mask_ratio;
    int picture_epochs; /* a reconstruction picture every so many epochs; 0: only at the end */
} PretrainConfig;

extern const Field pretrain_fields[];

/* `source` is borrowed. Writes run folder run->out/<name>-<digest>: checkpoints of the model, curves, pictures, and
 * result.json with the digest of the final weights. A finished run is reported and left alone. --dry-run prints sizes
 * and returns. */
CHECKED Err pretrain_run_all(const PretrainConfig *config, const ClipSource *source, const Run *run);
