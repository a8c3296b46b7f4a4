#include "gen/texture_gan.h"

#include <math.h>
#include <string.h>

/* One term of a sum over channels: weight * relu(sign * F + noise + bias). Channels with equal sign, bias and target
 * are one term, which shrinks the high-frequency set, without biases, to two terms a target. */
typedef struct {
    float sign, bias, weight;
    int target; /* wavelet */
} Term;

static void scratch_layout(GanScratch *scratch, const GanNetwork *network, Arena *arena) {
    size_t side = (size_t)network->size.side, count = side * side;
    scratch->map = arena_floats(arena, count);
    scratch->next = arena_floats(arena, count);
    scratch->group = arena_floats(arena, count);
    scratch->wide = arena_floats(arena, (side + 1) * (side + 1));
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

/* ---- sums over channels ---- */

/* The outputs of `layer` seen by its reader: x_o = sqrt(2) relu(sign F + noise + bias), times the reader's weights. */
static int list_terms(Term *terms, const GanLayerSample *layer, int channels, const float *weights,
                      const int *targets) {
    int n = 0;
    for (int o = 0; o < channels; o++) {
        int target = targets ? targets[o] : 0, same = -1;
        for (int i = 0; i < n && layer->bias[o] == 0 && same < 0; i++)
            if (terms[i].target == target && terms[i].sign == layer->sign[o] && terms[i].bias == 0) same = i;
        if (same >= 0)
            terms[same].weight += weights[o] * sqrtf(2);
        else
            terms[n++] = (Term){layer->sign[o], layer->bias[o], weights[o] * sqrtf(2), target};
    }
    return n;
}

static void add_term(float *restrict sum, const Term *term, const float *restrict map, const float *restrict noise,
                     int count) {
    float sign = term->sign, bias = term->bias, weight = term->weight;
    for (int p = 0; p < count; p++) {
        float value = sign * map[p] + noise[p] + bias;
        sum[p] += weight * (value > 0 ? value : 0);
    }
}

/* ---- convolutions of one map ---- */

/* out += the correlation of `in` with nine taps, zero padding. */
static void add_convolved(float *restrict out, const float *restrict in, int side, const float taps[WAVELET_TAPS]) {
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            float tap = taps[(j + 1) * 3 + i + 1];
            int x0 = i < 0 ? 1 : 0, x1 = i > 0 ? side - 1 : side;
            if (tap == 0) continue;
            for (int y = j < 0 ? 1 : 0; y < (j > 0 ? side - 1 : side); y++) {
                const float *from = in + (ptrdiff_t)(y + j) * side + i;
                float *to = out + (ptrdiff_t)y * side;
                for (int x = x0; x < x1; x++) to[x] += tap * from[x];
            }
        }
}

/* out (2 side + 1)^2 += the transposed convolution of stride 2. */
static void add_spread(float *restrict out, const float *restrict in, int side, const float taps[WAVELET_TAPS]) {
    int wide = 2 * side + 1;
    for (int j = 0; j < 3; j++)
        for (int i = 0; i < 3; i++) {
            float tap = taps[j * 3 + i];
            if (tap == 0) continue;
            for (int y = 0; y < side; y++) {
                const float *from = in + (ptrdiff_t)y * side;
                float *to = out + (ptrdiff_t)(2 * y + j) * wide + i;
                for (int x = 0; x < side; x++) to[2 * x] += tap * from[x];
            }
        }
}

/* ---- layers ---- */

/* What a layer reads: the constant, or the layer before with its map F. */
typedef struct {
    const float *constant; /* (channels, 16), or NULL */
    const GanLayerSample *layer;
    const float *map;
    int channels, side;
} Input;

static void sum_group(float *group, const Input *input, const Term *terms, int n_terms, const float *styles,
                      const int *wavelet, int k) {
    int count = input->side * input->side;
    memset(group, 0, (size_t)count * sizeof *group);
    if (input->constant) {
        for (int i = 0; i < input->channels; i++)
            for (int p = 0; p < count && wavelet[i] == k; p++) group[p] += styles[i] * input->constant[i * count + p];
        return;
    }
    for (int i = 0; i < n_terms; i++)
        if (terms[i].target == k) add_term(group, &terms[i], input->map, input->layer->noise, count);
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
    float styles[GAN_LATENT];
    Term terms[GAN_LATENT];
    int wide = 2 * input->side + 1, n_terms = 0;
    float *sum = layer->up ? scratch->wide : out;
    size_t count = (size_t)(layer->up ? wide * wide : layer->side * layer->side);
    gan_styles(styles, network->style[l], latent, layer->in);
    if (!input->constant) n_terms = list_terms(terms, input->layer, layer->in, styles, wavelet);
    memset(sum, 0, count * sizeof *sum);
    for (int k = 0; k < WAVELET_COUNT; k++) {
        float taps[WAVELET_TAPS];
        for (int tap = 0; tap < WAVELET_TAPS; tap++) taps[tap] = wavelet_tap(network->kind, k, tap);
        sum_group(scratch->group, input, terms, n_terms, styles, wavelet, k);
        if (layer->up)
            add_spread(sum, scratch->group, input->side, taps);
        else
            add_convolved(sum, scratch->group, input->side, taps);
    }
    float scale = demodulation(network, styles, wavelet, layer->in);
    for (size_t p = 0; p < count; p++) sum[p] *= scale;
    if (layer->up) gan_filter(out, sum, wide, 1);
}

/* rgb += the block's 1 x 1 convolution, without demodulation. */
static void add_rgb(float *rgb, const GanNetwork *network, const GanSample *sample, int block, const Input *input,
                    const float *latent) {
    float styles[GAN_LATENT], weights[GAN_LATENT];
    Term terms[GAN_LATENT];
    int count = input->side * input->side;
    float scale = 1 / sqrtf((float)input->channels);
    gan_styles(styles, network->rgb_style[block], latent, input->channels);
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < input->channels; i++)
            weights[i] = styles[i] * scale * sample->rgb[block][c * input->channels + i];
        int n_terms = list_terms(terms, input->layer, input->channels, weights, NULL);
        for (int i = 0; i < n_terms; i++) add_term(rgb + c * count, &terms[i], input->map, input->layer->noise, count);
    }
}

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
    memset(scratch->rgb, 0, 3 * 16 * sizeof *scratch->rgb);
    for (int l = 0; l < network->n_layers; l++) {
        const GanLayer *layer = &network->layers[l];
        run_layer(scratch->next, network, sample, l, &input, latents + (ptrdiff_t)l * GAN_LATENT, scratch);
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
