#include "gen/texture_gan.h"
#include "gen/texture_stat.h"
#include "gen/textures.h"

#include <stdio.h>
#include <stdlib.h>

/* The first failure of several threads; its message is carried to the thread that goes on. */
typedef struct {
    Err err;
    char message[512];
} FirstError;

static void keep_first(FirstError *first, Err err) {
    if (!err) return;
#pragma omp critical(textures_first_error)
    if (!first->err) {
        first->err = err;
        snprintf(first->message, sizeof first->message, "%s", err_message());
    }
}

static Err tell_first(const FirstError *first) {
    if (first->err) err_adopt(first->err, first->message);
    return first->err;
}

/* ---- StyleGAN ---- */

static Err render_gan_image(uint8_t *pixels, const GanNetwork *network, uint64_t seed, int image, float *latents,
                            float *rgb, GanScratch *scratch) {
    const GanWalk still = {0};
    GanSample sample;
    TRY(gan_sample_new(&sample, network, seed, (uint64_t)image));
    gan_latents_begin(latents, network, &still, seed, (uint64_t)image);
    gan_render(rgb, network, &sample, latents, scratch);
    GanColors colors = gan_colors(rgb, network->size.side);
    gan_to_pixels(pixels, rgb, network->size.side, &colors, &sample);
    gan_sample_free(&sample);
    return ERR_NONE;
}

/* Images of one network, side by side. */
static Err render_gan_network(uint8_t *pixels, const GanNetwork *network, uint64_t seed, int first, int count,
                              int threads) {
    FirstError failed = {0};
    size_t bytes = (size_t)network->size.side * (size_t)network->size.side * 3;
#pragma omp parallel num_threads(threads)
    {
        GanScratch scratch = {0};
        float *latents = malloc((size_t)(network->n_layers + 1) * GAN_LATENT * sizeof *latents);
        float *rgb = malloc(bytes * sizeof *rgb);
        Err ready = latents && rgb ? gan_scratch_new(&scratch, network)
                                   : RAISE(ERR_MEMORY, "buffers of a texture thread: out of memory");
        keep_first(&failed, ready);
#pragma omp for schedule(dynamic, 1)
        for (int i = 0; i < count; i++)
            if (!ready)
                keep_first(&failed, render_gan_image(pixels + (size_t)i * bytes, network, seed, first + i, latents, rgb,
                                                     &scratch));
        gan_scratch_free(&scratch);
        free(rgb);
        free(latents);
    }
    return tell_first(&failed);
}

static Err render_gan(uint8_t *pixels, GanKind kind, int size, uint64_t seed, int first, int count, int threads) {
    for (int done = 0; done < count;) {
        int number = (first + done) / GAN_NETWORK_IMAGES,
            left = GAN_NETWORK_IMAGES - (first + done) % GAN_NETWORK_IMAGES;
        int now = left < count - done ? left : count - done;
        GanNetwork network;
        TRY(gan_network_new(&network, kind, gan_size(size), seed, (uint64_t)number));
        Err err = render_gan_network(pixels + (size_t)done * (size_t)size * (size_t)size * 3, &network, seed,
                                     first + done, now, threads);
        gan_network_free(&network);
        if (err) return err;
        done += now;
    }
    return ERR_NONE;
}

/* ---- statistical ---- */

static Err render_statistical(uint8_t *pixels, const TexturesConfig *config, uint64_t seed, int first, int count,
                              int threads) {
    FirstError failed = {0};
    size_t bytes = (size_t)config->size * (size_t)config->size * 3;
#pragma omp parallel num_threads(threads)
    {
        StatScratch scratch = {0};
        Err ready = stat_scratch_new(&scratch, config->size, (StatGain)config->gain);
        keep_first(&failed, ready);
#pragma omp for schedule(dynamic, 1)
        for (int i = 0; i < count; i++)
            if (!ready)
                keep_first(&failed, stat_render(pixels + (size_t)i * bytes, seed, (uint64_t)(first + i), &scratch));
        stat_scratch_free(&scratch);
    }
    return tell_first(&failed);
}

Err textures_render(uint8_t *pixels, const TexturesConfig *config, uint64_t seed, int first, int count, int threads) {
    switch ((TextureKind)config->kind) {
    case TEXTURE_STATISTICAL: return render_statistical(pixels, config, seed, first, count, threads);
    case TEXTURE_STYLEGAN_ORIENTED: return render_gan(pixels, GAN_ORIENTED, config->size, seed, first, count, threads);
    case TEXTURE_STYLEGAN_HIGH_FREQUENCY: break;
    }
    return render_gan(pixels, GAN_HIGH_FREQUENCY, config->size, seed, first, count, threads);
}
