/* nn/models/mae - VideoMAE pre-training: encoder on visible tokens, decoder on all, normalized-pixel loss.
 *
 * Pure arithmetic on caller's memory. A Mae is shapes and layout only (shared, const after mae_init); a MaeScratch
 * holds activations of one micro-batch and belongs to one thread, or to one team, whose leader makes all calls. */
#pragma once

#include "base/system/arena.h"
#include "base/system/team.h"
#include "nn/layers/bf16_weights.h"
#include "nn/layers/grads_watch.h"
#include "nn/layers/model.h"
#include "nn/layers/params.h"

typedef struct Mae Mae;
typedef struct MaeScratch MaeScratch;

CHECKED Err mae_new(Mae **mae, const ModelConfig *model, double mask_ratio);
void mae_free(Mae **mae);
const ParamTable *mae_params(const Mae *mae);

/* What a Bf16Packed of this network holds. */
const Bf16Plan *mae_matrices(const Mae *mae);

/* Scratch for up to B clips. mae_scratch_bytes is exact (a measuring pass). */
size_t mae_scratch_bytes(const Mae *mae, Precision precision, int members, int B);
CHECKED Err mae_scratch_new(MaeScratch **scratch, const Mae *mae, int B);
/* For a team, NULL: one thread; both are borrowed. With `packed`, NULL: float32, steps compute in mixed precision, and
 * it must hold the same parameters that they are given. The bits do not depend on the team. */
CHECKED Err mae_scratch_new_team(MaeScratch **scratch, const Mae *mae, const Bf16Packed *packed, Team *team, int B);
void mae_scratch_free(MaeScratch **scratch);
/* From now on mae_step tells `watch` (borrowed, or NULL) which gradients are final. */
void mae_scratch_watch(MaeScratch *scratch, const GradsWatch *watch);

/* One micro-batch. */
typedef struct {
    const uint8_t *clips;  /* (B, T, H, W, 3) pixels */
    const uint8_t *masked; /* (B, N) bytes, 1 = hidden, equally many per clip */
    int B;
} MaeBatch;

/* The mean squared error over B*(N-V)*patch values, times `loss_scale`, is *added* into *loss and its gradient is
 * *added* into grads (flat, mae_params layout; NULL: forward only). Input normalization with ImageNet mean and std
 * inside. */
void mae_step(const Mae *mae, MaeScratch *scratch, const float *params, float *grads, double *loss,
              const MaeBatch *batch, float loss_scale);
/* Predictions of the last mae_step's clip b for its masked tokens, (N-V, S*P*P*3), ascending, in the units of
 * nn/layers/patch's patch_target_ref; for pictures. Valid until the next mae_step or mae_features. */
const float *mae_predictions(const MaeScratch *scratch, int b);
/* The following compute in float32 with any scratch.
 *
 * Mean over all tokens of the encoder's last block output after encoder.norm, nothing masked: (B, D). For features. Any
 * B: clips pass in groups that fit the scratch. */
void mae_features(const Mae *mae, MaeScratch *scratch, const float *params, float *features, const uint8_t *clips,
                  int B);
/* Keys of the encoder's last block, nothing masked, heads side by side: (B, N, D). What attention compares tokens by.
 */
void mae_keys(const Mae *mae, MaeScratch *scratch, const float *params, float *keys, const uint8_t *clips, int B);
