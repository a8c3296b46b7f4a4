/* How fast videos are rendered, on one thread and on several.
 *
 * For each kind of dataset frames are compared with the plain renderer's bit for bit, then whole videos are rendered,
 * a piece at a time. The bound is the rate at which this thread can write such a piece, into the same memory over and
 * over as a renderer does, which no renderer can beat; the column "of released" compares with the paper's released
 * generator as it was measured on one core of another machine (Python and OpenCV, 256 x 256, 500 objects). */
#include "base/failure/shared_err.h"
#include "base/system/clock.h"
#include "base/text/text.h"
#include "bench/internal/harness.h"
#include "bench/internal/topics.h"
#include "gen/objects/render.h"
#include "math/rng.h"
#include "math/stats.h"

#include <omp.h>
#include <stdlib.h>

enum { ROUNDS = 5, POOL_IMAGES = 300, SEED = 1, FRAMES_A_VIDEO = 150, FRAMES_A_PIECE = 30 };

static const struct {
    const char *variant;
    double released; /* frames a second of the released generator; 0: it has no such set */
} cases[] = {
    {"static-circles", 76},      {"moving-circles", 95},       {"moving-shapes", 55},       {"transforming-shapes", 0},
    {"accelerating-shapes", 33}, {"accelerating-images", 0.9}, {"images-300k-image-bg", 0}, {"sat-images-300k", 0},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

typedef struct {
    Variant *variant;
    Renderer renderer;
    Painter painter;
    SceneLaw law;
    uint8_t *frames[2]; /* compared */
    Frames piece;
    int64_t next; /* piece */
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
    frames_free(&subject->piece);
    painter_free(&subject->painter);
    renderer_free(&subject->renderer);
    variant_free(&subject->variant);
    for (int i = 0; i < 2; i++) free(subject->frames[i]);
}

/* Everything that a thread of `generate` has: renderer, painter, and the law that scenes are drawn by. */
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

/* 0: two videos' frames are the plain renderer's; 1: they are not. */
static Err subject_check(double *error, void *state) {
    Subject *subject = state;
    size_t bytes = (size_t)variant_size(subject->variant) * (size_t)variant_size(subject->variant) * 3;
    for (uint64_t item = 0; item < 2; item++) {
        scene_draw(&subject->painter.scene, &subject->law, item);
        painter_begin(&subject->painter);
        for (int t = 0; t < FRAMES_A_VIDEO; t += 70) {
            TRY(render_frame(&subject->painter, t, subject->frames[0]));
            TRY(render_frame_ref(&subject->painter, t, subject->frames[1]));
            *error = fmax(*error, memcmp(subject->frames[0], subject->frames[1], bytes) != 0);
        }
    }
    return ERR_NONE;
}

/* A piece of a video, whose scene is drawn with its first piece: many pieces take what whole videos take. */
static Err render_piece(void *state) {
    enum { PIECES = FRAMES_A_VIDEO / FRAMES_A_PIECE };
    Subject *subject = state;
    int numbers[FRAMES_A_PIECE], first = (int)(subject->next % PIECES) * FRAMES_A_PIECE;
    for (int i = 0; i < FRAMES_A_PIECE; i++) numbers[i] = first + i;
    if (first == 0) scene_draw(&subject->painter.scene, &subject->law, (uint64_t)(subject->next / PIECES));
    subject->next++;
    return render_frames(&subject->painter, numbers, FRAMES_A_PIECE, &subject->piece);
}

/* The bound: as many frames as a piece has. */
static Err write_piece(void *state) {
    const Frames *piece = state;
    for (int f = 0; f < piece->n_frames; f++) memset(frames_at(piece, f), f, frames_frame_bytes(piece));
    return ERR_NONE;
}

/* ---- several threads ---- */

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
        Err err = subject_open(&subject, crew->variant, crew->media);
        subject.next = (int64_t)omp_get_thread_num() * 100000;
        if (!err) err = render_piece(&subject);
#pragma omp barrier
        double start = clock_wall_s();
        for (longest = 0; longest < seconds && !err; longest = clock_wall_s() - start) {
            err = render_piece(&subject);
            frames += FRAMES_A_PIECE;
        }
        shared_err_note(&failure, err, omp_get_thread_num());
        subject_close(&subject);
    }
    *amount = frames;
    *elapsed = longest;
    return shared_err_adopt(&failure);
}

/* ---- rows ---- */

static const BenchColumn columns[] = {
    {.key = "variant", .heading = "variant", .width = -24},
    {.key = "frames_per_second", .heading = "frames/s", .width = 10, .style = 'f'},
    {.key = "write_bound_ratio",
     .heading = "of bound",
     .width = 10,
     .style = 'f',
     .digits = 1,
     .scale = 100,
     .suffix = " %"},
    {.key = "released_ratio", .heading = "of released", .width = 12, .style = 'f', .suffix = "x"},
    {.key = "threads", .heading = "threads", .width = 8, .style = 'f'},
    {.key = "threads_frames_per_second", .heading = "frames/s", .width = 10, .style = 'f'},
    {.key = "threads_speedup", .heading = "speedup", .width = 9, .style = 'f', .digits = 2, .suffix = "x"},
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0], N_THREAD_COLUMNS = 3 };

typedef struct {
    BenchTable table;
    const BenchArgs *args;
    const Par *par;
    Media media;
    Frames written;
} Bench;

/* Five repetitions in the time given, of many pieces each. */
static Err measure_subject(BenchFound *found, Subject *subject, Bench *bench, const char *variant) {
    TRY(subject_open(subject, variant, &bench->media));
    const BenchCase c = {.name = variant,
                         .work = {render_piece, subject, FRAMES_A_PIECE},
                         .bound = {write_piece, &bench->written, FRAMES_A_PIECE},
                         .check = subject_check,
                         .repetition_s = bench->args->seconds / ROUNDS};
    return bench_measure_all(found, &c, bench->args->seconds, bench->par);
}

/* One thread beside its bound, then several beside one. */
static Err bench_variant(Bench *bench, const char *variant, double released) {
    Subject subject;
    BenchFound found;
    BenchThreaded threaded;
    Crew crew = {.variant = variant, .media = &bench->media};
    int threads = (int)bench->args->threads;
    Err err = measure_subject(&found, &subject, bench, variant);
    subject_close(&subject);
    if (!err) err = bench_threads(&threaded, render_with_threads, &crew, threads, bench->args->seconds);
    if (err) return err;
    const BenchCell cells[] = {bench_text(variant),
                               bench_number(found.median_rate),
                               bench_number(found.share),
                               bench_number_if(released > 0, found.median_rate / released),
                               bench_number_if(threads > 1, threads),
                               bench_number(threaded.rate),
                               bench_number(threaded.speedup)};
    return bench_table_row(&bench->table, cells);
}

static Err variant_rows(Bench *bench) {
    TRY(make_pool(&bench->media));
    TRY(frames_shape(&bench->written, FRAMES_A_PIECE, 256, 256));
    for (int i = 0; i < N_CASES; i++) TRY(bench_variant(bench, cases[i].variant, cases[i].released));
    return ERR_NONE;
}

Err bench_generate_all(const BenchArgs *args, const Par *par) {
    Bench bench = {.args = args, .par = par};
    Err err = bench_table_open(&bench.table, columns, N_COLUMNS - (args->threads > 1 ? 0 : N_THREAD_COLUMNS),
                               args->json, false,
                               "256 x 256, 500 objects, one thread; bound: writing frames to memory");
    bench.table.verified = true;
    if (!err) err = variant_rows(&bench);
    frames_free(&bench.written);
    free(bench.media.pools[0].storage);
    return bench_table_close(&bench.table, err);
}
