/* gen/textures/texture_terms - weighted sums over the channels of a collapsed layer (gen/textures/texture_gan.h).
 *
 * All channels of a layer come from one map F: channel o is sqrt(2) relu(sign_o F + noise + bias_o). The next layer
 * reads sums of weight_o times channel o, one sum for each of its wavelets or colors (a target). Channels with bias 0,
 * the same sign and the same target are added up into one term. The high-frequency set has no biases, so two terms a
 * target are left of it. At every pixel terms are added in the order of the channels. */
#pragma once

#include "gen/textures/texture_gan.h"

typedef struct {
    float sign, bias, weight;
} Term;

typedef struct {
    Term list[GAN_LATENT];
    int begin[WAVELET_COUNT + 1]; /* terms of target k: begin[k]..begin[k + 1]-1 */
} Terms;

/* `targets`: one of 0..39 for each channel, or NULL: all 0. */
void terms_list(Terms *terms, const GanLayerSample *layer, int channels, const float *weights, const int *targets);
/* sum += all terms of `target` on a layer's map F and noise, `count` pixels each: a multiple of 16. */
void terms_add(float *sum, const Terms *terms, int target, const float *map, const float *noise, int count);
