/* An untrained StyleGAN2 whose 3 x 3 filters are wavelets, so that the network collapses: every output channel of a
 * layer is the same map up to sign, bias and noise (gen/textures/texture_gan.h has the algebra). What is kept of a
 * layer is therefore one number a channel in place of a filter bank; texture_gan_render.c computes with that,
 * texture_gan_ref.c with whole filters.
 *
 * Every list of draws has a stream of its own, numbered by PART_ plus layer or block, so pictures can be drawn in any
 * order and in parallel. */
#include "gen/textures/texture_gan.h"

#include "math/rng.h"

#include <math.h>
#include <string.h>

/* Random streams of one image or network; layers and blocks count up from these. */
enum {
    PART_LATENT = 0,
    PART_LAYER = 64,
    PART_RGB = 128,
    PART_COLOR = 192,
    PART_NOISE = 200,
    PART_STYLE = 256,
    PART_RGB_STYLE = 320,
    PART_CONSTANT = 384,
    PART_LATENT_STEP = 1024
};

GanSize gan_size(int side) {
    return (GanSize){side, 32768, 512};
}

/* ---- the network ---- */

/* StyleGAN2's at 256 x 256: 512 up to a side of 64, then 256 and 128. */
static int channels_at(const GanSize *size, int side) {
    int channels = size->channels_base / side;
    return channels < size->channels_max ? channels : size->channels_max;
}

static void list_layers(GanNetwork *network) {
    const GanSize *size = &network->size;
    network->n_layers = network->n_blocks = 0;
    /* a layer that doubles the side, then one that keeps it; the first block has only the latter */
    for (int side = 4; side <= size->side; side *= 2, network->n_blocks++) {
        int channels = channels_at(size, side);
        if (side > 4)
            network->layers[network->n_layers++] = (GanLayer){channels_at(size, side / 2), channels, side, true};
        network->layers[network->n_layers++] = (GanLayer){channels, channels, side, false};
    }
}

/* Layer after which block b adds its RGB. */
static int last_layer_of(int block) {
    return 2 * block;
}

static void network_layout(GanNetwork *network, Arena *arena) {
    for (int l = 0; l < network->n_layers; l++)
        network->style[l] = arena_floats(arena, (size_t)GAN_LATENT * (size_t)network->layers[l].in);
    for (int b = 0; b < network->n_blocks; b++)
        network->rgb_style[b] = arena_floats(arena, (size_t)GAN_LATENT * (size_t)network->layers[last_layer_of(b)].out);
    network->constant = arena_floats(arena, (size_t)network->layers[0].in * 16);
}

static void draw_normals(float *values, size_t count, Rng rng) {
    for (size_t i = 0; i < count; i++) values[i] = rng_normal(&rng);
}

Err gan_network_new(GanNetwork *network, GanKind kind, GanSize size) {
    Arena measure = {0};
    *network = (GanNetwork){.kind = kind, .size = size};
    list_layers(network);
    network_layout(network, &measure);
    TRY(arena_alloc(&network->arena, measure.used, "style matrices of a texture generator"));
    network_layout(network, &network->arena);
    return ERR_NONE;
}

void gan_network_draw(GanNetwork *network, uint64_t seed, uint64_t number, int threads) {
    /* streams of networks apart from those of images: bit 55 is never set in the number of an image */
    uint64_t item = number | (uint64_t)1 << 55;
    int n_layers = network->n_layers, n_matrices = n_layers + network->n_blocks;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
    for (int m = 0; m < n_matrices; m++) {
        /* a list of all matrices, since they differ much in size: whoever is free takes the next */
        int l = m < n_layers ? m : 0, b = m < n_layers ? 0 : m - n_layers;
        if (m < n_layers)
            draw_normals(network->style[l], (size_t)GAN_LATENT * (size_t)network->layers[l].in,
                         rng_stream(seed, RNG_TEXTURE_GAN, item, (uint32_t)(PART_STYLE + l)));
        else
            draw_normals(network->rgb_style[b], (size_t)GAN_LATENT * (size_t)network->layers[last_layer_of(b)].out,
                         rng_stream(seed, RNG_TEXTURE_GAN, item, (uint32_t)(PART_RGB_STYLE + b)));
    }
    draw_normals(network->constant, (size_t)network->layers[0].in * 16,
                 rng_stream(seed, RNG_TEXTURE_GAN, item, PART_CONSTANT));
}

void gan_network_free(GanNetwork *network) {
    arena_free(&network->arena);
    *network = (GanNetwork){0};
}

/* ---- one image's draws ---- */

static void sample_layout(GanSample *sample, const GanNetwork *network, Arena *arena) {
    for (int l = 0; l < network->n_layers; l++) {
        const GanLayer *layer = &network->layers[l];
        GanLayerSample *own = &sample->layers[l];
        own->wavelet = arena_take(arena, (size_t)layer->in * sizeof *own->wavelet);
        own->sign = arena_floats(arena, (size_t)layer->out);
        own->bias = arena_floats(arena, (size_t)layer->out);
        own->noise = arena_floats(arena, (size_t)layer->side * (size_t)layer->side);
    }
    for (int b = 0; b < network->n_blocks; b++)
        sample->rgb[b] = arena_floats(arena, 3 * (size_t)network->layers[last_layer_of(b)].out);
    size_t shared = network->kind == GAN_ORIENTED ? 2 * (size_t)network->size.side : 0;
    sample->shared_noise = arena_floats(arena, shared * shared);
}

/* Oriented: a random subset of 5 to 40 of the wavelets, then any of those for each input; high-frequency: any. */
static void draw_wavelets(int *wavelet, int count, GanKind kind, Rng *rng) {
    /* a prefix of a random order is a random subset */
    uint32_t order[WAVELET_COUNT];
    int usable = kind == GAN_ORIENTED ? rng_between(rng, 5, WAVELET_COUNT) : WAVELET_COUNT;
    rng_permutation(rng, order, WAVELET_COUNT);
    for (int i = 0; i < count; i++) wavelet[i] = (int)order[rng_below(rng, (uint32_t)usable)];
}

static void draw_layer(GanLayerSample *own, const GanLayer *layer, GanKind kind, Rng *rng) {
    draw_wavelets(own->wavelet, layer->in, kind, rng);
    for (int o = 0; o < layer->out; o++) {
        own->sign[o] = rng_normal(rng) < 0 ? -1 : 1; /* of the gain */
        own->bias[o] = kind == GAN_ORIENTED ? rng_uniform(rng, -0.2f, 0.2f)
                                            : 0; /* "sparse_new" with bias 0.2; the older set has none */
    }
}

static void scale_noise(float *noise, int side, float strength) {
    for (int i = 0; i < side * side; i++) noise[i] *= strength;
}

/* Block of a layer: sides double from 4. */
static int block_of(int layer) {
    return (layer + 1) / 2;
}

/* Oriented: one patchy map of twice the side for all layers; high-frequency: a map of its own for each. */
static void draw_noise(GanSample *sample, const GanNetwork *network, uint64_t seed, uint64_t image) {
    int full = 2 * network->size.side;
    Rng rng = rng_stream(seed, RNG_TEXTURE_GAN, image, PART_NOISE);
    if (network->kind == GAN_ORIENTED) noise_pink(sample->shared_noise, &sample->noise[0], &rng);
    for (int l = 0; l < network->n_layers; l++) {
        int side = network->layers[l].side;
        float *noise = sample->layers[l].noise;
        if (network->kind == GAN_ORIENTED)
            /* averages, so that a layer's map is what the eye sees of the large one at its side */
            noise_shrink(noise, sample->shared_noise, full, full / side);
        else
            noise_pink(noise, &sample->noise[block_of(l)], &rng);
        scale_noise(noise, side, rng_uniform(&rng, 0, 0.3f)); /* a strength a layer and image */
    }
}

/* Statistics of natural images: red, green, blue. */
void gan_sample_colors(GanSample *sample, uint64_t seed, uint64_t image) {
    /* {mean, deviation} of the draws */
    static const float mean[3][2] = {{0.483f, 0.145f}, {0.455f, 0.142f}, {0.401f, 0.161f}};
    static const float deviation[3][2] = {{0.219f, 0.063f}, {0.213f, 0.062f}, {0.213f, 0.069f}};
    Rng rng = rng_stream(seed, RNG_TEXTURE_GAN, image, PART_COLOR);
    for (int c = 0; c < 3; c++) {
        sample->mean[c] = mean[c][0] + mean[c][1] * rng_normal(&rng);
        sample->deviation[c] = deviation[c][0] + deviation[c][1] * rng_normal(&rng);
    }
}

Err gan_sample_new(GanSample *sample, const GanNetwork *network) {
    Arena measure = {0};
    *sample = (GanSample){0};
    sample_layout(sample, network, &measure);
    TRY(arena_alloc(&sample->arena, measure.used, "the draws of a texture"));
    sample_layout(sample, network, &sample->arena);
    bool oriented = network->kind == GAN_ORIENTED;
    Err err = ERR_NONE;
    for (int b = 0; b < (oriented ? 1 : network->n_blocks) && !err; b++)
        err = noise_maker_new(&sample->noise[b], oriented ? 2 * network->size.side : 4 << b, oriented);
    if (err) gan_sample_free(sample);
    return err;
}

void gan_sample_draw(GanSample *sample, const GanNetwork *network, uint64_t seed, uint64_t image) {
    for (int l = 0; l < network->n_layers; l++) {
        Rng rng = rng_stream(seed, RNG_TEXTURE_GAN, image, (uint32_t)(PART_LAYER + l));
        draw_layer(&sample->layers[l], &network->layers[l], network->kind, &rng);
    }
    for (int b = 0; b < network->n_blocks; b++)
        draw_normals(sample->rgb[b], 3 * (size_t)network->layers[last_layer_of(b)].out,
                     rng_stream(seed, RNG_TEXTURE_GAN, image, (uint32_t)(PART_RGB + b)));
    gan_sample_colors(sample, seed, image);
    draw_noise(sample, network, seed, image);
}

void gan_sample_free(GanSample *sample) {
    for (int b = 0; b < GAN_BLOCKS_MAX; b++) noise_maker_free(&sample->noise[b]);
    arena_free(&sample->arena);
    *sample = (GanSample){0};
}

/* ---- latents ---- */

/* One frame on. Each step has a stream of its own, so frame t is the same wherever the walk was entered. */
static void step_latent(float *latent, const GanWalk *walk, Rng rng) {
    float keep = walk->renormalize ? (float)sqrt(1 - walk->sigma * walk->sigma) : 1;
    /* keep^2 + sigma^2 = 1 leaves the latent's variance at 1 for any number of steps */
    for (int i = 0; i < GAN_LATENT; i++) latent[i] = keep * latent[i] + (float)walk->sigma * rng_normal(&rng);
}

/* With one vector for all layers the first is drawn and the others repeat it. */
static int n_drawn(const GanNetwork *network, const GanWalk *walk) {
    return walk->shared ? 1 : network->n_layers + 1;
}

static void repeat_shared(float *latents, const GanNetwork *network, const GanWalk *walk) {
    for (int j = n_drawn(network, walk); j <= network->n_layers; j++)
        memcpy(latents + (size_t)j * GAN_LATENT, latents, GAN_LATENT * sizeof *latents);
}

void gan_latents_begin(float *latents, const GanNetwork *network, const GanWalk *walk, uint64_t seed, uint64_t image) {
    for (int j = 0; j < n_drawn(network, walk); j++)
        draw_normals(latents + (size_t)j * GAN_LATENT, GAN_LATENT,
                     rng_stream(seed, RNG_TEXTURE_GAN, image, (uint32_t)(PART_LATENT + j)));
    repeat_shared(latents, network, walk);
}

void gan_latents_step(float *latents, const GanNetwork *network, const GanWalk *walk, uint64_t seed, uint64_t image,
                      int t) {
    for (int j = 0; j < n_drawn(network, walk); j++)
        step_latent(latents + (size_t)j * GAN_LATENT, walk,
                    rng_stream(seed, RNG_TEXTURE_GAN, image, (uint32_t)(PART_LATENT_STEP * t + j)));
    repeat_shared(latents, network, walk);
}

/* ---- pieces ---- */

/* s = 1 + A w / sqrt(512), w = LeakyReLU(xi): mean 1, deviation 0.72. No mapping network: each layer has a latent of
 * its own. */
void gan_styles(float *styles, const float *matrix, const float *latent, int channels) {
    const float scale = 1 / sqrtf(GAN_LATENT);
    for (int i = 0; i < channels; i++) styles[i] = 1;
    for (int j = 0; j < GAN_LATENT; j += 4) {
        const float *rows = matrix + (size_t)j * (size_t)channels;
        float w[4];
        for (int r = 0; r < 4; r++) w[r] = (latent[j + r] < 0 ? 0.2f * latent[j + r] : latent[j + r]) * scale;
        /* four products a load of styles[i]; the order of the sums is that of the reference */
        for (int i = 0; i < channels; i++)
            for (int r = 0; r < 4; r++) styles[i] += w[r] * rows[r * channels + i];
    }
}

/* Textures end at a side of 1024, whose last filter runs over 2 * 512 + 1. */
enum { FILTER_SIDE_MAX = 2048 };
static const float filter_taps[4] = {0.25f, 0.75f, 0.75f, 0.25f}; /* gain 4 in all: 2 in each direction */

/* Rows first, into a line with zeros at both ends, then along it. */
void gan_filter(float *out, const float *in, int in_side, int pad) {
    float line[FILTER_SIDE_MAX + 16];
    int side = in_side + 2 * pad - 3;
    ASSERT(in_side + 2 * pad <= FILTER_SIDE_MAX);
    memset(line, 0, sizeof line);
    for (int y = 0; y < side; y++) {
        float *middle = line + pad, *to = out + (ptrdiff_t)y * side;
        memset(middle, 0, (size_t)in_side * sizeof *line);
        for (int j = 0; j < 4; j++) {
            int row = y - pad + j;
            if (row < 0 || row >= in_side) continue;
            const float *from = in + (ptrdiff_t)row * in_side;
            for (int x = 0; x < in_side; x++) middle[x] += filter_taps[j] * from[x];
        }
        for (int x = 0; x < side; x++)
            to[x] = filter_taps[0] * (line[x] + line[x + 3]) + filter_taps[1] * (line[x + 1] + line[x + 2]);
    }
}

/* Twice the side by zeros between pixels and the filter, which keeps the mean: its gain 4 makes up for three zeros of
 * four. */
void gan_upsample(float *out, const float *in, int side, float *wide) {
    int wide_side = 2 * side + 1; /* a pixel at every odd place, as padding (2, 1) around 2 side */
    memset(wide, 0, (size_t)wide_side * (size_t)wide_side * sizeof *wide);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            wide[(size_t)(2 * y + 1) * (size_t)wide_side + (size_t)(2 * x + 1)] =
                in[(size_t)y * (size_t)side + (size_t)x];
    gan_filter(out, wide, wide_side, 1);
}

/* In two passes and in doubles: a map of 2^16 values whose mean is far from 0 has no digits to lose. */
GanColors gan_colors(const float *rgb, int side) {
    GanColors colors;
    size_t count = (size_t)side * (size_t)side;
    for (int c = 0; c < 3; c++) {
        const float *plane = rgb + (size_t)c * count;
        double sum = 0, squares = 0;
        for (size_t i = 0; i < count; i++) sum += (double)plane[i];
        double mean = sum / (double)count;
        for (size_t i = 0; i < count; i++) squares += ((double)plane[i] - mean) * ((double)plane[i] - mean);
        colors.mean[c] = (float)mean;
        colors.deviation[c] = (float)sqrt(squares / (double)count);
    }
    return colors;
}

void gan_to_pixels(uint8_t *pixels, const float *rgb, int side, const GanColors *colors, const GanSample *sample) {
    size_t count = (size_t)side * (size_t)side;
    for (int c = 0; c < 3; c++) {
        float scale = sample->deviation[c] / fmaxf(colors->deviation[c], 1e-12f);
        for (size_t i = 0; i < count; i++) {
            float value = (rgb[(size_t)c * count + i] - colors->mean[c]) * scale + sample->mean[c];
            pixels[3 * i + (size_t)c] =
                (uint8_t)(fminf(fmaxf(value, 0), 1) * 255); /* cut, then truncated, as the published program */
        }
    }
}
