/* train/batch - which clips a step sees: a pure function of (seed, step), the same for any ranks and threads.
 *
 * Every epoch is a fresh permutation of the clips (stream RNG_SHUFFLE, item = epoch), cut into global batches of
 * `batch` clips; the incomplete last batch is dropped, as in the official code. A batch is a sequence of leaves of
 * `micro_batch` clips, the unit whose gradient one team of threads computes (train/leafsum). */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

typedef struct {
    uint64_t seed;
    int64_t n_clips; /* an epoch has */
    int batch, micro_batch;
    int64_t epoch;   /* that `order` belongs to, -1: none yet */
    uint32_t *order; /* (n_clips) */
} BatchPlan;

typedef struct {
    int64_t step, epoch;
    int64_t leaf, n_leaves; /* of the step */
    int64_t epoch_clips;    /* n_clips of the plan */
    int n_clips;
    const uint32_t *clips;      /* (n_clips) indices into the source, borrowed until the next epoch */
    int batch;                  /* clips of the step */
    const uint32_t *step_clips; /* (batch) all of them; the leaf's begin at leaf * n_clips */
} TrainLeaf;

/* ERR_USAGE when the batch is no multiple of the micro-batch or larger than an epoch. */
CHECKED Err batch_plan_init(BatchPlan *plan, uint64_t seed, int64_t n_clips, int batch, int micro_batch);
void batch_plan_free(BatchPlan *plan);
int64_t batch_steps_per_epoch(const BatchPlan *plan);
int64_t batch_n_leaves(const BatchPlan *plan);
/* Shuffles when the step is of another epoch than the one before. By one thread, before batch_leaf. */
void batch_plan_enter(BatchPlan *plan, int64_t step);
TrainLeaf batch_leaf(const BatchPlan *plan, int64_t step, int64_t leaf);
/* The number of clip k of a leaf among all clips of all epochs: the item of its random streams. */
uint64_t batch_sample(const TrainLeaf *leaf, int k);
/* Of any clip of the step, by its position in the batch. */
uint64_t batch_step_sample(const TrainLeaf *leaf, int position);
