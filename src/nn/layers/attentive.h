/* nn/layers/attentive - the attentive probe: one cross-attention of a learned query to all tokens of a frozen encoder,
 * then a linear head (the read-out of Chen et al. 2022, "Context Autoencoder", and El-Nouby et al. 2024, AIM).
 *
 *     k = x Wk^T,  v = x Wv^T + bv,  pooled = softmax(q k^T / sqrt(head width)) v for every head,  logits =
 * head(pooled)
 *
 * x: (B, N, D) tokens, normalized by the caller. The keys have no bias, which the softmax would not see. Memory rules
 * as nn/models/mae: params and grads are flat vectors laid out by attentive_params. */
#pragma once

#include "base/system/team.h"
#include "nn/layers/params.h"

typedef struct Attentive Attentive;
typedef struct AttentiveScratch AttentiveScratch;

/* ERR_USAGE when the heads do not divide the width. */
CHECKED Err attentive_new(Attentive **attentive, int n_tokens, int width, int heads, int n_classes);
void attentive_free(Attentive **attentive);
const ParamTable *attentive_params(const Attentive *attentive);

size_t attentive_scratch_bytes(const Attentive *attentive, int members, int B);
/* A team, which may be NULL, shares the work of every call that uses the scratch; the bits do not depend on it. */
CHECKED Err attentive_scratch_new(AttentiveScratch **scratch, const Attentive *attentive, Team *team, int B);
void attentive_scratch_free(AttentiveScratch **scratch);

typedef struct {
    const float *tokens;  /* (B, N, D) */
    const float *targets; /* (B, K) soft labels */
    int B;
} AttentiveBatch;

/* Adds the mean over B of -sum target*log softmax, times loss_scale, into *loss, and gradients into grads unless that
 * is NULL. */
void attentive_step(const Attentive *attentive, AttentiveScratch *scratch, const float *params, float *grads,
                    double *loss, const AttentiveBatch *batch, float loss_scale);
/* logits (B, K). */
void attentive_forward(const Attentive *attentive, AttentiveScratch *scratch, const float *params, float *logits,
                       const float *tokens, int B);
/* Multiply-adds count 2; forward and backward of one clip. */
double attentive_flops(const Attentive *attentive);
