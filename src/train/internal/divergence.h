/* train/internal/divergence - where a training went wrong: in which clips, in which tensor, and what is left of it. */
#pragma once

#include "nn/layers/params.h"
#include "par/par.h"
#include "par/share.h"
#include "train/batch.h"
#include "train/train_config.h"

typedef struct {
    const char *task, *checkpoints; /* folder */
    int64_t saved_step;             /* of the newest checkpoint, -1: none */
    const TrainConfig *config;
    const Par *par;
    const ParamTable *table;
    const Share *slices; /* of this rank, in floats */
    int n_slices;
    const float *params, *grads; /* whole vectors, of which the slices count */
} Divergence;

/* Whether every parameter is a number: checkpoints of others are not worth keeping. */
bool divergence_none_all(const Divergence *where);
/* Raises ERR_DIVERGED, on all ranks alike, after a step (counted from 1) whose loss, gradient or update is not finite.
 * leaf_losses: of every leaf; NULL: the losses were fine. */
CHECKED Err divergence_raise_all(const Divergence *where, int64_t step, const BatchPlan *plan,
                                 const double *leaf_losses, double loss, double grad_norm);
