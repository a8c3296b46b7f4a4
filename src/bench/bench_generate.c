#include "bench/bench_generate.h"

#include "base/config/json.h"
#include "base/failure/shared_err.h"
#include "base/system/clock.h"
#include "bench/internal/bench_threads.h"
#include "gen/objects/render.h"
#include "math/rng.h"
#include "math/stats.h"

#include <cjson/cJSON.h>
#include <omp.h>
#include <stdlib.h>

enum { ROUNDS = 5, POOL_IMAGES = 300, SEED = 1, FRAMES_A_VIDEO = 150, FRAMES_A_PIECE = 30 };

typedef struct {
    const char *variant;
    double released; /* frames a second of the released generator; 0: it has no such set */
} BenchRow;

static const BenchRow rows[] = {
    {"static-circles", 76},      {"moving-circles", 95},       {"moving-shapes", 55},       {"transforming-shapes", 0},
    {"accelerating-shapes", 33}, {"accelerating-images", 0.9}, {"images-300k-image-bg", 0}, {"sat-images-300k", 0},
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

typedef struct {
    Variant *variant;
    Renderer renderer;
    Painter painter;
    SceneLaw law;
    uint8_t *frames[2];
} Subject;

/* Noise is as slow to fetch as photographs; the pool is larger than caches. */
static Err make_pool(Media *media) {
    size_t bytes = (size_t)POOL_IMAGES * 256 * 256 * 3;
    uint8_t *pixels = malloc(bytes);
    if (!pixels) return RAISE(ERR_MEMORY, "images to render with: out of memory");
    Rng rng = rng_stream(SEED, RNG_PROCEDURAL, 0, 0);
    for (size_t i = 0; i < bytes; i++) pixels[i] = (uint8_t)rng_u32(&rng);
    *media = (Media){.n_pools = 1};
    media->pools[0] = (Pool){.count = POOL_IMAGES, .height = 256, .width = 256, .images = pixels, .storage = pixels};
    return ERR_NONE;
}

static void subject_close(Subject *subject) {
    painter_free(&subject->painter);
    renderer_free(&subject->renderer);
    variant_free(&subject->variant);
    for (int i = 0; i < 2; i++) free(subject->frames[i]);
}

static Err subject_open(Subject *subject, const char *name, const Media *media) {
    const ImageLaw images = image_law_whole(POOL_IMAGES);
    *subject = (Subject){0};
    TRY(variant_load(&subject->variant, name, NULL, 0));
    size_t bytes = (size_t)variant_size(subject->variant) * (size_t)variant_size(subject->variant) * 3;
    for (int i = 0; i < 2; i++) subject->frames[i] = malloc(bytes);
    if (!subject->frames[0] || !subject->frames[1]) return RAISE(ERR_MEMORY, "frames to render: out of memory");
    TRY(renderer_init(&subject->renderer, subject->variant, media));
    TRY(painter_init(&subject->painter, &subject->renderer));
    scene_law_init(&subject->law, subject->variant, SEED, &images, &images);
    return ERR_NONE;
}

static Err verify(Subject *subject) {
    size_t bytes = (size_t)variant_size(subject->variant) * (size_t)variant_size(subject->variant) * 3;
    for (uint64_t item = 0; item < 2; item++) {
        scene_draw(&subject->painter.scene, &subject->law, item);
        painter_begin(&subject->painter);
        for (int t = 0; t < FRAMES_A_VIDEO; t += 70) {
            TRY(render_frame(&subject->painter, t, subject->frames[0]));
            TRY(render_frame_ref(&subject->painter, t, subject->frames[1]));
            if (memcmp(subject->frames[0], subject->frames[1], bytes) == 0) continue;
            return RAISE(ERR_INTERNAL, "%s: frame %d of video %llu differs from the plain renderer's",
                         variant_name(subject->variant), t, (unsigned long long)item);
        }
    }
    return ERR_NONE;
}

/* A piece of the video, whose scene is drawn with its first piece. */
static Err render_piece(Frames *frames, Subject *subject, int64_t piece) {
    enum { PIECES = FRAMES_A_VIDEO / FRAMES_A_PIECE };
    int numbers[FRAMES_A_PIECE], first = (int)(piece % PIECES) * FRAMES_A_PIECE;
    for (int i = 0; i < FRAMES_A_PIECE; i++) numbers[i] = first + i;
    if (first == 0) scene_draw(&subject->painter.scene, &subject->law, (uint64_t)(piece / PIECES));
    return render_frames(&subject->painter, numbers, FRAMES_A_PIECE, frames);
}

/* Frames a second, scenes included, over about `seconds`. */
static Err measure_once(double *rate, Subject *subject, int64_t *piece, double seconds) {
    double start = clock_thread_s(), elapsed = 0;
    int64_t first = *piece;
    Frames frames = {0};
    Err err = ERR_NONE;
    while (elapsed < seconds && !err) {
        err = render_piece(&frames, subject, (*piece)++);
        elapsed = clock_thread_s() - start;
    }
    frames_free(&frames);
    *rate = (double)((*piece - first) * FRAMES_A_PIECE) / elapsed;
    return err;
}

static Err measure(double *rate, Subject *subject, double seconds) {
    double rates[ROUNDS];
    int64_t piece = 0;
    for (int r = 0; r < ROUNDS; r++) TRY(measure_once(&rates[r], subject, &piece, seconds / ROUNDS));
    *rate = order_median(rates, ROUNDS);
    return ERR_NONE;
}

/* A video's worth of frames written again and again: what no renderer can beat. */
static Err measure_bound(double *rate, double seconds) {
    Frames frames = {0};
    TRY(frames_shape(&frames, FRAMES_A_VIDEO, 256, 256));
    memset(frames.data, 1, (size_t)FRAMES_A_VIDEO * frames_frame_bytes(&frames));
    double start = clock_thread_s(), elapsed = 0;
    int64_t done = 0;
    for (int value = 0; elapsed < seconds; value++) {
        for (int f = 0; f < FRAMES_A_VIDEO; f++) memset(frames_at(&frames, f), value, frames_frame_bytes(&frames));
        done += FRAMES_A_VIDEO;
        elapsed = clock_thread_s() - start;
    }
    frames_free(&frames);
    *rate = (double)done / elapsed;
    return ERR_NONE;
}

typedef struct {
    const char *variant;
    const Media *media;
} Crew;

/* Every thread renders videos of its own until the time is over; a thread's last piece counts with its time. */
static Err render_with_threads(double *amount, double *elapsed, void *state, int threads, double seconds) {
    const Crew *crew = state;
    SharedErr failure = SHARED_ERR_INIT;
    double frames = 0, longest = 0;
#pragma omp parallel num_threads(threads) reduction(+ : frames) reduction(max : longest)
    {
        Subject subject;
        Frames out = {0};
        int64_t piece = (int64_t)omp_get_thread_num() * 100000;
        Err err = subject_open(&subject, crew->variant, crew->media);
        if (!err) err = render_piece(&out, &subject, piece++);
#pragma omp barrier
        double start = clock_wall_s();
        for (longest = 0; longest < seconds && !err; longest = clock_wall_s() - start) {
            err = render_piece(&out, &subject, piece++);
            frames += FRAMES_A_PIECE;
        }
        shared_err_note(&failure, err, omp_get_thread_num());
        frames_free(&out);
        subject_close(&subject);
    }
    *amount = frames;
    *elapsed = longest;
    return shared_err_adopt(&failure);
}

typedef struct {
    double rate; /* of one thread, CPU time */
    ThreadedRate threaded;
} Measured;

static Err bench_row(Measured *measured, const BenchRow *row, const Media *media, int threads, double seconds) {
    Subject subject;
    Crew crew = {.variant = row->variant, .media = media};
    Err err = subject_open(&subject, row->variant, media);
    if (!err) err = verify(&subject);
    if (!err) err = measure(&measured->rate, &subject, seconds);
    subject_close(&subject);
    if (!err && threads > 1) err = bench_threads(&measured->threaded, render_with_threads, &crew, threads, seconds);
    return err;
}

static void print_row(const BenchRow *row, const Measured *measured, double bound, int threads) {
    char released[32] = "-";
    if (row->released > 0) snprintf(released, sizeof released, "%.0fx", measured->rate / row->released);
    printf("%-24s %10.0f %8.1f %% %12s", row->variant, measured->rate, 100 * measured->rate / bound, released);
    if (threads > 1) printf(" %12.0f %8.2fx", measured->threaded.rate, measured->threaded.speedup);
    printf("\n");
}

static void add_row(cJSON *list, const BenchRow *row, const Measured *measured, double bound, int threads) {
    double rate = measured->rate;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "variant", row->variant);
    cJSON_AddNumberToObject(object, "frames_per_second", rate);
    cJSON_AddNumberToObject(object, "write_bound_ratio", rate / bound);
    if (row->released > 0) cJSON_AddNumberToObject(object, "released_ratio", rate / row->released);
    if (threads > 1) {
        cJSON_AddNumberToObject(object, "threads", threads);
        cJSON_AddNumberToObject(object, "threads_frames_per_second", measured->threaded.rate);
        cJSON_AddNumberToObject(object, "threads_speedup", measured->threaded.speedup);
    }
    cJSON_AddTrueToObject(object, "verified");
    cJSON_AddItemToArray(list, object);
}

static Err print_list(cJSON *list) {
    char *text = NULL;
    TRY(json_print(&text, list));
    fputs(text, stdout);
    free(text);
    return ERR_NONE;
}

static void print_heading(double bound, int threads) {
    printf("256 x 256, 500 objects, one thread; writing alone: %.0f frames/s\n%-24s %10s %10s %12s", bound, "variant",
           "frames/s", "of bound", "of released");
    if (threads > 1) printf("   %2d threads %9s", threads, "speedup");
    printf("\n");
}

Err bench_generate(double seconds, int threads, bool json) {
    Media media = {0};
    double bound = 0;
    cJSON *list = cJSON_CreateArray();
    Err err = make_pool(&media);
    if (!err) err = measure_bound(&bound, seconds / ROUNDS);
    if (!json && !err) print_heading(bound, threads);
    for (int r = 0; r < N_ROWS && !err; r++) {
        Measured measured = {0};
        err = bench_row(&measured, &rows[r], &media, threads, seconds);
        if (err) break;
        if (json)
            add_row(list, &rows[r], &measured, bound, threads);
        else
            print_row(&rows[r], &measured, bound, threads);
    }
    if (json && !err) err = print_list(list);
    cJSON_Delete(list);
    free(media.pools[0].storage);
    return err;
}
