/* train/train_config - how long, how fast, how often: the settings every training has, with the defaults of each task.
 *
 * Peak learning rate = base_lr * batch / 256, min_lr likewise. What only decides when files are written is cosmetic: it
 * does not enter a run's identity. micro_batch and reduce do: they decide the last bits. */
#pragma once

#include "base/config/field.h"

typedef struct {
    int epochs;
    int batch;       /* clips a step over all ranks */
    int micro_batch; /* clips a leaf: one team's piece of work */
    int team;        /* threads that share a leaf; 0: chosen */
    double base_lr, min_lr;
    double warmup_epochs;
    double weight_decay, beta1, beta2, eps, layer_decay;
    int reduce;    /* ReduceKind */
    int precision; /* Precision */
    int loaders;
    double checkpoint_minutes;
    int64_t checkpoint_steps;
    int keep_last;
    int64_t keep_every;
    int64_t log_steps;
} TrainConfig;

/* Rows of a Field table of TrainConfig; the arguments are the task's defaults, which are the paper's settings. */
#define TRAIN_OPTIMIZER_FIELDS(epochs_, batch_, base_lr_, min_lr_, warmup_, weight_decay_, beta2_)                     \
    FIELD_INT(TrainConfig, epochs, "passes over the clips", epochs_, 1, 1e6),                                          \
        FIELD_INT(TrainConfig, batch, "clips a step, over all ranks", batch_, 1, 1e6),                                 \
        FIELD_DOUBLE(TrainConfig, base_lr, "peak learning rate of a batch of 256; scales with the batch", base_lr_, 0, \
                     10),                                                                                              \
        FIELD_DOUBLE(TrainConfig, min_lr, "last learning rate of a batch of 256; scales with the batch", min_lr_, 0,   \
                     10),                                                                                              \
        FIELD_DOUBLE(TrainConfig, warmup_epochs, "epochs over which the rate rises from 0", warmup_, 0, 1e6),          \
        FIELD_DOUBLE(TrainConfig, weight_decay, "decoupled weight decay, not on biases and norms", weight_decay_, 0,   \
                     10),                                                                                              \
        FIELD_DOUBLE(TrainConfig, beta1, "AdamW: memory of the mean", 0.9, 0, 0.99999),                                \
        FIELD_DOUBLE(TrainConfig, beta2, "AdamW: memory of the square", beta2_, 0, 0.99999),                           \
        FIELD_DOUBLE(TrainConfig, eps, "AdamW: added to the root", 1e-8, 1e-12, 1)

#define TRAIN_LAYER_DECAY_FIELD(layer_decay_)                                                                          \
    FIELD_DOUBLE(TrainConfig, layer_decay, "learning rate of a layer over that of the layer above", layer_decay_,      \
                 0.01, 1)

#define TRAIN_PRECISION_FIELD                                                                                          \
    FIELD_ENUM(TrainConfig, precision,                                                                                 \
               "operands of matrix products: float32, or bfloat16 with float32 sums, parameters and gradients, "       \
               "faster and with less memory (docs/precision.md)",                                                      \
               0, "float32|bfloat16", .flags = FIELD_QUIET)

/* What the trainer itself is told. */
#define TRAIN_RUN_FIELDS                                                                                               \
    FIELD_INT(TrainConfig, micro_batch,                                                                                \
              "clips of a leaf, whose gradient one team of threads computes; leaves are summed in a fixed "            \
              "binary tree",                                                                                           \
              2, 1, 4096),                                                                                             \
        FIELD_INT(TrainConfig, team,                                                                                   \
                  "threads that compute a leaf together; more save memory and put more threads to work than "          \
                  "there are leaves, and no number changes a bit of the result; 0: chosen from threads, leaves "       \
                  "and memory",                                                                                        \
                  0, 0, 1024, .flags = FIELD_COSMETIC),                                                                \
        FIELD_ENUM(TrainConfig, reduce,                                                                                \
                   "how gradients are summed over ranks: tree gives the same bits on any rank count, mpi adds "        \
                   "rank by rank and agrees to rounding, auto is tree",                                                \
                   0, "auto|tree|mpi"),                                                                                \
        FIELD_INT(TrainConfig, loaders,                                                                                \
                  "threads a rank that load clips ahead of the step, asleep when enough are ready; 0: each step "      \
                  "loads its own",                                                                                     \
                  1, 0, 256, .flags = FIELD_COSMETIC),                                                                 \
        FIELD_DOUBLE(TrainConfig, checkpoint_minutes,                                                                  \
                     "minutes between checkpoints; one more at the end, and one on a stop request", 15, 0.001, 1e6,    \
                     .flags = FIELD_COSMETIC),                                                                         \
        FIELD_INT64(TrainConfig, checkpoint_steps, "steps between checkpoints; 0: by time only", 0, 0, 1e12,           \
                    .flags = FIELD_COSMETIC),                                                                          \
        FIELD_INT(TrainConfig, keep_last, "checkpoints to keep", 2, 1, 1e6, .flags = FIELD_COSMETIC),                  \
        FIELD_INT64(TrainConfig, keep_every, "also keep checkpoints of multiples of this step; 0: none", 0, 0, 1e12,   \
                    .flags = FIELD_COSMETIC),                                                                          \
        FIELD_INT64(TrainConfig, log_steps, "steps between points of the curves", 10, 1, 1e9, .flags = FIELD_COSMETIC)
