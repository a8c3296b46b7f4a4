#include "eval/finetune/mixing.h"

/* Group g begins at floor(g batch / n_groups); the sizes differ by one at most. */
static int first_of(int group, int batch, int n_groups) {
    return (int)((int64_t)group * batch / n_groups);
}

MixGroup mix_group(int position, int batch, int mix_clips) {
    int n_groups = (batch + mix_clips - 1) / mix_clips;
    /* The largest g with first_of(g) <= position. */
    int number = (int)((((int64_t)position + 1) * n_groups - 1) / batch);
    int first = first_of(number, batch, n_groups);
    return (MixGroup){first, first_of(number + 1, batch, n_groups) - first, number, n_groups};
}

int mix_partner(const MixGroup *group, int position) {
    return 2 * group->first + group->count - 1 - position;
}

AugmentMix mix_draw(const MixGroup *group, ClipShape shape, double mixup, double cutmix, uint64_t seed, int64_t step) {
    Rng rng = rng_stream(seed, RNG_MIX, (uint64_t)(step * group->n_groups + group->number), 0);
    return augment_draw_mix(shape, mixup, cutmix, &rng);
}
