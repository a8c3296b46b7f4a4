#include "nn/layers/softmax.h"

#include <math.h>
#include <stddef.h>

static double log_sum_exp(const float *x, int count) {
    double largest = x[0], sum = 0;
    for (int i = 1; i < count; i++) largest = fmax(largest, x[i]);
    for (int i = 0; i < count; i++) sum += exp(x[i] - largest);
    return largest + log(sum);
}

double softmax_cross_entropy(float *dlogits, const float *logits, const float *targets, int B, int K, float scale) {
    double loss = 0;
    for (int b = 0; b < B; b++) {
        const float *logits_b = logits + (size_t)b * (size_t)K, *targets_b = targets + (size_t)b * (size_t)K;
        double log_sum = log_sum_exp(logits_b, K), mass = 0;
        for (int k = 0; k < K; k++) {
            mass += targets_b[k];
            loss += targets_b[k] * (log_sum - logits_b[k]);
        }
        if (!dlogits) continue;
        for (int k = 0; k < K; k++) {
            double probability = exp(logits_b[k] - log_sum);
            dlogits[(size_t)b * (size_t)K + (size_t)k] = (float)(scale / B * (mass * probability - targets_b[k]));
        }
    }
    return loss / B;
}

void softmax_add(double *sums, const float *logits, int K) {
    double largest = logits[0], sum = 0;
    for (int k = 1; k < K; k++) largest = fmax(largest, logits[k]);
    for (int k = 0; k < K; k++) sum += exp(logits[k] - largest);
    for (int k = 0; k < K; k++) sums[k] += exp(logits[k] - largest) / sum;
}
