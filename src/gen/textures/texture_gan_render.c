/* One picture of a collapsed generator. A full layer is in x out convolutions; here it is one convolution for each of
 * the 40 wavelets, of the sum of the channels that the wavelet filters. So a layer costs 40 cheap passes over one
 * map, whatever its number of channels.
 *
 * Maps are side x side floats, rows one after the other. The order of all sums is fixed, which makes a picture the
 * same for any number of threads. */
#include "gen/textures/texture_gan.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Weighted sums over the channels of a collapsed layer (gen/textures/texture_gan.h).
 *
 * All channels of a layer come from one map F: channel o is sqrt(2) relu(sign_o F + noise + bias_o). The next layer
 * reads sums of weight_o times channel o, one sum for each of its wavelets or colors (a target). Channels with bias 0,
 * the same sign and the same target are added up into one term. The high-frequency set has no biases, so two terms a
 * target are left of it. At every pixel terms are added in the order of the channels. */

typedef struct {
    float sign, bias, weight;
} Term;

typedef struct {
    Term list[GAN_LATENT];
    int begin[WAVELET_COUNT + 1]; /* terms of target k: begin[k]..begin[k + 1]-1 */
} Terms;

/* Channel o as a term of `target`, into one of its terms there if they are the same. Returns how many there are now. */
static int list_channel(Term *list, int n, const GanLayerSample *layer, int o, float weight) {
    /* high-frequency set: all biases are 0, so two terms a target are left of 512; with biases no two are alike */
    for (int i = 0; i < n && layer->bias[o] == 0; i++)
        if (list[i].sign == layer->sign[o] && list[i].bias == 0) {
            list[i].weight += weight;
            return n;
        }
    list[n] = (Term){layer->sign[o], layer->bias[o], weight};
    return n + 1;
}

/* `targets`: one of 0..39 for each channel, or NULL: all 0. */
static void terms_list(Terms *terms, const GanLayerSample *layer, int channels, const float *weights,
                       const int *targets) {
    int n_targets = targets ? WAVELET_COUNT : 1, at = 0;
    for (int k = 0; k < n_targets; k++) {
        int n = 0;
        terms->begin[k] = at;
        for (int o = 0; o < channels; o++) /* sqrt(2) of the activation goes into the weight */
            if (!targets || targets[o] == k) n = list_channel(terms->list + at, n, layer, o, weights[o] * sqrtf(2));
        at += n;
    }
    terms->begin[n_targets] = at;
}

/* Sixteen pixels, on any machine. */
typedef float Pixels __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t PixelBits __attribute__((vector_size(64), aligned(4), may_alias));
enum { LANES = 16, VECTORS = 4 };

/* `vectors` sums stay in registers while the terms pass by. sign F + noise is one of two values for all terms. */
static inline __attribute__((always_inline)) void add_block(float *sum, const Term *term, const Term *end,
                                                            const float *map, const float *noise, int vectors) {
    Pixels total[VECTORS], base[2][VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const Pixels *f = (const Pixels *)map + v, *n = (const Pixels *)noise + v;
        base[0][v] = -*f + *n;
        base[1][v] = *f + *n;
        total[v] = ((const Pixels *)sum)[v];
    }
    for (; term < end; term++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            Pixels value = base[term->sign > 0][v] + term->bias;
            total[v] +=
                term->weight *
                (Pixels)((PixelBits)value & (value > 0)); /* relu: the bits are masked where the value is not above 0 */
        }
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) ((Pixels *)sum)[v] = total[v];
}

/* sum += all terms of `target` on a layer's map F and noise, `count` pixels each: a multiple of 16. */
static void terms_add(float *sum, const Terms *terms, int target, const float *map, const float *noise, int count) {
    const Term *first = terms->list + terms->begin[target], *end = terms->list + terms->begin[target + 1];
    int p = 0;
    for (; p + VECTORS * LANES <= count; p += VECTORS * LANES)
        add_block(sum + p, first, end, map + p, noise + p, VECTORS);
    for (; p < count; p += LANES) add_block(sum + p, first, end, map + p, noise + p, 1);
}

/* ---- convolutions of one map ---- */

static void add_scaled(float *restrict to, const float *restrict from, float scale, int count) {
    for (int x = 0; x < count; x++) to[x] += scale * from[x];
}

/* out += the correlation of `in` with nine taps, zero padding; row by row, so that a row is added to while it is near.
 */
static void add_convolved(float *restrict out, const float *restrict in, int side, const float taps[WAVELET_TAPS]) {
    for (int y = 0; y < side; y++)
        for (int tap = 0; tap < WAVELET_TAPS; tap++) {
            /* the tap's row, and its offset along it: -1, 0 or 1; columns outside are left out */
            int row = y + tap / 3 - 1, i = tap % 3 - 1;
            if (taps[tap] == 0 || row < 0 || row >= side) continue;
            int x0 = i < 0 ? 1 : 0;
            add_scaled(out + (ptrdiff_t)y * side + x0, in + (ptrdiff_t)row * side + x0 + i, taps[tap], side - abs(i));
        }
}

/* The transposed convolution of stride 2, (side)^2 -> (2 side + 1)^2, is kept as four pictures: the pixels with even or
 * odd row and column. So all rows are added to in one piece; phases_join puts them in place. */
enum { PHASES = 4 };

/* Of one phase; those with odd rows or columns have one less, which stays zero. */
static ptrdiff_t phase_size(int side) {
    return (ptrdiff_t)(side + 1) * (side + 1);
}

static void add_spread(float *restrict phases, const float *restrict in, int side, const float taps[WAVELET_TAPS]) {
    for (int row = 0; row <= side; row++)
        for (int tap = 0; tap < WAVELET_TAPS; tap++) {
            /* input (y, x) reaches output (2 y + j, 2 x + i): phase (j % 2, i % 2), row y + j / 2 of it */
            int j = tap / 3, i = tap % 3, y = row - j / 2;
            float *phase = phases + (2 * (j % 2) + i % 2) * phase_size(side);
            if (taps[tap] == 0 || y < 0 || y >= side) continue;
            add_scaled(phase + (ptrdiff_t)row * (side + 1) + i / 2, in + (ptrdiff_t)y * side, taps[tap], side);
        }
}

/* Row y of the output from the two phases of its parity, even and odd columns in turn. */
static void phases_join(float *restrict out, const float *restrict phases, int side, float scale) {
    for (int y = 0; y <= 2 * side; y++) {
        const float *even = phases + 2 * (y % 2) * phase_size(side) + (ptrdiff_t)(y / 2) * (side + 1);
        const float *odd = even + phase_size(side);
        float *to = out + (ptrdiff_t)y * (2 * side + 1);
        for (int x = 0; x < side; x++) {
            to[2 * x] = even[x] * scale;
            to[2 * x + 1] = odd[x] * scale;
        }
        to[2 * side] = even[side] * scale;
    }
}

/* ---- scratch ---- */

static void scratch_layout(GanScratch *scratch, const GanNetwork *network, Arena *arena) {
    size_t side = (size_t)network->size.side, count = side * side;
    scratch->map = arena_floats(arena, count);
    scratch->next = arena_floats(arena, count);
    scratch->group = arena_floats(arena, count);
    scratch->wide = arena_floats(arena, (side + 1) * (side + 1));
    scratch->phases = arena_floats(arena, PHASES * (side / 2 + 1) * (side / 2 + 1));
    scratch->rgb = arena_floats(arena, 3 * count);
    scratch->rgb_up = arena_floats(arena, 3 * count);
}

Err gan_scratch_new(GanScratch *scratch, const GanNetwork *network) {
    Arena measure = {0};
    *scratch = (GanScratch){0};
    scratch_layout(scratch, network, &measure);
    TRY(arena_alloc(&scratch->arena, measure.used, "maps of a texture generator"));
    scratch_layout(scratch, network, &scratch->arena);
    return ERR_NONE;
}

void gan_scratch_free(GanScratch *scratch) {
    arena_free(&scratch->arena);
    *scratch = (GanScratch){0};
}

/* ---- layers ---- */

/* What a layer reads: the constant, or the layer before with its map F. */
typedef struct {
    const float *constant; /* (channels, 16), or NULL */
    const GanLayerSample *layer;
    const float *map;
    int channels, side;
} Input;

/* The sum over the inputs that wavelet k filters, each times its style: what is convolved once for all of them. */
static void sum_group(float *group, const Input *input, const Terms *terms, const float *styles, const int *wavelet,
                      int k) {
    int count = input->side * input->side;
    memset(group, 0, (size_t)count * sizeof *group);
    if (!input->constant) {
        terms_add(group, terms, k, input->map, input->layer->noise, count);
        return;
    }
    for (int i = 0; i < input->channels; i++)
        for (int p = 0; p < count && wavelet[i] == k; p++) group[p] += styles[i] * input->constant[i * count + p];
}

/* 1 / sqrt(sum over inputs of s_i^2 |wavelet|^2): the norm every filter is divided by. */
static float demodulation(const GanNetwork *network, const float *styles, const int *wavelet, int channels) {
    double sum = 0;
    for (int i = 0; i < channels; i++)
        for (int tap = 0; tap < WAVELET_TAPS; tap++) {
            double weight = (double)(styles[i] * wavelet_tap(network->kind, wavelet[i], tap));
            sum += weight * weight;
        }
    return (float)(1 / sqrt(sum));
}

static void run_layer(float *out, const GanNetwork *network, const GanSample *sample, int l, const Input *input,
                      const float *latent, GanScratch *scratch) {
    const GanLayer *layer = &network->layers[l];
    const int *wavelet = sample->layers[l].wavelet;
    float styles[GAN_LATENT], *sum = layer->up ? scratch->phases : out;
    Terms terms;
    ptrdiff_t count = layer->up ? PHASES * phase_size(input->side) : (ptrdiff_t)layer->side * layer->side;
    /* 1. the styles of this layer's inputs */
    gan_styles(styles, network->style[l], latent, layer->in);
    if (!input->constant) terms_list(&terms, input->layer, layer->in, styles, wavelet);
    memset(sum, 0, (size_t)count * sizeof *sum);
    /* 2. for each wavelet: the weighted sum of its inputs, convolved */
    for (int k = 0; k < WAVELET_COUNT; k++) {
        float taps[WAVELET_TAPS];
        for (int tap = 0; tap < WAVELET_TAPS; tap++) taps[tap] = wavelet_tap(network->kind, k, tap);
        sum_group(scratch->group, input, &terms, styles, wavelet, k);
        if (layer->up)
            add_spread(sum, scratch->group, input->side, taps);
        else
            add_convolved(sum, scratch->group, input->side, taps);
    }
    /* 3. the common norm of all filters, applied once to the sum */
    float scale = demodulation(network, styles, wavelet, layer->in);
    if (layer->up) {
        phases_join(scratch->wide, sum, input->side, scale);
        gan_filter(out, scratch->wide, 2 * input->side + 1, 1);
    } else {
        for (ptrdiff_t p = 0; p < count; p++) sum[p] *= scale;
    }
}

/* rgb += the block's 1 x 1 convolution, without demodulation. */
static void add_rgb(float *rgb, const GanNetwork *network, const GanSample *sample, int block, const Input *input,
                    const float *latent) {
    float styles[GAN_LATENT], weights[GAN_LATENT];
    Terms terms;
    int count = input->side * input->side;
    float scale = 1 / sqrtf((float)input->channels);
    gan_styles(styles, network->rgb_style[block], latent, input->channels);
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < input->channels; i++)
            weights[i] = styles[i] * scale * sample->rgb[block][c * input->channels + i];
        terms_list(&terms, input->layer, input->channels, weights, NULL);
        terms_add(rgb + c * count, &terms, 0, input->map, input->layer->noise, count);
    }
}

/* The picture so far at twice the side; the two buffers change places. */
static void upsample_rgb(GanScratch *scratch, int side) {
    int small = side / 2;
    for (int c = 0; c < 3; c++)
        gan_upsample(scratch->rgb_up + c * side * side, scratch->rgb + c * small * small, small, scratch->wide);
    float *swapped = scratch->rgb;
    scratch->rgb = scratch->rgb_up;
    scratch->rgb_up = swapped;
}

void gan_render(float *rgb, const GanNetwork *network, const GanSample *sample, const float *latents,
                GanScratch *scratch) {
    Input input = {.constant = network->constant, .channels = network->layers[0].in, .side = 4};
    memset(scratch->rgb, 0, 3 * 16 * sizeof *scratch->rgb); /* the picture of the 4 x 4 block begins at zero */
    for (int l = 0; l < network->n_layers; l++) {
        const GanLayer *layer = &network->layers[l];
        run_layer(scratch->next, network, sample, l, &input, latents + (ptrdiff_t)l * GAN_LATENT, scratch);
        /* the map just made is the next layer's input */
        float *swapped = scratch->map;
        scratch->map = scratch->next;
        scratch->next = swapped;
        input = (Input){.layer = &sample->layers[l], .map = scratch->map, .channels = layer->out, .side = layer->side};
        if (layer->up) continue; /* a block ends with a layer that does not upsample */
        if (l > 0) upsample_rgb(scratch, layer->side);
        add_rgb(scratch->rgb, network, sample, l / 2, &input, latents + (ptrdiff_t)(l + 1) * GAN_LATENT);
    }
    memcpy(rgb, scratch->rgb, 3 * (size_t)network->size.side * (size_t)network->size.side * sizeof *rgb);
}
