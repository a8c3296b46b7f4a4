/* Images that share a network are made side by side, an image a thread; between networks all threads draw the next one
 * together. So nothing is locked while images are made, and a thread holds one image's buffers, whatever the pool. */
#include "gen/textures/textures.h"

#include "base/failure/shared_err.h"
#include "gen/textures/texture_gan.h"
#include "gen/textures/texture_stat.h"

#include <omp.h>
#include <stdlib.h>

/* What one thread works with; of one kind or the other. */
typedef struct {
    StatScratch stat;
    GanScratch gan;
    GanSample sample;
    float *latents, *rgb;
} Bench;

struct TextureMaker {
    TexturesConfig config;
    uint64_t seed;
    int threads;
    GanNetwork network; /* StyleGAN only */
    int number;         /* of the network; -1: none drawn yet */
    Bench *benches;     /* one for each thread */
};

static bool is_gan(const TextureMaker *maker) {
    return maker->config.kind != TEXTURE_STATISTICAL;
}

static Err bench_new(Bench *bench, const TextureMaker *maker) {
    size_t values = 3 * (size_t)maker->config.size * (size_t)maker->config.size;
    if (!is_gan(maker)) return stat_scratch_new(&bench->stat, maker->config.size, (StatGain)maker->config.gain);
    TRY(gan_scratch_new(&bench->gan, &maker->network));
    TRY(gan_sample_new(&bench->sample, &maker->network));
    bench->latents = malloc((size_t)(maker->network.n_layers + 1) * GAN_LATENT * sizeof *bench->latents);
    bench->rgb = malloc(values * sizeof *bench->rgb);
    if (!bench->latents || !bench->rgb) return RAISE(ERR_MEMORY, "buffers of a texture thread: out of memory");
    return ERR_NONE;
}

static void bench_free(Bench *bench) {
    stat_scratch_free(&bench->stat);
    gan_scratch_free(&bench->gan);
    gan_sample_free(&bench->sample);
    free(bench->latents);
    free(bench->rgb);
}

Err texture_maker_new(TextureMaker **maker, const TexturesConfig *config, uint64_t seed, int threads) {
    TextureMaker *made = calloc(1, sizeof *made);
    *maker = made;
    Err err = ERR_NONE;
    if (made) *made = (TextureMaker){.config = *config, .seed = seed, .threads = threads, .number = -1};
    if (made) made->benches = calloc((size_t)threads, sizeof *made->benches);
    if (!made || !made->benches) err = RAISE(ERR_MEMORY, "a maker of textures: out of memory");
    if (!err && is_gan(made))
        err = gan_network_new(&made->network,
                              config->kind == TEXTURE_STYLEGAN_ORIENTED ? GAN_ORIENTED : GAN_HIGH_FREQUENCY,
                              gan_size(config->size));
    for (int t = 0; t < threads && !err; t++) err = bench_new(&made->benches[t], made);
    if (err) texture_maker_free(maker);
    return err;
}

void texture_maker_free(TextureMaker **maker) {
    if (!*maker) return;
    for (int t = 0; t < (*maker)->threads && (*maker)->benches; t++) bench_free(&(*maker)->benches[t]);
    gan_network_free(&(*maker)->network);
    free((*maker)->benches);
    free(*maker);
    *maker = NULL;
}

/* The whole of one image, by the number alone. */
static Err render_image(uint8_t *pixels, const TextureMaker *maker, Bench *bench, int image) {
    const GanWalk still = {0};
    const GanNetwork *network = &maker->network;
    uint64_t item = (uint64_t)image;
    if (!is_gan(maker)) return stat_render(pixels, maker->seed, item, &bench->stat);
    gan_sample_draw(&bench->sample, network, maker->seed, item);
    gan_latents_begin(bench->latents, network, &still, maker->seed, item);
    gan_render(bench->rgb, network, &bench->sample, bench->latents, &bench->gan);
    GanColors colors = gan_colors(bench->rgb, maker->config.size);
    gan_to_pixels(pixels, bench->rgb, maker->config.size, &colors, &bench->sample);
    return ERR_NONE;
}

/* Images that share a network, side by side. */
static Err render_together(TextureMaker *maker, uint8_t *pixels, int first, int count) {
    size_t bytes = (size_t)maker->config.size * (size_t)maker->config.size * 3;
    SharedErr failure = SHARED_ERR_INIT;
#pragma omp parallel for num_threads(maker->threads) schedule(dynamic, 1)
    for (int i = 0; i < count; i++)
        shared_err_note(
            &failure, render_image(pixels + (size_t)i * bytes, maker, &maker->benches[omp_get_thread_num()], first + i),
            i);
    return shared_err_adopt(&failure);
}

Err texture_maker_render(TextureMaker *maker, uint8_t *pixels, int first, int count) {
    size_t bytes = (size_t)maker->config.size * (size_t)maker->config.size * 3;
    if (!is_gan(maker)) return render_together(maker, pixels, first, count);
    for (int done = 0; done < count;) {
        int image = first + done, number = image / GAN_NETWORK_IMAGES;
        /* up to the last image of this network */
        int left = GAN_NETWORK_IMAGES - image % GAN_NETWORK_IMAGES, now = left < count - done ? left : count - done;
        if (maker->number != number) gan_network_draw(&maker->network, maker->seed, (uint64_t)number, maker->threads);
        maker->number = number;
        TRY(render_together(maker, pixels + (size_t)done * bytes, image, now));
        done += now;
    }
    return ERR_NONE;
}
