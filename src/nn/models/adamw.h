/* nn/models/adamw - decoupled weight decay Adam over a slice of the flat vectors, in one pass.
 *
 * p *= 1 - lr*wd (rows that decay); m, v updated; p -= lr * m_hat / (sqrt(v_hat) + eps), bias-corrected, as the
 * official code's torch.optim.AdamW. Element i of the slices is element begin + i of the table's vector. */
#pragma once

#include "nn/layers/params.h"

typedef struct {
    float beta1, beta2, eps, weight_decay;
} AdamwConfig;

/* lr_scale: (n_rows) multiplier of each row (layer-wise decay), or NULL. step counts from 1. */
void adamw_update(float *params, float *m, float *v, const float *grads, size_t begin, size_t end,
                  const ParamTable *table, const AdamwConfig *config, double lr, const float *lr_scale, int64_t step);
void adamw_update_ref(float *params, float *m, float *v, const float *grads, size_t begin, size_t end,
                      const ParamTable *table, const AdamwConfig *config, double lr, const float *lr_scale,
                      int64_t step);
