/* nn/models/schedule - learning rate per step: linear warm-up from 0, then half a cosine to the minimum (official
 * utils: i < W: peak*i/(W-1), 0 if W is 1; later: min + (peak-min)/2*(1+cos(pi*(i-W)/(S-W)))). */
#pragma once

#include <stdint.h>

typedef struct {
    double peak, minimum;
    int64_t warmup_steps, total_steps;
} Schedule;

double schedule_rate(const Schedule *schedule, int64_t step); /* step counts from 0 */

/* Layer-wise decay: decay^(depth + 1 - layer), layer 0 the patch embedding, i + 1 block i, depth + 1 fc_norm and head
 * (official optim_factory.py): the lower, the slower. */
float schedule_layer_scale(double decay, int depth, int layer);
