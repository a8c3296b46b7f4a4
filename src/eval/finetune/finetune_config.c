/* Settings of fine-tuning and probe. Both have the same struct and most of the fields; a macro for each group keeps
 * them one list. Defaults are the paper's: a result that differs from one says so (run/protocol.h). */
#include "eval/finetune/finetune.h"

/* What both stages have. */
#define TASK_FIELDS(data_, train_)                                                                                     \
    FIELD_TEXT(FinetuneConfig, name, "readable part of the run folder's name; empty: task, dataset, pre-training", "", \
               .flags = FIELD_COSMETIC),                                                                               \
        FIELD_PATH(FinetuneConfig, checkpoint,                                                                         \
                   "pre-trained run folder (its digest may be left out) or file; empty: random initialization", ""),   \
        FIELD_TEXT(FinetuneConfig, pretraining, "how results call the pre-training; empty: the checkpoint's name", "", \
                   .flags = FIELD_COSMETIC),                                                                           \
        FIELD_GROUP(FinetuneConfig, model, "the network; must be the checkpoint's", model_fields),                     \
        FIELD_GROUP(FinetuneConfig, data, "what it sees", data_),                                                      \
        FIELD_GROUP(FinetuneConfig, train, "how it learns", train_),                                                   \
        FIELD_DOUBLE(FinetuneConfig, init_scale, "factor on the head's first weights", 0.001, 0, 1)

/* Which clips, and how the test looks at a video. */
#define DATA_FIELDS                                                                                                    \
    FIELD_PATH(ClassifyData, train, "folder of labelled shards to train on", ""),                                      \
        FIELD_PATH(ClassifyData, test, "folder of labelled shards to test on", ""),                                    \
        FIELD_INT(ClassifyData, frame_stride, "frames from one of a clip to the next (HMDB51: 2)", 4, 1, 1000),        \
        FIELD_DOUBLE(ClassifyData, label_smoothing, "probability spread over all classes", 0.1, 0, 0.9),               \
        FIELD_INT(ClassifyData, test_clips, "test: clips spread over a video (HMDB51: 10)", 5, 1, 100),                \
        FIELD_INT(ClassifyData, test_crops, "test: crops along the longer side", 3, 1, 100)

/* Regularization inside the network. */
#define DROP_FIELDS                                                                                                    \
    FIELD_DOUBLE(FinetuneConfig, drop_path, "share of residual branches dropped in the last block; rises linearly",    \
                 0.2, 0, 0.9),                                                                                         \
        FIELD_DOUBLE(FinetuneConfig, head_dropout,                                                                     \
                     "share of features dropped before the head (the paper's Table 6; the released scripts have 0.5)", \
                     0, 0, 0.9)

/* What becomes of a training clip. */
#define AUGMENT_FIELDS                                                                                                 \
    FIELD_ENUM(ClassifyData, crop,                                                                                     \
               "training clips: resized: random area and aspect; shift: whole frame, moved; center",                   \
               CLASSIFY_CROP_RESIZED, "resized|shift|center"),                                                         \
        FIELD_INT(ClassifyData, shift, "crop shift: at most so many pixels of the model's frame", 0, 0, 1024),         \
        FIELD_BOOL(ClassifyData, flip, "mirror every second training clip", true),                                     \
        FIELD_INT(ClassifyData, rand_augment_ops, "RandAugment: operations a clip; 0: off", 4, 0, 16),                 \
        FIELD_DOUBLE(ClassifyData, rand_augment_magnitude,                                                             \
                     "RandAugment: strength (the paper's Table 6; the released scripts run 7)", 9, 0, 10),             \
        FIELD_DOUBLE(ClassifyData, erasing, "random erasing: share of clips", 0.25, 0, 1),                             \
        FIELD_DOUBLE(ClassifyData, mixup, "mixup: alpha of the beta distribution; 0: off", 0.8, 0, 100),               \
        FIELD_DOUBLE(ClassifyData, cutmix, "cutmix: alpha of the beta distribution; 0: off", 1.0, 0, 100),             \
        FIELD_INT(ClassifyData, mix_clips,                                                                             \
                  "mixup and cutmix: clips of a batch that are mixed with each other under one draw, as those of a "   \
                  "process in the official scripts",                                                                   \
                  8, 1, 1e6)

/* ---- fine-tuning: the paper's Table 6; what it leaves open as in the official code ---- */

static const Field finetune_data_fields[] = {
    DATA_FIELDS,
    AUGMENT_FIELDS,
    FIELD_ENUM(ClassifyData, frames,
               "control, in training and test: ordered; shuffled: a clip's frames in random order; single: one of them "
               "instead of all",
               0, "ordered|shuffled|single"),
    FIELD_INT(ClassifyData, repeat, "differently augmented copies of a clip in a batch", 2, 1, 16),
    FIELD_END,
};

/* epochs, batch, rate at 256 clips, lowest rate, warm-up epochs, weight decay, beta2. */
static const Field finetune_train_fields[] = {
    TRAIN_OPTIMIZER_FIELDS(100, 256, 1e-3, 1e-5, 5, 0.05, 0.999),
    TRAIN_LAYER_DECAY_FIELD(0.7),
    TRAIN_PRECISION_FIELD,
    TRAIN_RUN_FIELDS,
    FIELD_END,
};

const Field finetune_fields[] = {
    TASK_FIELDS(finetune_data_fields, finetune_train_fields),
    DROP_FIELDS,
    FIELD_END,
};

/* ---- probe: the defaults are the paper's Table 7 ---- */

static const Field probe_data_fields[] = {
    DATA_FIELDS,
    AUGMENT_FIELDS,
    FIELD_BOOL(ClassifyData, augment,
               "linear, as the official probe: augmented clips through the network in every epoch, with drop path and "
               "dropout; otherwise features once",
               false),
    FIELD_INT(ClassifyData, repeat, "clips spread over a training video, or augmented copies of one", 2, 1, 16),
    FIELD_END,
};

/* The same list. */
static const Field probe_train_fields[] = {
    TRAIN_OPTIMIZER_FIELDS(100, 256, 1e-2, 0, 5, 0, 0.999),
    TRAIN_RUN_FIELDS,
    FIELD_END,
};

static const Field readout_fields[] = {
    FIELD_INT(ReadoutConfig, neighbors, "knn: training videos that vote", 20, 1, 100000),
    FIELD_DOUBLE(ReadoutConfig, temperature, "knn: a vote weighs exp(cosine / temperature)", 0.07, 0.001, 1000),
    FIELD_TEXT(ReadoutConfig, shots, "few-shot: training clips a class, one or several numbers", "1,5,10"),
    FIELD_INT(ReadoutConfig, draws, "few-shot: random choices of those clips, for the interval", 5, 1, 10000),
    FIELD_INT(ReadoutConfig, heads, "attentive: heads of the cross-attention", 12, 1, 256),
    FIELD_INT(ReadoutConfig, token_grid,
              "attentive: blocks along a side of the frame over which tokens are averaged; must divide the patches", 2,
              1, 1024),
    FIELD_PATH(ReadoutConfig, features,
               "folder that keeps features for the next read-out of the encoder; empty: OUT/features; none: nowhere",
               ""),
    FIELD_END,
};

const Field probe_fields[] = {
    TASK_FIELDS(probe_data_fields, probe_train_fields),
    DROP_FIELDS,
    FIELD_ENUM(FinetuneConfig, protocol, "what is made of the frozen features", PROBE_LINEAR,
               "linear|knn|few-shot|attentive"),
    FIELD_GROUP(FinetuneConfig, readout, "settings of the other protocols", readout_fields),
    FIELD_END,
};
