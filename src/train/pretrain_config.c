#include "train/pretrain.h"

static const Field data_fields[] = {
    FIELD_PATH(PretrainData, dataset, "folder of shards to train on", ""),
    FIELD_PATH(
        PretrainData, real,
        "another folder, of real videos: of the clips of an epoch so many are drawn anew from it, the others from "
        "data.dataset, as the released program mixes",
        ""),
    FIELD_DOUBLE(PretrainData, real_share, "share of data.real among the clips of an epoch", 0, 0, 1,
                 .flags = FIELD_COSMETIC),
    FIELD_PATH(PretrainData, variant, "or: slug or file of a variant, rendered while training", ""),
    /* These enter a run's identity through the digest of what they describe. */
    FIELD_TEXTS(PretrainData, with, "changes to the variant's settings, such as objects=100", .flags = FIELD_COSMETIC),
    FIELD_TEXT(PretrainData, pool, "comma-separated pools and dataset folders of a variant that needs them", "",
               .flags = FIELD_COSMETIC | FIELD_COMMAS),
    FIELD_INT(PretrainData, size, "side of a variant's frames, pixels; 0: the variant's", 0, 0, 4096,
              .flags = FIELD_COSMETIC),
    FIELD_INT(PretrainData, frames, "frames of a variant's videos; 0: lengths drawn as the variant says", 0, 0, 100000,
              .flags = FIELD_COSMETIC),
    FIELD_INT64(PretrainData, clips, "clips an epoch of a variant (the paper's datasets have 9537)", 9537, 1, 1e9),
    FIELD_INT(PretrainData, frame_stride, "frames from one of a clip to the next", 4, 1, 1000),
    FIELD_ENUM(PretrainData, crop, "multi-scale: one of 4 sizes at one of 13 places; center: the largest square",
               PRETRAIN_CROP_MULTI_SCALE, "multi-scale|center"),
    FIELD_END,
};

/* The paper's Table 5; what it leaves open as in the official code: betas, lowest rate. */
static const Field pretrain_train_fields[] = {
    TRAIN_OPTIMIZER_FIELDS(3200, 256, 3e-4, 1e-5, 40, 0.05, 0.95),
    TRAIN_PRECISION_FIELD,
    TRAIN_RUN_FIELDS,
    FIELD_END,
};

const Field pretrain_fields[] = {
    FIELD_TEXT(PretrainConfig, name, "readable part of the run folder's name; empty: the dataset's", "",
               .flags = FIELD_COSMETIC),
    FIELD_GROUP(PretrainConfig, model, "the network", model_fields),
    FIELD_GROUP(PretrainConfig, data, "what it sees", data_fields),
    FIELD_GROUP(PretrainConfig, train, "how it learns", pretrain_train_fields),
    FIELD_DOUBLE(PretrainConfig, mask_ratio, "share of tubes hidden", 0.75, 0.01, 0.99),
    FIELD_INT(PretrainConfig, picture_epochs, "epochs between reconstruction pictures; 0: only at the end", 0, 0, 1e6,
              .flags = FIELD_COSMETIC),
    FIELD_END,
};
