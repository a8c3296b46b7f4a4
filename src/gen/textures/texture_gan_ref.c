/* The generator as it is written: every output channel convolves every input channel with its own filter. */
#include "gen/textures/texture_gan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Filter of output o and input i; the gain's size is drawn away by the demodulation, its sign is not. */
static void modulated_filter(float taps[WAVELET_TAPS], const GanNetwork *network, const GanLayerSample *own, int o,
                             int i, const float *styles) {
    for (int tap = 0; tap < WAVELET_TAPS; tap++)
        taps[tap] = own->sign[o] * styles[i] * wavelet_tap(network->kind, own->wavelet[i], tap);
}

static float filter_norm(const GanNetwork *network, const GanLayerSample *own, int o, const float *styles, int in) {
    double sum = 0;
    for (int i = 0; i < in; i++) {
        float taps[WAVELET_TAPS];
        modulated_filter(taps, network, own, o, i, styles);
        for (int tap = 0; tap < WAVELET_TAPS; tap++) sum += (double)taps[tap] * (double)taps[tap];
    }
    return (float)sqrt(sum);
}

static void convolve_pixel(float *out, int out_side, const float *in, int side, int y, int x, const float *taps,
                           bool up) {
    for (int j = 0; j < 3; j++)
        for (int i = 0; i < 3; i++) {
            int ty = up ? 2 * y + j : y + 1 - j, tx = up ? 2 * x + i : x + 1 - i;
            if (ty < 0 || tx < 0 || ty >= out_side || tx >= out_side) continue;
            out[(ptrdiff_t)ty * out_side + tx] += taps[3 * j + i] * in[(ptrdiff_t)y * side + x];
        }
}

/* One output channel into `out`, before noise and bias. */
static void channel_ref(float *out, const GanNetwork *network, const GanSample *sample, int l, int o, const float *x,
                        int side, const float *styles, float *wide) {
    const GanLayer *layer = &network->layers[l];
    const GanLayerSample *own = &sample->layers[l];
    int sum_side = layer->up ? 2 * side + 1 : side;
    float norm = filter_norm(network, own, o, styles, layer->in), *sum = layer->up ? wide : out;
    memset(sum, 0, (size_t)sum_side * (size_t)sum_side * sizeof *sum);
    for (int i = 0; i < layer->in; i++) {
        float taps[WAVELET_TAPS];
        modulated_filter(taps, network, own, o, i, styles);
        for (int tap = 0; tap < WAVELET_TAPS; tap++) taps[tap] /= norm;
        for (int y = 0; y < side; y++)
            for (int p = 0; p < side; p++)
                convolve_pixel(sum, sum_side, x + (ptrdiff_t)i * side * side, side, y, p, taps, layer->up);
    }
    if (layer->up) gan_filter(out, sum, sum_side, 1);
}

static void layer_ref(float *out, const GanNetwork *network, const GanSample *sample, int l, const float *x, int side,
                      const float *latent, float *wide) {
    const GanLayer *layer = &network->layers[l];
    const GanLayerSample *own = &sample->layers[l];
    float styles[GAN_LATENT];
    int count = layer->side * layer->side;
    gan_styles(styles, network->style[l], latent, layer->in);
    for (int o = 0; o < layer->out; o++) {
        float *channel = out + (ptrdiff_t)o * count;
        channel_ref(channel, network, sample, l, o, x, side, styles, wide);
        for (int p = 0; p < count; p++) channel[p] = sqrtf(2) * fmaxf(channel[p] + own->noise[p] + own->bias[o], 0);
    }
}

static void rgb_ref(float *rgb, const GanNetwork *network, const GanSample *sample, int block, const float *x,
                    int channels, int side, const float *latent) {
    float styles[GAN_LATENT];
    gan_styles(styles, network->rgb_style[block], latent, channels);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < channels; i++)
            for (int p = 0; p < side * side; p++)
                rgb[c * side * side + p] += sample->rgb[block][c * channels + i] * styles[i] / sqrtf((float)channels) *
                                            x[(ptrdiff_t)i * side * side + p];
}

/* All channels of two layers, and the pictures. */
typedef struct {
    float *x, *y, *wide, *rgb, *small;
} Buffers;

static Err buffers_new(Buffers *b, const GanNetwork *network) {
    size_t side = (size_t)network->size.side, most = 16 * (size_t)network->layers[0].in;
    for (int l = 0; l < network->n_layers; l++) {
        size_t size = (size_t)network->layers[l].out * (size_t)network->layers[l].side *
                      (size_t)network->layers[l].side;
        if (size > most) most = size;
    }
    *b = (Buffers){.x = calloc(most, sizeof(float)),
                   .y = calloc(most, sizeof(float)),
                   .wide = calloc((side + 1) * (side + 1), sizeof(float)),
                   .rgb = calloc(3 * side * side, sizeof(float)),
                   .small = calloc(3 * side * side, sizeof(float))};
    return b->x && b->y && b->wide && b->rgb && b->small
               ? ERR_NONE
               : RAISE(ERR_MEMORY, "the plain texture generator: out of memory");
}

static void buffers_free(Buffers *b) {
    free(b->x);
    free(b->y);
    free(b->wide);
    free(b->rgb);
    free(b->small);
}

static void run_ref(Buffers *b, const GanNetwork *network, const GanSample *sample, const float *latents) {
    int side = 4;
    memcpy(b->x, network->constant, 16 * (size_t)network->layers[0].in * sizeof *b->x);
    for (int l = 0; l < network->n_layers; l++) {
        const GanLayer *layer = &network->layers[l];
        layer_ref(b->y, network, sample, l, b->x, side, latents + (ptrdiff_t)l * GAN_LATENT, b->wide);
        float *swapped = b->x;
        b->x = b->y;
        b->y = swapped;
        side = layer->side;
        if (layer->up) continue;
        if (l > 0) {
            int half = side / 2;
            memcpy(b->small, b->rgb, 3 * (size_t)half * (size_t)half * sizeof *b->small);
            for (int c = 0; c < 3; c++)
                gan_upsample(b->rgb + c * side * side, b->small + c * half * half, half, b->wide);
        }
        rgb_ref(b->rgb, network, sample, l / 2, b->x, layer->out, side, latents + (ptrdiff_t)(l + 1) * GAN_LATENT);
    }
}

Err gan_render_ref(float *rgb, const GanNetwork *network, const GanSample *sample, const float *latents) {
    Buffers buffers;
    Err err = buffers_new(&buffers, network);
    if (!err) {
        run_ref(&buffers, network, sample, latents);
        memcpy(rgb, buffers.rgb, 3 * (size_t)network->size.side * (size_t)network->size.side * sizeof *rgb);
    }
    buffers_free(&buffers);
    return err;
}
