/* The generator as it is written: every output channel convolves every input channel with its own filter. */
#include "gen/textures/texture_gan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What one layer works with. Channels are maps of side x side, one after the other. */
typedef struct {
    const GanNetwork *network;
    const GanLayer *layer;
    const GanLayerSample *own;
    const float *x; /* (in, side, side) */
    int side;
    float *wide; /* upsampling layers: room for (2 side + 1)^2 */
    float styles[GAN_LATENT];
} LayerRef;

/* Filter of output o and input i; the gain's size is drawn away by the demodulation, its sign is not. */
static void modulated_filter(float taps[WAVELET_TAPS], const LayerRef *ref, int o, int i) {
    for (int tap = 0; tap < WAVELET_TAPS; tap++)
        taps[tap] = ref->own->sign[o] * ref->styles[i] * wavelet_tap(ref->network->kind, ref->own->wavelet[i], tap);
}

static float filter_norm(const LayerRef *ref, int o) {
    double sum = 0;
    for (int i = 0; i < ref->layer->in; i++) {
        float taps[WAVELET_TAPS];
        modulated_filter(taps, ref, o, i);
        for (int tap = 0; tap < WAVELET_TAPS; tap++) sum += (double)taps[tap] * (double)taps[tap];
    }
    return (float)sqrt(sum);
}

/* Every pixel of `in` spreads over its nine targets: the transposed convolution of stride 2 with `up`, else the
 * correlation written from the side of the input, which is why its taps run backwards. */
static void convolve(float *out, int out_side, const float *in, int side, const float *taps, bool up) {
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            for (int j = 0; j < 3; j++)
                for (int i = 0; i < 3; i++) {
                    int ty = up ? 2 * y + j : y + 1 - j, tx = up ? 2 * x + i : x + 1 - i;
                    if (ty < 0 || tx < 0 || ty >= out_side || tx >= out_side) continue;
                    out[(ptrdiff_t)ty * out_side + tx] += taps[3 * j + i] * in[(ptrdiff_t)y * side + x];
                }
}

/* One output channel into `out`, before noise and bias. */
static void channel_ref(float *out, const LayerRef *ref, int o) {
    int side = ref->side, sum_side = ref->layer->up ? 2 * side + 1 : side;
    float norm = filter_norm(ref, o), *sum = ref->layer->up ? ref->wide : out;
    memset(sum, 0, (size_t)sum_side * (size_t)sum_side * sizeof *sum);
    for (int i = 0; i < ref->layer->in; i++) {
        float taps[WAVELET_TAPS];
        modulated_filter(taps, ref, o, i);
        for (int tap = 0; tap < WAVELET_TAPS; tap++) taps[tap] /= norm;
        convolve(sum, sum_side, ref->x + (ptrdiff_t)i * side * side, side, taps, ref->layer->up);
    }
    if (ref->layer->up) gan_filter(out, sum, sum_side, 1);
}

static void layer_ref(float *out, const LayerRef *ref) {
    int count = ref->layer->side * ref->layer->side;
    for (int o = 0; o < ref->layer->out; o++) {
        float *channel = out + (ptrdiff_t)o * count;
        channel_ref(channel, ref, o);
        for (int p = 0; p < count; p++)
            channel[p] = sqrtf(2) * fmaxf(channel[p] + ref->own->noise[p] + ref->own->bias[o], 0);
    }
}

/* `weights`: (3, channels). Adds the block's 1 x 1 convolution of x (channels, side, side) to rgb (3, side, side). */
static void rgb_ref(float *rgb, const float *weights, const float *styles, const float *x, int channels, int side) {
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < channels; i++)
            for (int p = 0; p < side * side; p++)
                rgb[c * side * side + p] += weights[c * channels + i] * styles[i] / sqrtf((float)channels) *
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
    float rgb_styles[GAN_LATENT];
    int side = 4;
    memcpy(b->x, network->constant, 16 * (size_t)network->layers[0].in * sizeof *b->x);
    for (int l = 0; l < network->n_layers; l++) {
        const GanLayer *layer = &network->layers[l];
        const float *latent = latents + (ptrdiff_t)l * GAN_LATENT;
        LayerRef ref = {network, layer, &sample->layers[l], b->x, side, b->wide, {0}};
        gan_styles(ref.styles, network->style[l], latent, layer->in);
        layer_ref(b->y, &ref);
        float *swapped = b->x;
        b->x = b->y;
        b->y = swapped;
        side = layer->side;
        if (layer->up) continue; /* a block's picture is made after its second layer */
        if (l > 0) {
            int half = side / 2;
            memcpy(b->small, b->rgb, 3 * (size_t)half * (size_t)half * sizeof *b->small);
            for (int c = 0; c < 3; c++)
                gan_upsample(b->rgb + c * side * side, b->small + c * half * half, half, b->wide);
        }
        gan_styles(rgb_styles, network->rgb_style[l / 2], latent + GAN_LATENT, layer->out);
        rgb_ref(b->rgb, sample->rgb[l / 2], rgb_styles, b->x, layer->out, side);
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
