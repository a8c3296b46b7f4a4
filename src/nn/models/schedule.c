/* The learning rate over the steps: linear warm-up, then half a cosine. Apart from nn/models/adamw.c, which is compiled
 * without fused multiply-adds. */
#include "nn/models/optimizer.h"

#include <math.h>

double schedule_rate(const Schedule *schedule, int64_t step) {
    int64_t warmup = schedule->warmup_steps;
    if (step < warmup) return schedule->peak * (double)step / fmax((double)(warmup - 1), 1);
    if (step >= schedule->total_steps) return schedule->minimum;
    /* 0 at the end of the warm-up; 1, the minimum, is reached only after the last step */
    double done = (double)(step - warmup) / (double)(schedule->total_steps - warmup);
    return schedule->minimum + (schedule->peak - schedule->minimum) / 2 * (1 + cos(M_PI * done));
}

float schedule_layer_scale(double decay, int depth, int layer) {
    return (float)pow(decay, depth + 1 - layer);
}
