/* An open stand-in generator on a variant with overrides, with or without a pool of small random pictures. */
#pragma once

#include "gen_fixture.h"

#include "gen/standin/internal/standin_stage.h"
#include "gen/standin/standin.h"

typedef struct {
    Variant *variant;
    Media media;
    Generator generator;
} StandinFixture;

/* pictures: 0 for procedural ones. */
static inline StandinFixture *standin_fixture(const char *variant, const char *set, int pictures, const char *split,
                                              uint64_t seed) {
    StandinFixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->variant = fixture_variant(variant, "size=32", set, NULL);
    if (pictures) fixture_add_pool(&fixture->media, pictures, 40, 40, 7);
    GeneratorSetup setup = {.variant = fixture->variant, .media = &fixture->media, .split = split, .seed = seed};
    Err err = generator_open(&fixture->generator, &setup);
    if (err) print_error("%s\n", err_message());
    assert_int_equal(err, ERR_NONE);
    return fixture;
}

static inline void standin_fixture_free(StandinFixture *fixture) {
    generator_close(&fixture->generator);
    fixture_media_free(&fixture->media);
    variant_free(&fixture->variant);
    free(fixture);
}

/* All frames of a video. */
static inline void standin_fixture_render(Frames *out, const StandinFixture *fixture, uint64_t item) {
    VideoInfo info;
    int numbers[128];
    assert_int_equal(generator_info(&fixture->generator, item, &info), ERR_NONE);
    assert_true(info.n_frames <= 128);
    for (int i = 0; i < info.n_frames; i++) numbers[i] = i;
    assert_int_equal(generator_render(&fixture->generator, item, numbers, info.n_frames, out), ERR_NONE);
}

static inline void assert_same_frames(const Frames *a, const Frames *b) {
    assert_int_equal(a->n_frames, b->n_frames);
    assert_memory_equal(a->data, b->data, frames_frame_bytes(a) * (size_t)a->n_frames);
}

/* Mean absolute difference of two frames, in gray levels. */
static inline double frame_difference(const Frames *frames, int a, int b) {
    double sum = 0;
    size_t bytes = frames_frame_bytes(frames);
    for (size_t i = 0; i < bytes; i++) sum += abs(frames_at(frames, a)[i] - frames_at(frames, b)[i]);
    return sum / (double)bytes;
}
