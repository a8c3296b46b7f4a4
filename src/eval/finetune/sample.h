/* eval/finetune/sample - training clips of fine-tuning: frames, augmentation, mixing, network input, all drawn from
 * (seed, sample).
 *
 * The official order: frames at native size, RandAugment on 8-bit frames, crop and resize, flip, normalization, random
 * erasing, the same for all frames of a clip; then mixup or cutmix. The copies of a repeated clip share their frames
 * and differ in everything after. Who is mixed with whom is a matter of the step's whole batch (mix_group below):
 * a partner that belongs to another leaf is loaded a second time. */
#pragma once

#include "eval/clips/views.h"
#include "eval/finetune/finetune.h"
#include "train/batch.h"
#include "video/transform/augment.h"

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

/* Which samples of a global batch mixup and cutmix mix with each other, and how.
 *
 * The official code mixes the batch of every process: 8 clips (times their repeated copies) in the released scripts and
 * in VideoMAE's of Kinetics. Sample i of such a batch of B is mixed with sample B-1-i, and all of them share one draw
 * of kind, lambda and box (VideoMAE: mixup.py). Here that batch is a group: the clips of a step, in their order, are
 * cut into groups of `data.mix_clips`, or into so many groups of nearly equal size when that does not divide them.
 * Group, partner and draw are functions of (seed, step, position in the step's batch) alone, so they are the same for
 * any micro_batch and for any number of ranks and threads. */

/* The group of a clip: `count` neighbors of the step's batch, from position `first` on. */
typedef struct {
    int first, count;
    int number, n_groups; /* among those of the step */
} MixGroup;

/* `position` of a clip in the batch of `batch` clips. */
MixGroup mix_group(int position, int batch, int mix_clips);
/* Position of the clip whose copies the copies of this one are mixed with: copy c with copy repeat-1-c. The middle of
 * an odd group is its own partner. */
int mix_partner(const MixGroup *group, int position);
