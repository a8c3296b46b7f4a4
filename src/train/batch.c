/* Which clips a step has: an epoch is a random permutation of the source's clips, cut into batches in order; what is
 * left over at its end waits for another epoch. A leaf is micro_batch clips that lie side by side in it. */
#include "train/batch.h"

#include "math/rng.h"

CHECKED Err batch_plan_init(BatchPlan *plan, uint64_t seed, int64_t n_clips, int batch, int micro_batch) {
    *plan = (BatchPlan){.seed = seed, .n_clips = n_clips, .batch = batch, .micro_batch = micro_batch, .epoch = -1};
    if (batch % micro_batch != 0)
        return RAISE(ERR_USAGE, "train.batch: %d is no multiple of train.micro_batch %d", batch, micro_batch);
    if (batch > n_clips)
        return RAISE(ERR_USAGE, "train.batch: %d clips a step, but an epoch has only %lld", batch, (long long)n_clips);
    if (n_clips > UINT32_MAX) return RAISE(ERR_USAGE, "an epoch of %lld clips: at most 2^32", (long long)n_clips);
    plan->order = malloc((size_t)n_clips * sizeof(*plan->order));
    if (!plan->order) return RAISE(ERR_MEMORY, "order of an epoch: no memory for %lld clips", (long long)n_clips);
    return ERR_NONE;
}

void batch_plan_free(BatchPlan *plan) {
    free(plan->order);
    plan->order = NULL;
}

int64_t batch_steps_per_epoch(const BatchPlan *plan) {
    return plan->n_clips / plan->batch;
}
int64_t batch_n_leaves(const BatchPlan *plan) {
    return plan->batch / plan->micro_batch;
}

/* The permutation is a function of seed and epoch, so a resumed run finds the same one. */
void batch_plan_enter(BatchPlan *plan, int64_t step) {
    int64_t epoch = step / batch_steps_per_epoch(plan);
    if (epoch == plan->epoch) return;
    Rng rng = rng_stream(plan->seed, RNG_SHUFFLE, (uint64_t)epoch, 0);
    rng_permutation(&rng, plan->order, (uint32_t)plan->n_clips);
    plan->epoch = epoch;
}

/* Pointers into the plan's order: valid until it enters another epoch. */
TrainLeaf batch_leaf(const BatchPlan *plan, int64_t step, int64_t leaf) {
    int64_t in_epoch = step % batch_steps_per_epoch(plan);
    ASSERT(step / batch_steps_per_epoch(plan) == plan->epoch);
    const uint32_t *step_clips = plan->order + in_epoch * plan->batch;
    return (TrainLeaf){.step = step,
                       .epoch = plan->epoch,
                       .leaf = leaf,
                       .n_leaves = batch_n_leaves(plan),
                       .epoch_clips = plan->n_clips,
                       .n_clips = plan->micro_batch,
                       .clips = step_clips + leaf * plan->micro_batch,
                       .batch = plan->batch,
                       .step_clips = step_clips};
}

/* The number of a visit, which every draw for it is made from. */
uint64_t batch_sample(const TrainLeaf *leaf, int k) {
    return (uint64_t)leaf->epoch * (uint64_t)leaf->epoch_clips + leaf->clips[k];
}

uint64_t batch_step_sample(const TrainLeaf *leaf, int position) {
    return (uint64_t)leaf->epoch * (uint64_t)leaf->epoch_clips + leaf->step_clips[position];
}
