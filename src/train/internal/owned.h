/* train/internal/owned - what a rank owns of a training: its slices of the parameters, and of the moments of AdamW.
 *
 * Each slice begins and ends at a unit of the vector (par/reduce), so that sums of squares, taken unit by unit, and
 * updates, element by element, do not depend on who owns what. All functions are local. */
#pragma once

#include "base/system/arena.h"
#include "nn/layers/params.h"
#include "nn/models/optimizer.h"
#include "par/reduce.h"
#include "store/checkpoint/checkpoint.h"

typedef struct OwnedBlock OwnedBlock;

typedef struct {
    Reduce *reduce; /* has parameters and gradients; borrowed, like the table */
    const ParamTable *table;
    const Share *slices; /* ascending */
    int n_slices, threads;
    float *m, *v;                  /* (floats of all slices), one slice after the other */
    OwnedBlock *updates, *squares; /* pieces that a thread takes at a time */
    int64_t n_updates, n_squares;
    Tensor *tensors;             /* of the whole vector */
    CheckpointSlice *checkpoint; /* (n_slices) */
    Arena moments;
} Owned;

CHECKED Err owned_new(Owned *owned, Reduce *reduce, const ParamTable *table, int threads);
void owned_free(Owned *owned); /* fine with {0} */

/* What a checkpoint writes and reads of this rank. */
CheckpointSlice *owned_checkpoint(Owned *owned);
/* The parameters of the slices from a whole vector. */
void owned_start(const Owned *owned, const float *whole);
/* sums[u] = the sum of squares of the gradients of unit u, for the units of the slices. */
void owned_squares(const Owned *owned, double *sums);
/* A step of AdamW, counted from 1. lr_scale: as adamw_update. */
void owned_update(const Owned *owned, const AdamwConfig *adamw, double lr, const float *lr_scale, int64_t step);
