/* eval/finetune/mixing - which samples of a global batch mixup and cutmix mix with each other, and how.
 *
 * The official code mixes the batch of every process: 8 clips (times their repeated copies) in the released scripts and
 * in VideoMAE's of Kinetics. Sample i of such a batch of B is mixed with sample B-1-i, and all of them share one draw
 * of kind, lambda and box (VideoMAE: mixup.py). Here that batch is a group: the clips of a step, in their order, are
 * cut into groups of `data.mix_clips`, or into so many groups of nearly equal size when that does not divide them.
 * Group, partner and draw are functions of (seed, step, position in the step's batch) alone, so they are the same for
 * any micro_batch and for any number of ranks and threads. */
#pragma once

#include "video/transform/augment.h"

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
/* The group's draw in a step. */
AugmentMix mix_draw(const MixGroup *group, ClipShape shape, double mixup, double cutmix, uint64_t seed, int64_t step);
