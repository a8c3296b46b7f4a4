/* nn/layers/patch - from pixels to patch vectors, straight from the clip: only the patches asked for are touched; and
 * the table of their positions.
 *
 * The embedding's order inside a patch is (channel, frame, row, column); the target's is (frame, row, column, channel),
 * as in the official code. Values = 3*S*P*P. `tokens` are flat token indices, `count` of them. */
#pragma once

#include "nn/layers/model.h"

/* ImageNet statistics, RGB; what VideoMAE normalizes its input with. */
extern const float patch_mean[3], patch_std[3];

/* out (count, values): (pixel/255 - mean) / std. clip (T, H, W, 3). */
void patch_from_pixels(float *out, const uint8_t *clip, const int *tokens, int count, const ModelConfig *model);
/* The same patches from values already normalized. clip (3, T, H, W). */
void patch_from_floats(float *out, const float *clip, const int *tokens, int count, const ModelConfig *model);

/* The reconstruction target: pixels minus their mean over the patch and channel, over (standard deviation, unbiased,
 * + 1e-6 of full scale). A constant patch is exactly zero. */
void patch_target_ref(float *out, const uint8_t *clip, const int *tokens, int count, const ModelConfig *model);
typedef struct {
    const uint8_t *clip; /* (T, H, W, 3) */
    const int *tokens;
    int count;
} ClipPatches;

/* Squared differences of predictions (count, values) from the target, summed over the lines of each patch: squares
 * (count, 3*P). If dpredictions is not NULL it gets slope * difference. The target is never stored. */
void patch_loss(float *dpredictions, float *squares, const float *predictions, const ClipPatches *patches,
                const ModelConfig *model, float slope);
/* The sum of all squares, in their order. */
double patch_loss_sum(const float *squares, int count, const ModelConfig *model);

/* The fixed sine-cosine position table of VideoMAE, (N, D): one dimension, over the flat token index.
 * angle(p, j) = p / 10000^(2*floor(j/2)/D); sine for even j, cosine for odd j; computed in double. */
void posenc_table(float *table, int N, int D);
