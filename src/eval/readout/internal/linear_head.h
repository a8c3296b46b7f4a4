/* eval/readout/linear_head - multinomial logistic regression on fixed features by AdamW: the trained part of a linear
 * probe.
 *
 * Small enough that every rank trains the same head on all features with the same arithmetic, so nothing is exchanged
 * and all ranks hold the same bits. */
#pragma once

#include "base/failure/err.h"
#include "train/train_config.h"

#include <stdint.h>

typedef struct {
    int64_t n_rows;
    int D, K;
    const float *features; /* (n_rows, D) standardized */
    const int *labels;     /* (n_rows) */
} LabelledRows;

typedef struct {
    float *weight, *bias; /* (K, D), (K): first weights in, trained weights out */
} LinearHead;

/* config->epochs passes in the order of train/batch, batches of min(config->batch, n_rows); targets smoothed as in
 * fine-tuning. *loss: mean over the last epoch. Raises ERR_DIVERGED on a loss that is not finite. */
CHECKED Err linear_head_train(LinearHead *head, double *loss, const LabelledRows *rows, const TrainConfig *config,
                              double label_smoothing, uint64_t seed);
