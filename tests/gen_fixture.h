/* Variants with overrides and small media in memory, for the tests of gen. */
#pragma once

#include "gen/variant/media.h"
#include "gen/variant/variant.h"
#include "gen/variant/variant_config.h"
#include "math/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* In double, which cmocka's assert_float_equal is not. */
#define ASSERT_NEAR(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

enum { FIXTURE_SETS = 16 };

/* fixture_variant("moving-shapes", "size=64", "objects=50", NULL) */
static inline Variant *fixture_variant(const char *name, ...) {
    const char *sets[FIXTURE_SETS];
    int n = 0;
    va_list args;
    va_start(args, name);
    for (const char *set = va_arg(args, const char *); set && n < FIXTURE_SETS; set = va_arg(args, const char *))
        sets[n++] = set;
    va_end(args);
    Variant *variant = NULL;
    Err err = variant_load(&variant, name, sets, n);
    if (err) print_error("%s\n", err_message());
    assert_int_equal(err, ERR_NONE);
    return variant;
}

/* Random pixels; freed with fixture_media_free. */
static inline void fixture_add_pool(Media *media, int count, int height, int width, uint64_t seed) {
    size_t bytes = (size_t)count * (size_t)height * (size_t)width * 3;
    uint8_t *pixels = malloc(bytes);
    assert_non_null(pixels);
    Rng rng = rng_stream(seed, RNG_TEST, 0, 0);
    for (size_t i = 0; i < bytes; i++) pixels[i] = (uint8_t)rng_u32(&rng);
    media->pools[media->n_pools++] = (Pool){.count = count, .height = height, .width = width, .images = pixels};
}

/* The same for images of their own sizes. */
static inline void fixture_add_whole_pool(Media *media, const PoolSize *sizes, int count, uint64_t seed) {
    Pool *pool = &media->pools[media->n_pools++];
    *pool = (Pool){.count = count,
                   .sizes = malloc((size_t)count * sizeof *pool->sizes),
                   .starts = malloc(((size_t)count + 1) * sizeof *pool->starts)};
    assert_true(pool->sizes && pool->starts);
    pool->starts[0] = 0;
    for (int i = 0; i < count; i++) {
        pool->sizes[i] = sizes[i];
        pool->starts[i + 1] = pool->starts[i] + pool_size_bytes(sizes[i]);
        if (pool->height < sizes[i].height) pool->height = sizes[i].height;
        if (pool->width < sizes[i].width) pool->width = sizes[i].width;
    }
    uint8_t *pixels = malloc((size_t)pool->starts[count]);
    assert_non_null(pixels);
    Rng rng = rng_stream(seed, RNG_TEST, 0, 0);
    for (int64_t i = 0; i < pool->starts[count]; i++) pixels[i] = (uint8_t)rng_u32(&rng);
    pool->images = pixels;
}

/* A source of `count` videos of random pixels: a pure function of video, frame and place. */
static inline Err fixture_video_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    (void)source, (void)epoch;
    *info = (VideoInfo){.n_frames = 70 + (int)index, .height = 40, .width = 56, .label = -1};
    return ERR_NONE;
}

static inline Err fixture_video_read(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers,
                                     int n_frames, Frames *out) {
    (void)source, (void)epoch;
    TRY(frames_shape(out, n_frames, 40, 56));
    for (int f = 0; f < n_frames; f++) {
        Rng rng = rng_stream(5, RNG_TEST, (uint64_t)index, (uint32_t)frame_numbers[f]);
        for (size_t i = 0; i < frames_frame_bytes(out); i++) frames_at(out, f)[i] = (uint8_t)rng_u32(&rng);
    }
    return ERR_NONE;
}

static inline void fixture_video_close(ClipSource *source) {
    free(source);
}

static inline void fixture_add_videos(Media *media, int64_t count) {
    static const ClipSourceOps ops = {"fixture", fixture_video_info, fixture_video_read, fixture_video_close};
    ClipSource *source = calloc(1, sizeof *source);
    assert_non_null(source);
    source->ops = &ops;
    source->count = count;
    media->videos[media->n_videos++] = source;
}

static inline void fixture_media_free(Media *media) {
    for (int p = 0; p < media->n_pools; p++) {
        free((void *)(uintptr_t)media->pools[p].images);
        free(media->pools[p].sizes);
        free(media->pools[p].starts);
    }
    for (int v = 0; v < media->n_videos; v++) clip_source_close(&media->videos[v]);
    *media = (Media){0};
}
