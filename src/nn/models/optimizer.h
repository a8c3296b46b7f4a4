/* nn/models/optimizer - AdamW (decoupled weight decay) over a slice of the flat vectors, in one pass, and the learning
 * rate of a step. */
#pragma once

#include "nn/layers/params.h"

/* p *= 1 - lr*wd (rows that decay); m, v updated; p -= lr * m_hat / (sqrt(v_hat) + eps), bias-corrected, as the
 * official code's torch.optim.AdamW (Loshchilov and Hutter 2019, "Decoupled weight decay regularization"). */
typedef struct {
    float beta1, beta2, eps, weight_decay;
} AdamwConfig;

/* Elements [begin, end) of the table's vector; each pointer is at the first of them. */
typedef struct {
    float *params, *m, *v;
    const float *grads;
    size_t begin, end;
} AdamwSlice;

typedef struct {
    const AdamwConfig *config;
    double lr;
    const float *lr_scale; /* (n_rows) multiplier of each row (layer-wise decay), or NULL */
    int64_t number;        /* counts from 1 */
} AdamwStep;

void adamw_update(const AdamwSlice *slice, const ParamTable *table, const AdamwStep *step);
void adamw_update_ref(const AdamwSlice *slice, const ParamTable *table, const AdamwStep *step);

/* Linear warm-up from 0, then half a cosine to the minimum (official utils, S steps of which W warm up):
 * i < W: peak*i/(W-1), 0 if W is 1; later: min + (peak-min)/2*(1+cos(pi*(i-W)/(S-W))). */
typedef struct {
    double peak, minimum;
    int64_t warmup_steps, total_steps;
} Schedule;

double schedule_rate(const Schedule *schedule, int64_t step); /* step counts from 0 */

/* Layer-wise decay: decay^(depth + 1 - layer), layer 0 the patch embedding, i + 1 block i, depth + 1 fc_norm and head
 * (official optim_factory.py): the lower, the slower. */
float schedule_layer_scale(double decay, int depth, int layer);
