#include "bench/bench_textures.h"

#include "base/config/json.h"
#include "base/system/clock.h"
#include "bench/internal/bench_threads.h"
#include "gen/textures/texture_gan.h"
#include "gen/textures/texture_maker.h"
#include "gen/textures/texture_stat.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

enum { SIDE = 256, IMAGES = 8, SMALL_SIDE = 32, SEED = 1 };

typedef struct {
    const char *name;
    TextureKind kind;
    double published; /* images a second; 0: not measured */
} BenchRow;

static const BenchRow rows[] = {
    {"statistical", TEXTURE_STATISTICAL, 0.3},
    {"stylegan-oriented", TEXTURE_STYLEGAN_ORIENTED, 0.22},
    {"stylegan-highfreq", TEXTURE_STYLEGAN_HIGH_FREQUENCY, 0},
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static double relative_distance(const float *a, const float *b, size_t count) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        size += (double)b[i] * (double)b[i];
    }
    return sqrt(difference / size);
}

static Err compare_small(const GanNetwork *network, const GanSample *sample, const float *latents,
                         GanScratch *scratch) {
    static float fast[3 * SMALL_SIDE * SMALL_SIDE], plain[3 * SMALL_SIDE * SMALL_SIDE];
    gan_render(fast, network, sample, latents, scratch);
    TRY(gan_render_ref(plain, network, sample, latents));
    double distance = relative_distance(fast, plain, sizeof fast / sizeof fast[0]);
    if (distance < 1e-4) return ERR_NONE;
    return RAISE(ERR_INTERNAL, "a collapsed texture network differs from the written one by %.2g", distance);
}

static Err verify_gan(GanKind kind) {
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
    err = compare_small(&network, &sample, latents, &scratch);
done:
    gan_scratch_free(&scratch);
    gan_sample_free(&sample);
    gan_network_free(&network);
    return err;
}

static Err verify_pyramid(void) {
    static float picture[SMALL_SIDE * SMALL_SIDE], again[SMALL_SIDE * SMALL_SIDE];
    Pyramid pyramid;
    for (int i = 0; i < SMALL_SIDE * SMALL_SIDE; i++) picture[i] = (float)(i * 37 % 101); /* no pattern of its own */
    TRY(pyramid_new(&pyramid, SMALL_SIDE, true));
    pyramid_build(&pyramid, picture);
    pyramid_collapse(again, &pyramid);
    pyramid_free(&pyramid);
    double distance = relative_distance(again, picture, sizeof picture / sizeof picture[0]);
    if (distance < 1e-5) return ERR_NONE;
    return RAISE(ERR_INTERNAL, "a pyramid's picture comes back different by %.2g", distance);
}

static Err verify(TextureKind kind) {
    switch (kind) {
    case TEXTURE_STATISTICAL: return verify_pyramid();
    case TEXTURE_STYLEGAN_ORIENTED: return verify_gan(GAN_ORIENTED);
    case TEXTURE_STYLEGAN_HIGH_FREQUENCY: break;
    }
    return verify_gan(GAN_HIGH_FREQUENCY);
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

typedef struct {
    double rate; /* of one thread, CPU time */
    ThreadedRate threaded;
} Measured;

static Err bench_row(Measured *measured, const BenchRow *row, int threads, double seconds) {
    TextureKind kind = row->kind;
    double images, elapsed;
    TRY(verify(kind));
    TRY(make(&images, &elapsed, kind, 1, clock_thread_s, seconds));
    measured->rate = images / elapsed;
    return threads > 1 ? bench_threads(&measured->threaded, make_with_threads, &kind, threads, seconds) : ERR_NONE;
}

static void tell_row(cJSON *list, const BenchRow *row, const Measured *measured, int threads, bool json) {
    double rate = measured->rate;
    if (!json) {
        char published[32] = "-";
        if (row->published > 0) snprintf(published, sizeof published, "%.0fx", rate / row->published);
        printf("%-20s %10.1f %14s", row->name, rate, published);
        if (threads > 1) printf(" %12.1f %8.2fx", measured->threaded.rate, measured->threaded.speedup);
        printf("\n");
        return;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "textures", row->name);
    cJSON_AddNumberToObject(object, "images_per_second", rate);
    if (row->published > 0) cJSON_AddNumberToObject(object, "published_ratio", rate / row->published);
    if (threads > 1) {
        cJSON_AddNumberToObject(object, "threads", threads);
        cJSON_AddNumberToObject(object, "threads_images_per_second", measured->threaded.rate);
        cJSON_AddNumberToObject(object, "threads_speedup", measured->threaded.speedup);
    }
    cJSON_AddTrueToObject(object, "verified");
    cJSON_AddItemToArray(list, object);
}

static Err print_list(const cJSON *list) {
    char *text = NULL;
    TRY(json_print(&text, list));
    fputs(text, stdout);
    free(text);
    return ERR_NONE;
}

static void print_heading(int threads) {
    printf("256 x 256, one thread\n%-20s %10s %14s", "textures", "images/s", "of published");
    if (threads > 1) printf("   %2d threads %9s", threads, "speedup");
    printf("\n");
}

Err bench_textures(double seconds, int threads, bool json) {
    cJSON *list = cJSON_CreateArray();
    Err err = list ? ERR_NONE : RAISE(ERR_MEMORY, "textures to make: out of memory");
    if (!json && !err) print_heading(threads);
    for (int r = 0; r < N_ROWS && !err; r++) {
        Measured measured = {0};
        err = bench_row(&measured, &rows[r], threads, seconds);
        if (!err) tell_row(list, &rows[r], &measured, threads, json);
    }
    if (json && !err) err = print_list(list);
    cJSON_Delete(list);
    return err;
}
