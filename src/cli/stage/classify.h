/* cli/stage/classify - what the finetune and probe commands share: their options and the opening of both datasets. */
#pragma once

#include "cli/stage/stage.h"
#include "eval/finetune/finetune.h"

#define CLASSIFY_SHORTCUTS                                                                                             \
    {"train", "data.train", 0, "DIR"}, {"test", "data.test", 0, "DIR"}, {"checkpoint", "checkpoint", 0, "RUN"},        \
        {"pretraining", "pretraining", 0, "NAME"}, {"name", "name", 0, NULL}, {"epochs", "train.epochs", 0, NULL},     \
        {"batch", "train.batch", 0, NULL}, {                                                                           \
        "base-lr", "train.base_lr", 0, NULL                                                                            \
    }

typedef Err ClassifyRun(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test, const Run *run);
CHECKED Err classify_run_all(ClassifyRun *run_all, const FinetuneConfig *config, const Run *run);
