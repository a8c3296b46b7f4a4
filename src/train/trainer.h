/* train/trainer - steps across ranks and threads, bit-identical on any number of them.
 *
 * A global batch is a fixed sequence of leaves (micro-batches). Each is computed by one team of threads, which leaves
 * no trace in the bits (base/system/team, run/teams); gradients are summed in one fixed binary tree over the leaf
 * number: a rank has a run of leaves and sums the nodes of the tree that lie inside it (train/leafsum), par/reduce adds
 * what is above them, and leaves each rank its slice of the sum. The rank updates its slice of parameters and moments
 * (so the optimizer's state is sharded); then parameters are gathered. What a step does follows from (seed, step) and
 * the parameters alone, so a run that was interrupted ends in the same bits, also when it goes on with other ranks,
 * threads and teams. Ranks beyond the leaves only update their slice.
 *
 * The task supplies arithmetic and data of a leaf; the trainer owns parameters, moments, gradients, schedule, loading
 * ahead (train/prefetch), checkpoints, curves, stop requests and divergence detection. Files in the run folder: ckpt/,
 * curves.jsonl (loss, lr, grad_norm: equal for equal runs), timings.jsonl (what is not). */
#pragma once

#include "base/system/digest.h"
#include "base/system/team.h"
#include "nn/layers/bf16_weights.h"
#include "nn/layers/grads_watch.h"
#include "nn/layers/params.h"
#include "par/run.h"
#include "run/folder.h"
#include "train/batch.h"
#include "train/prefetch.h"
#include "train/train_config.h"

typedef struct TrainTask TrainTask;

/* loss and digest on rank 0 only. */
typedef struct {
    int64_t steps;
    double loss;                      /* of the last step */
    char weights_digest[DIGEST_SIZE]; /* of the final checkpoint's model */
} TrainOutcome;

struct TrainTask {
    const char *name; /* "pretraining" */
    const ParamTable *params;
    int64_t clips_per_epoch;
    uint64_t seed;
    float head_scale;      /* init_scale of a fresh head */
    const float *lr_scale; /* per row of params, or NULL */
    void *state;
    double flops_per_clip; /* for the rate report, 0: unknown */
    size_t shared_bytes;   /* what its teams share besides what the trainer owns */
    /* Mixed precision: the matrices that leaf and params_changed read rounded; else NULL. Those of other nodes then
     * arrive rounded; epoch_end_all and finish_all see all parameters as they are. */
    const Bf16Plan *rounded;
    /* A team's, for the memory report. */
    size_t (*scratch_bytes)(const TrainTask *task, int members);
    LeafLoader loader; /* the data of a leaf */
    /* Adds the mean loss of the batch's share (the leaf's mean divided by leaf->n_leaves) into *loss and its gradient
     * into grads. Called by the leader of a team, whose number `team` selects scratch; `place` holds what the loader
     * loaded. May tell `watch` (or NULL) which gradients are final. Deterministic in (leaf, params). */
    void (*leaf)(TrainTask *task, int team, void *place, const TrainLeaf *leaf, const float *params, float *grads,
                 double *loss, const GradsWatch *watch);
    /* Makes scratch for each of the teams, which live as long as the run. Before the first leaf; local. NULL: each leaf
     * is one thread's, and its scratch is there. */
    CHECKED Err (*teams_ready)(TrainTask *task, Team *const *teams, int n_teams);
    /* May be NULL. Whenever the parameters have changed, before the next leaf: `threads` may be used. Local. */
    void (*params_changed)(TrainTask *task, const float *params, int threads);
    /* May be NULL. After every epoch, on all ranks, with the same parameters everywhere. */
    CHECKED Err (*epoch_end_all)(TrainTask *task, int64_t epoch, const float *params);
    /* May be NULL. After the last step and checkpoint; params is borrowed. */
    CHECKED Err (*finish_all)(TrainTask *task, const float *params, const TrainOutcome *outcome);
};

/* Goes on from the newest checkpoint in the folder, else starts from `initial` (flat; NULL: params_init). Returns
 * ERR_STOPPED after a checkpoint on request, ERR_DIVERGED on a loss or gradient that is not finite, with the last good
 * checkpoint kept. */
CHECKED Err trainer_run_all(TrainTask *task, const TrainConfig *config, const float *initial, const Run *run,
                            const RunFolder *folder);
/* Bytes a rank will use. */
CHECKED Err trainer_rank_bytes(size_t *bytes, const TrainTask *task, const TrainConfig *config, const Par *par);
/* ERR_USAGE when batch, clips and rank count do not fit each other; before a run folder is made. Local. */
CHECKED Err trainer_check(const TrainTask *task, const TrainConfig *config, const Run *run);
/* For --dry-run: steps, memory of a rank, work, on stdout. Local. */
CHECKED Err trainer_print_plan(const TrainTask *task, const TrainConfig *config, const Run *run);
