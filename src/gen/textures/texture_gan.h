/* gen/textures/texture_gan - textures from untrained StyleGAN2 generators with wavelets for filters (Baradad et al.
 * 2021: the "oriented" and "high-freq" sets).
 *
 * Per network (rebuilt every GAN_NETWORK_IMAGES images): style matrices and the 4 x 4 constant. Per image, a sample:
 * which wavelet each input channel has, signs and biases of output channels, RGB weights, noise maps, colors. Per
 * frame: latents, one vector of 512 for each layer and one more; still textures have one frame.
 *
 * A layer's weight is gain_o * wavelet(k_i) and is demodulated, so |gain| cancels and every output channel is the same
 * map F up to its sign:
 *     F = sum_k wavelet_k * (sum over i with k_i = k of s_i x_i) / sqrt(sum_i s_i^2 |wavelet_(k_i)|^2)
 *     x'_o = sqrt(2) relu(sign_o F + noise + bias_o)
 * gan_render computes exactly this; gan_render_ref convolves all channels with all filters as the network is written.
 * (The 1e-8 below the demodulation's root is left out of both.) Layers convolve with zero padding; upsampling ones are
 * transposed convolutions of stride 2 followed by the [1 3 3 1] filter. */
#pragma once

#include "base/system/arena.h"
#include "math/fft.h"
#include "math/rng.h"

#include <stdbool.h>
#include <stdint.h>

/* texture_wavelets.c: the 3 x 3 patterns that stand for learned filters in the untrained generators.
 *
 * Oriented set: edges and lines at 8 orientations (11 x 11 patterns rotated bilinearly, central 3 x 3, mean removed),
 * delta, surround, plus, sign plus, and the negatives of all. High-frequency set: signs only; edges at 16 angles, lines
 * at 8 with both signs, the other four with both signs. (Baradad et al. 2021, learning to see by looking at noise.) */

enum { WAVELET_COUNT = 40, WAVELET_TAPS = 9 };

typedef enum { GAN_ORIENTED, GAN_HIGH_FREQUENCY } GanKind;

/* Entry `tap` (row by row) of pattern `wavelet`; the second half of a set are the negatives of the first. */
float wavelet_tap(GanKind kind, int wavelet, int tap);

/* texture_noise.c: pink noise maps, plain and patchy.
 *
 * Spectrum on the integer frequencies |fx|, |fy| <= n/2 of an (n+1)-point transform: amplitude |f|^-alpha, 0 at the
 * center, uniform phases; the last row and column of the picture are dropped, the mean is removed. Patchy maps are then
 * multiplied by 4 x 4 independent Laplace(0, 1) values enlarged by Lanczos. Divided by the standard deviation. */

enum { NOISE_PATCHES = 4 }; /* in each direction */

/* What maps of one side need: the transform, and for patchy ones the weights of the patches. Of one thread. */
typedef struct {
    int n;
    Fft2 *fft;
    float (*weights)[NOISE_PATCHES]; /* (n); NULL: plain maps */
} NoiseMaker;

/* n >= 4, even. */
CHECKED Err noise_maker_new(NoiseMaker *maker, int n, bool patchy);
void noise_maker_free(NoiseMaker *maker);
/* out: (n, n). Draws alpha ~ U(0.5, 1.5), the phases, and the envelope of patchy maps. */
void noise_pink(float *out, NoiseMaker *maker, Rng *rng);
/* (n, n) -> (n/factor, n/factor) by averages. */
void noise_shrink(float *out, const float *map, int n, int factor);

enum { GAN_LATENT = 512, GAN_LAYERS_MAX = 17, GAN_BLOCKS_MAX = 9, GAN_NETWORK_IMAGES = 400 };

/* 256 x 256 images: side 256, channels_base 32768, channels_max 512; tests use less. */
typedef struct {
    int side, channels_base, channels_max;
} GanSize;
GanSize gan_size(int side);

typedef struct {
    int in, out, side; /* channels, and the side of the output */
    bool up;
} GanLayer;

typedef struct {
    GanKind kind;
    GanSize size;
    int n_layers, n_blocks;
    GanLayer layers[GAN_LAYERS_MAX];
    float *style[GAN_LAYERS_MAX];     /* (512, in) */
    float *rgb_style[GAN_BLOCKS_MAX]; /* (512, out of the block) */
    float *constant;                  /* (in of layer 0, 16) */
    Arena arena;
} GanNetwork;

/* Memory; gan_network_draw fills it, again and again. */
CHECKED Err gan_network_new(GanNetwork *network, GanKind kind, GanSize size);
void gan_network_draw(GanNetwork *network, uint64_t seed, uint64_t number, int threads);
void gan_network_free(GanNetwork *network);

typedef struct {
    int *wavelet;       /* (in): 0..39 */
    float *sign, *bias; /* (out) */
    float *noise;       /* (side, side), strength applied */
} GanLayerSample;

typedef struct {
    GanLayerSample layers[GAN_LAYERS_MAX];
    float *rgb[GAN_BLOCKS_MAX]; /* (3, channels) */
    float mean[3], deviation[3];
    float *shared_noise;              /* oriented: (2 side, 2 side); every layer's map is made from it */
    NoiseMaker noise[GAN_BLOCKS_MAX]; /* oriented: the first, for the shared map; high-frequency: one for each block */
    Arena arena;
} GanSample;

/* Memory and transforms of one thread, for any network of this kind and size; gan_sample_draw fills them. */
CHECKED Err gan_sample_new(GanSample *sample, const GanNetwork *network);
void gan_sample_draw(GanSample *sample, const GanNetwork *network, uint64_t seed, uint64_t image);
void gan_sample_free(GanSample *sample);
/* Draws sample->mean and sample->deviation alone. */
void gan_sample_colors(GanSample *sample, uint64_t seed, uint64_t image);

/* How latents move from frame to frame: xi += sigma * normal, or the variance-preserving walk. */
typedef struct {
    double sigma;
    bool renormalize, shared; /* shared: one vector for all layers */
} GanWalk;
/* xi of frame 0 into latents (n_layers + 1, 512). */
void gan_latents_begin(float *latents, const GanNetwork *network, const GanWalk *walk, uint64_t seed, uint64_t image);
/* Moves the latents from frame t - 1 to frame t. */
void gan_latents_step(float *latents, const GanNetwork *network, const GanWalk *walk, uint64_t seed, uint64_t image,
                      int t);

/* Scratch of gan_render for one thread. */
typedef struct {
    float *map, *next, *group, *wide, *phases; /* single maps */
    float *rgb, *rgb_up;                       /* (3, side, side) */
    Arena arena;
} GanScratch;
CHECKED Err gan_scratch_new(GanScratch *scratch, const GanNetwork *network);
void gan_scratch_free(GanScratch *scratch);

/* rgb: (3, side, side), before color normalization. */
void gan_render(float *rgb, const GanNetwork *network, const GanSample *sample, const float *latents,
                GanScratch *scratch);
CHECKED Err gan_render_ref(float *rgb, const GanNetwork *network, const GanSample *sample, const float *latents);

typedef struct {
    float mean[3], deviation[3];
} GanColors;
GanColors gan_colors(const float *rgb, int side);
/* Standardized with `colors`, scaled to the sample's mean and deviation, clipped, 8 bit, (side, side, 3). */
void gan_to_pixels(uint8_t *pixels, const float *rgb, int side, const GanColors *colors, const GanSample *sample);

/* Pieces both versions share. */
void gan_styles(float *styles, const float *matrix, const float *latent, int channels);
/* [1 3 3 1] x [1 3 3 1] / 16 on a map with `pad` zeros around: (in) -> (in + 2 pad - 3). */
void gan_filter(float *out, const float *in, int in_side, int pad);
/* Doubles a side: zeros between pixels, then the filter. `wide` holds (2 side + 1)^2. */
void gan_upsample(float *out, const float *in, int side, float *wide);
