/* Whole texture videos as samples, without objects: the rows that ask how much the objects matter, and the pools that
 * crops of moving textures come from. One StyleGAN sample a video, whose latents walk (paper, section 5.2; the step and
 * what is kept are ours, see gen/textures/texture_gan.h). */
#include "gen/dataset/generator.h"
#include "gen/textures/texture_gan.h"
#include "gen/variant/variant_config.h"
#include "math/rng.h"

#include <stdlib.h>
#include <string.h>

static GanKind kind_of(const Variant *variant) {
    return variant->texture.kind == TEXTURE_WALK_ORIENTED ? GAN_ORIENTED : GAN_HIGH_FREQUENCY;
}

static GanWalk walk_of(const Variant *variant) {
    return (GanWalk){variant->texture.sigma, variant->texture.renormalize, variant->texture.shared_z};
}

static Err texture_video_open(Generator *generator) {
    const Variant *variant = generator->setup.variant;
    int size = variant->size;
    if ((size & (size - 1)) != 0 || size > 1024)
        return RAISE(ERR_USAGE, "%s: size: %d, texture videos need a power of two up to 1024", variant->name, size);
    generator->columns[0] = (LatentColumn){.name = "color_mean",
                                           .description = "mean of red, green, blue",
                                           .units = "0..1",
                                           .type = LATENT_F32,
                                           .rows = 1,
                                           .cols = 3};
    generator->columns[1] = (LatentColumn){.name = "color_deviation",
                                           .description = "their standard deviation",
                                           .units = "0..1",
                                           .type = LATENT_F32,
                                           .rows = 1,
                                           .cols = 3};
    generator->n_columns = 2;
    return ERR_NONE;
}

static void texture_video_close(Generator *generator) {
    (void)generator;
}

static Err texture_video_info(const Generator *generator, uint64_t item, VideoInfo *info) {
    Range length = generator->setup.variant->length;
    Rng scene = rng_stream(generator->setup.seed, RNG_SCENE, item, 0);
    *info = (VideoInfo){rng_between(&scene, (int)length.low, (int)length.high), generator->size, generator->size, -1};
    return ERR_NONE;
}

static Err texture_video_latents(const Generator *generator, uint64_t item, void *const *columns) {
    GanSample colors;
    gan_sample_colors(&colors, generator->setup.seed, item);
    memcpy(columns[0], colors.mean, sizeof colors.mean);
    memcpy(columns[1], colors.deviation, sizeof colors.deviation);
    return ERR_NONE;
}

/* What one call works with. */
typedef struct {
    const Generator *generator;
    uint64_t item;
    GanWalk walk;
    GanNetwork network;
    GanSample sample;
    GanScratch scratch;
    float *latents, *rgb;
    int t; /* the frame the latents are at */
} Walker;

static void walker_close(Walker *walker) {
    gan_scratch_free(&walker->scratch);
    gan_sample_free(&walker->sample);
    gan_network_free(&walker->network);
    free(walker->latents);
    free(walker->rgb);
}

/* Latents of frame 0; walking there again is cheap beside rendering. */
static void walker_restart(Walker *walker) {
    gan_latents_begin(walker->latents, &walker->network, &walker->walk, walker->generator->setup.seed, walker->item);
    walker->t = 0;
}

static Err walker_open(Walker *walker, const Generator *generator, uint64_t item) {
    const GeneratorSetup *setup = &generator->setup;
    size_t pixels = (size_t)generator->size * (size_t)generator->size;
    *walker = (Walker){.generator = generator, .item = item, .walk = walk_of(setup->variant)};
    TRY(gan_network_new(&walker->network, kind_of(setup->variant), gan_size(generator->size)));
    TRY(gan_sample_new(&walker->sample, &walker->network));
    TRY(gan_scratch_new(&walker->scratch, &walker->network));
    walker->latents = malloc((size_t)(walker->network.n_layers + 1) * GAN_LATENT * sizeof *walker->latents);
    walker->rgb = malloc(3 * pixels * sizeof *walker->rgb);
    if (!walker->latents || !walker->rgb) return RAISE(ERR_MEMORY, "a texture video: out of memory");
    gan_network_draw(&walker->network, setup->seed, item / GAN_NETWORK_IMAGES, 1);
    gan_sample_draw(&walker->sample, &walker->network, setup->seed, item);
    walker_restart(walker);
    return ERR_NONE;
}

/* Frame t into walker->rgb. */
static void walker_render(Walker *walker, int t) {
    /* the walk has no way back */
    if (t < walker->t) walker_restart(walker);
    while (walker->t < t)
        gan_latents_step(walker->latents, &walker->network, &walker->walk, walker->generator->setup.seed, walker->item,
                         ++walker->t);
    gan_render(walker->rgb, &walker->network, &walker->sample, walker->latents, &walker->scratch);
}

static void render_all(Walker *walker, const int *frame_numbers, Frames *out) {
    const Generator *generator = walker->generator;
    bool each = generator->setup.variant->texture.colors == WALK_COLORS_EACH_FRAME;
    walker_render(walker, 0); /* frame 0 sets the colors of all */
    GanColors colors = gan_colors(walker->rgb, generator->size);
    for (int f = 0; f < out->n_frames; f++) {
        /* short videos repeat their last frame */
        if (f > 0 && frame_numbers[f] == frame_numbers[f - 1]) {
            memcpy(frames_at(out, f), frames_at(out, f - 1), frames_frame_bytes(out));
            continue;
        }
        if (f > 0 || frame_numbers[f] > 0) walker_render(walker, frame_numbers[f]);
        if (each) colors = gan_colors(walker->rgb, generator->size);
        gan_to_pixels(frames_at(out, f), walker->rgb, generator->size, &colors, &walker->sample);
    }
}

static Err texture_video_render(const Generator *generator, uint64_t item, const int *frame_numbers, int n_frames,
                                Frames *out) {
    Walker walker;
    Err err = walker_open(&walker, generator, item);
    if (!err) err = frames_shape(out, n_frames, generator->size, generator->size);
    if (!err) render_all(&walker, frame_numbers, out);
    walker_close(&walker);
    return err;
}

/* Style matrices, then the noise map, the layers' noise and the maps of one sample. */
static size_t texture_video_scratch(const Generator *generator) {
    size_t pixels = (size_t)generator->size * (size_t)generator->size;
    return ((size_t)24 << 20) + pixels * 24 * sizeof(float);
}

const GeneratorOps texture_video_generator = {
    .name = "texture-video",
    .dataset_kind = "generated",
    .open = texture_video_open,
    .close = texture_video_close,
    .info = texture_video_info,
    .latents = texture_video_latents,
    .render = texture_video_render,
    .scratch_bytes = texture_video_scratch,
};
