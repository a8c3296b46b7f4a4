/* cli/classify - what the finetune and probe commands share: their options and the opening of both datasets. */
#pragma once

#include "cli/stage.h"
#include "eval/finetune.h"

extern const StageShortcut classify_shortcuts[];

typedef Err ClassifyRun(const FinetuneConfig *config, const ClipSource *train, const ClipSource *test, const Run *run);
CHECKED Err classify_run_all(ClassifyRun *run_all, const FinetuneConfig *config, const Run *run);
