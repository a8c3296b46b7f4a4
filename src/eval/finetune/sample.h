/* eval/finetune/sample - training clips of fine-tuning: frames, augmentation, mixing, network input, all drawn from
 * (seed, sample).
 *
 * The official order: frames at native size, RandAugment on 8-bit frames, crop and resize, flip, normalization, random
 * erasing, the same for all frames of a clip; then mixup or cutmix. The copies of a repeated clip share their frames
 * and differ in everything after. Who is mixed with whom is a matter of the step's whole batch (eval/finetune/mixing):
 * a partner that belongs to another leaf is loaded a second time. */
#pragma once

#include "eval/clips/views.h"
#include "eval/finetune/finetune.h"
#include "train/batch.h"

/* What one thread needs for a leaf of B = micro_batch * repeat samples. */
typedef struct {
    Frames read, augmented, whole;
    int *numbers;      /* (T) frames of the clip at hand */
    int *labels;       /* (B) */
    float *clips;      /* (B, T, H, W, 3) normalized */
    float *partner;    /* (repeat, T, H, W, 3) the clip of another leaf that one is mixed with */
    float *inputs;     /* (B, 3, T, H, W) the same for the network */
    float *targets;    /* (B, K) */
    uint64_t *samples; /* (B) numbers of their random streams */
} SampleBatch;

CHECKED Err sample_batch_init(SampleBatch *batch, const FinetuneConfig *config, int n_classes);
void sample_batch_free(SampleBatch *batch);
size_t sample_batch_bytes(const FinetuneConfig *config);
/* Fills inputs, targets and samples with the clips of a leaf. */
CHECKED Err sample_batch_load(SampleBatch *batch, const FinetuneConfig *config, const ClipSource *source,
                              const TrainLeaf *leaf, uint64_t seed);
