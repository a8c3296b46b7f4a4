/* nn/models/classifier - the fine-tuning network: encoder on all tokens, no final encoder norm, mean, fc_norm, dropout,
 * head.
 *
 * Same memory rules as nn/models/mae. Starts as the official code does: matrices normal 0.02, patch embedding as the
 * framework leaves it, head times init_scale (params_init's head_scale). Drop path grows linearly from 0 in the first
 * block to drop_path in the last; both branches of a block drop independently, per clip. */
#pragma once

#include "base/system/team.h"
#include "nn/layers/bf16_weights.h"
#include "nn/layers/grads_watch.h"
#include "nn/layers/model.h"
#include "nn/layers/params.h"

typedef struct Classifier Classifier;
typedef struct ClassifierScratch ClassifierScratch;

CHECKED Err classifier_new(Classifier **classifier, const ModelConfig *model, int n_classes, double drop_path,
                           double head_dropout);
void classifier_free(Classifier **classifier);
const ParamTable *classifier_params(
    const Classifier *classifier); /* official classifier names: patch_embed..., blocks.i..., fc_norm, head */

const Bf16Plan *classifier_matrices(const Classifier *classifier); /* what a Bf16Packed of this network holds */

size_t classifier_scratch_bytes(const Classifier *classifier, Precision precision, int members, int B);
CHECKED Err classifier_scratch_new(ClassifierScratch **scratch, const Classifier *classifier, int B);
/* For a team, NULL: one thread; both are borrowed. With `packed`, NULL: float32, mixed precision up to the mean over
 * tokens; the head, a row a clip, stays float32. It must hold the same parameters that a call is given. The bits do not
 * depend on the team. */
CHECKED Err classifier_scratch_new_team(ClassifierScratch **scratch, const Classifier *classifier,
                                        const Bf16Packed *packed, Team *team, int B);
void classifier_scratch_free(ClassifierScratch **scratch);
/* From now on classifier_step tells `watch` (borrowed, or NULL) which gradients are final. */
void classifier_scratch_watch(ClassifierScratch *scratch, const GradsWatch *watch);

/* Draws of one micro-batch for drop path and dropout: pure function of (seed, item = clip's global sample
 * number). */
typedef struct {
    uint64_t seed;
    const uint64_t *samples; /* (B) */
} ClassifierDraws;

typedef struct {
    const float *inputs;  /* (B, 3, T, H, W) normalized floats (augmentation works on these) */
    const float *targets; /* (B, K) soft labels */
    int B;
    const ClassifierDraws *draws; /* NULL: no dropping */
} ClassifierBatch;

/* Adds the mean over B of -sum target*log softmax, times loss_scale, into *loss; adds gradients into grads (NULL:
 * forward only). */
void classifier_step(const Classifier *classifier, ClassifierScratch *scratch, const float *params, float *grads,
                     double *loss, const ClassifierBatch *batch, float loss_scale);
/* What the head sees in training, (B, D): after the mean, fc_norm and dropout, with drop path. */
void classifier_features(const Classifier *classifier, ClassifierScratch *scratch, const float *params, float *features,
                         const float *inputs, int B, const ClassifierDraws *draws);
/* The encoder's output (B, N, D) of the last step or forward. Borrowed. */
const float *classifier_encoded(const ClassifierScratch *scratch);
/* logits (B, K); features (B, D) after the mean and before fc_norm, may be NULL. No dropping. */
void classifier_forward(const Classifier *classifier, ClassifierScratch *scratch, const float *params, float *logits,
                        float *features, const float *inputs, int B);
