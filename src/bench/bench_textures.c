/* How fast still textures of 256 x 256 are made, on one thread and on several.
 *
 * StyleGAN textures are compared with the network as it is written, on a small one, and the pyramid of the statistical
 * ones must give back its picture. The column "of published" compares with the programs that made the published pools,
 * as measured on another machine (PyTorch on two cores; plain numpy). */
#include "base/system/clock.h"
#include "bench/internal/harness.h"
#include "bench/internal/topics.h"
#include "gen/textures/texture_gan.h"
#include "gen/textures/texture_stat.h"
#include "gen/textures/textures.h"

#include <stdlib.h>

enum { SIDE = 256, IMAGES = 8, SMALL_SIDE = 32, SEED = 1 };

typedef struct {
    const char *name;
    TextureKind kind;
    double published; /* images a second; 0: not measured */
} TextureCase;

static const TextureCase cases[] = {
    {"statistical", TEXTURE_STATISTICAL, 0.3},
    {"stylegan-oriented", TEXTURE_STYLEGAN_ORIENTED, 0.22},
    {"stylegan-highfreq", TEXTURE_STYLEGAN_HIGH_FREQUENCY, 0},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

/* The fast renderer and the network as it is written, on the same weights and latents. */
static Err compare_small(double *error, const GanNetwork *network, const GanSample *sample, const float *latents,
                         GanScratch *scratch) {
    static float fast[3 * SMALL_SIDE * SMALL_SIDE], plain[3 * SMALL_SIDE * SMALL_SIDE];
    gan_render(fast, network, sample, latents, scratch);
    TRY(gan_render_ref(plain, network, sample, latents));
    *error = bench_distance(fast, plain, sizeof fast / sizeof fast[0]);
    return ERR_NONE;
}

/* Small: the plain network sums every weight for every pixel. */
static Err verify_gan(double *error, GanKind kind) {
    const GanWalk still = {0};
    GanNetwork network = {0};
    GanSample sample = {0};
    GanScratch scratch = {0};
    float latents[GAN_LATENT * (GAN_LAYERS_MAX + 1)];
    Err err = ERR_NONE;
    TRY_OR(done, gan_network_new(&network, kind, (GanSize){SMALL_SIDE, 256, 12}));
    TRY_OR(done, gan_sample_new(&sample, &network));
    TRY_OR(done, gan_scratch_new(&scratch, &network));
    gan_network_draw(&network, SEED, 0, 1);
    gan_sample_draw(&sample, &network, SEED, 0);
    gan_latents_begin(latents, &network, &still, SEED, 0);
    err = compare_small(error, &network, &sample, latents, &scratch);
done:
    gan_scratch_free(&scratch);
    gan_sample_free(&sample);
    gan_network_free(&network);
    return err;
}

/* Taken apart and put together, a picture must be itself. */
static Err verify_pyramid(double *error) {
    static float picture[SMALL_SIDE * SMALL_SIDE], again[SMALL_SIDE * SMALL_SIDE];
    Pyramid pyramid;
    for (int i = 0; i < SMALL_SIDE * SMALL_SIDE; i++) picture[i] = (float)(i * 37 % 101); /* no pattern of its own */
    TRY(pyramid_new(&pyramid, SMALL_SIDE, true));
    pyramid_build(&pyramid, picture);
    pyramid_collapse(again, &pyramid);
    pyramid_free(&pyramid);
    *error = bench_distance(again, picture, sizeof picture / sizeof picture[0]);
    return ERR_NONE;
}

static Err verify(double *error, TextureKind kind) {
    switch (kind) {
    case TEXTURE_STATISTICAL: return verify_pyramid(error);
    case TEXTURE_STYLEGAN_ORIENTED: return verify_gan(error, GAN_ORIENTED);
    case TEXTURE_STYLEGAN_HIGH_FREQUENCY: break;
    }
    return verify_gan(error, GAN_HIGH_FREQUENCY);
}

/* What is timed: images made by `threads` threads as a pool makes them. */
typedef struct {
    TextureMaker *maker;
    uint8_t *pixels;
    int images; /* a call */
    double (*clock)(void);
} Making;

static Err time_images(double *elapsed, const Making *making, int first, int count) {
    double start = making->clock();
    TRY(texture_maker_render(making->maker, making->pixels, first, count));
    *elapsed = making->clock() - start;
    return ERR_NONE;
}

/* Images of the second network; each bears its share of drawing that. The first image of all touches the memory. */
static Err make_images(double *amount, double *elapsed, const Making *making, double seconds) {
    double with_network, alone, time;
    *amount = *elapsed = 0;
    TRY(time_images(&time, making, 0, making->images));
    TRY(time_images(&with_network, making, GAN_NETWORK_IMAGES, 1));
    TRY(time_images(&alone, making, GAN_NETWORK_IMAGES, 1));
    double share = fmax(with_network - alone, 0) / GAN_NETWORK_IMAGES;
    for (int call = 0; call == 0 || *elapsed < seconds; call++) {
        TRY(time_images(&time, making, GAN_NETWORK_IMAGES + call * making->images % (GAN_NETWORK_IMAGES / 2),
                        making->images));
        *elapsed += time + making->images * share;
        *amount += making->images;
    }
    return ERR_NONE;
}

static Err make(double *amount, double *elapsed, TextureKind kind, int threads, double (*clock)(void), double seconds) {
    const TexturesConfig config = {.kind = (int)kind, .size = SIDE};
    Making making = {.images = IMAGES * threads, .clock = clock};
    TRY(texture_maker_new(&making.maker, &config, SEED, threads));
    making.pixels = malloc((size_t)making.images * SIDE * SIDE * 3);
    Err err = making.pixels ? make_images(amount, elapsed, &making, seconds)
                            : RAISE(ERR_MEMORY, "textures to make: out of memory");
    free(making.pixels);
    texture_maker_free(&making.maker);
    return err;
}

static Err make_with_threads(double *amount, double *elapsed, void *state, int threads, double seconds) {
    const TextureKind *kind = state;
    return make(amount, elapsed, *kind, threads, clock_wall_s, seconds);
}

static const BenchColumn columns[] = {
    {.key = "textures", .heading = "textures", .width = -20},
    {.key = "images_per_second", .heading = "images/s", .width = 10, .style = 'f', .digits = 1},
    {.key = "published_ratio", .heading = "of published", .width = 14, .style = 'f', .suffix = "x"},
    {.key = "threads", .heading = "threads", .width = 8, .style = 'f'},
    {.key = "threads_images_per_second", .heading = "images/s", .width = 10, .style = 'f', .digits = 1},
    {.key = "threads_speedup", .heading = "speedup", .width = 9, .style = 'f', .digits = 2, .suffix = "x"},
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0], N_THREAD_COLUMNS = 3 };

/* CPU time on one thread, the clock on several. */
static Err bench_kind(BenchTable *table, const TextureCase *c, const BenchArgs *args) {
    TextureKind kind = c->kind;
    BenchThreaded threaded;
    double images, elapsed, error = 0;
    int threads = (int)args->threads;
    TRY(verify(&error, kind));
    TRY(bench_verdict(c->name, error, 1e-4));
    TRY(make(&images, &elapsed, kind, 1, clock_thread_s, args->seconds));
    TRY(bench_threads(&threaded, make_with_threads, &kind, threads, args->seconds));
    const BenchCell cells[] = {bench_text(c->name),
                               bench_number(images / elapsed),
                               bench_number_if(c->published > 0, images / elapsed / c->published),
                               bench_number_if(threads > 1, threads),
                               bench_number(threaded.rate),
                               bench_number(threaded.speedup)};
    return bench_table_row(table, cells);
}

Err bench_textures_all(const BenchArgs *args, const Par *par) {
    BenchTable table;
    (void)par; /* one rank */
    Err err = bench_table_open(&table, columns, N_COLUMNS - (args->threads > 1 ? 0 : N_THREAD_COLUMNS), args->json,
                               false, "256 x 256, one thread");
    table.verified = true;
    for (int i = 0; i < N_CASES && !err; i++) err = bench_kind(&table, &cases[i], args);
    return bench_table_close(&table, err);
}
