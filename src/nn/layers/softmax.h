/* nn/layers/softmax - softmax cross entropy against soft targets, the classifier's loss; probabilities for testing. */
#pragma once

/* Mean over B of -sum_k target log softmax(logits). dlogits (B, K) is overwritten with `scale` times its gradient;
 * NULL: not wanted. logits, targets (B, K); targets need not sum to one. */
double softmax_cross_entropy(float *dlogits, const float *logits, const float *targets, int B, int K, float scale);
/* sums (K) += softmax(logits): averaging probabilities over views, in double precision. */
void softmax_add(double *sums, const float *logits, int K);
