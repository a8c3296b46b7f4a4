/* An open stand-in generator on a variant with overrides, with or without a pool of small random pictures. */
#pragma once

#include "gen_fixture.h"

#include "gen/standin/internal/standin_stage.h"
#include "gen/standin/standin.h"

#include <math.h>

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

/* A video is a function of seed and item, and a frame of it does not depend on the others asked for. */
static inline void check_repeatable(const char *variant, int pictures, uint64_t n_items) {
    StandinFixture *one = standin_fixture(variant, "length=[20,24]", pictures, "train", 5);
    StandinFixture *two = standin_fixture(variant, "length=[20,24]", pictures, "train", 5);
    Frames a = {0}, b = {0}, part = {0};
    for (uint64_t item = 0; item < n_items; item++) {
        standin_fixture_render(&a, one, item);
        standin_fixture_render(&b, two, item);
        assert_same_frames(&a, &b);
        const int numbers[] = {11, 3, 11};
        assert_int_equal(generator_render(&two->generator, item, numbers, 3, &part), ERR_NONE);
        for (int i = 0; i < 3; i++)
            assert_memory_equal(frames_at(&part, i), frames_at(&a, numbers[i]), frames_frame_bytes(&a));
    }
    frames_free(&a), frames_free(&b), frames_free(&part);
    standin_fixture_free(one);
    standin_fixture_free(two);
}

/* ---- what one frame tells of the class: first and second moments of what is seen, by class and over all ---- */

enum { MOMENTS_CLASSES_MAX = 12, MOMENTS_MAX = 8 };

/* Start from {.n_classes, .n_seen}. Classes must come equally often. */
typedef struct {
    int n_classes, n_seen, count;
    double sum[MOMENTS_CLASSES_MAX][MOMENTS_MAX], square[MOMENTS_CLASSES_MAX][MOMENTS_MAX];
} ClassMoments;

static inline void moments_add(ClassMoments *moments, int label, const double *seen) {
    moments->count++;
    for (int i = 0; i < moments->n_seen; i++)
        moments->sum[label][i] += seen[i], moments->square[label][i] += seen[i] * seen[i];
}

/* The mean of every class within 4.5 standard errors of the mean over all; its variance within `tolerance`, relative.
 */
static inline void check_moments_agree(const ClassMoments *moments, double tolerance) {
    double draws = (double)moments->count / moments->n_classes;
    for (int i = 0; i < moments->n_seen; i++) {
        double all = 0, all_square = 0;
        for (int k = 0; k < moments->n_classes; k++) all += moments->sum[k][i], all_square += moments->square[k][i];
        double mean = all / moments->count, variance = all_square / moments->count - mean * mean;
        for (int k = 0; k < moments->n_classes; k++) {
            double class_mean = moments->sum[k][i] / draws;
            double class_variance = moments->square[k][i] / draws - class_mean * class_mean;
            assert_true(fabs(class_mean - mean) < 4.5 * sqrt(variance / draws));
            assert_true(fabs(class_variance / variance - 1) < tolerance);
        }
    }
}
