/* The generator of moving objects behind its interface: lengths, mixes, latents, frames on request. */
#include "gen_fixture.h"

#include "gen/dataset/generator.h"
#include "gen/objects/internal/mix.h"

static Media media;

static int media_setup(void **state) {
    (void)state;
    fixture_add_pool(&media, 20, 32, 32, 1);
    fixture_add_videos(&media, 5);
    return 0;
}

static int media_teardown(void **state) {
    (void)state;
    fixture_media_free(&media);
    return 0;
}

static void open_generator(Generator *generator, const Variant *variant, const Media *from, int64_t count) {
    GeneratorSetup setup = {.variant = variant, .media = from, .split = "", .seed = 6, .count = count};
    Err err = generator_open(generator, &setup);
    if (err) print_error("%s\n", err_message());
    assert_int_equal(err, ERR_NONE);
}

static void check_count(const char *name, MixKind kind, int64_t generated) {
    Variant *variant = fixture_variant(name, NULL);
    Mix mix;
    GeneratorSetup setup = {.variant = variant, .media = &media, .split = "", .seed = 6, .count = 9537};
    mix_init(&mix, &setup, &(ImageLaw){.total = 20});
    assert_int_equal(mix_n_generated(&mix), generated);
    for (int64_t i = 0; i < 9537; i++) {
        MixPick pick = mix_pick(&mix, (uint64_t)(i + 9537 * 3)); /* the fourth epoch */
        assert_int_equal(pick.kind, i < generated ? MIX_NONE : kind);
        if (pick.kind != MIX_NONE) assert_in_range(pick.number, 0, kind == MIX_REAL_VIDEOS ? 4 : 19);
    }
    variant_free(&variant);
}

static void test_mixes_have_the_exact_counts_of_an_epoch(void **state) {
    (void)state;
    check_count("shapes-static-images-5", MIX_STATIC_CLIPS_NATIVE, 9060);
    check_count("shapes-ucf-25", MIX_REAL_VIDEOS, 7152);
    check_count("images-ucf-50", MIX_REAL_VIDEOS, 4768);
    check_count("shapes-ucf-75", MIX_REAL_VIDEOS, 2384);
}

static void test_a_still_clip_is_one_image_of_the_pool(void **state) {
    (void)state;
    Variant *variant = fixture_variant("shapes-static-images-5", "size=32", "mix_share=1", NULL);
    Generator generator;
    Frames frames = {0};
    open_generator(&generator, variant, &media, 10);
    assert_int_equal(generator_render(&generator, 3, (int[]){0, 50}, 2, &frames), ERR_NONE);
    assert_memory_equal(frames_at(&frames, 0), frames_at(&frames, 1), frames_frame_bytes(&frames));
    int matches = 0;
    for (int i = 0; i < 20; i++)
        matches += memcmp(media_image(&media, i).pixels, frames.data, frames_frame_bytes(&frames)) == 0;
    assert_int_equal(matches, 1); /* same size as the canvas: the very pixels */
    frames_free(&frames);
    generator_close(&generator);
    variant_free(&variant);
}

static void test_a_real_video_keeps_its_length_and_shows_its_middle_square(void **state) {
    (void)state;
    Variant *variant = fixture_variant("shapes-ucf-75", "size=40", "mix_share=1", NULL);
    Generator generator;
    Frames frames = {0}, stored = {0};
    VideoInfo info;
    open_generator(&generator, variant, &media, 10);
    assert_int_equal(generator_info(&generator, 2, &info), ERR_NONE);
    int video = info.n_frames - 70; /* the fixture's law of lengths */
    assert_in_range(video, 0, 4);
    assert_int_equal(generator_render(&generator, 2, (int[]){7}, 1, &frames), ERR_NONE);
    assert_int_equal(fixture_video_read(NULL, 0, video, (int[]){7}, 1, &stored), ERR_NONE);
    for (int y = 0; y < 40; y++) /* 56 x 40 cut to 40 x 40: columns 8..47 */
        assert_memory_equal(frames.data + y * 40 * 3, stored.data + (y * 56 + 8) * 3, 40 * 3);
    frames_free(&frames);
    frames_free(&stored);
    generator_close(&generator);
    variant_free(&variant);
}

static void test_only_the_frames_asked_for_are_rendered_and_in_that_order(void **state) {
    (void)state;
    Variant *variant = fixture_variant("accelerating-images", "size=48", "objects=60", NULL);
    Generator generator;
    Frames all = {0}, some = {0};
    int numbers[100];
    const int wanted[] = {60, 4, 4, 0};
    open_generator(&generator, variant, &media, 10);
    for (int i = 0; i < 100; i++) numbers[i] = i;
    assert_int_equal(generator_render(&generator, 1, numbers, 100, &all), ERR_NONE);
    assert_int_equal(generator_render(&generator, 1, wanted, 4, &some), ERR_NONE);
    assert_int_equal(some.n_frames, 4);
    for (int i = 0; i < 4; i++)
        assert_memory_equal(frames_at(&some, i), frames_at(&all, wanted[i]), frames_frame_bytes(&all));
    frames_free(&all);
    frames_free(&some);
    generator_close(&generator);
    variant_free(&variant);
}

static void test_latents_are_the_scene(void **state) {
    (void)state;
    Variant *variant = fixture_variant("accelerating-images", "size=48", "objects=7", NULL);
    Generator generator;
    SceneLaw law;
    SceneObject objects[7];
    Scene scene = {.objects = objects};
    int32_t values[GENERATOR_COLUMNS_MAX][7 * 4];
    void *columns[GENERATOR_COLUMNS_MAX];
    for (int c = 0; c < GENERATOR_COLUMNS_MAX; c++) columns[c] = values[c];
    open_generator(&generator, variant, &media, 10);
    assert_int_equal(generator_latents(&generator, 5, columns), ERR_NONE);
    scene_law_init(&law, variant, 6, &(ImageLaw){.total = 20}, &(ImageLaw){.total = 20});
    scene_draw(&scene, &law, 5);
    for (int c = 0; c < generator.n_columns; c++) {
        const char *name = generator.columns[c].name;
        for (int i = 0; i < 7; i++) {
            if (text_equal(name, "radius")) assert_int_equal(values[c][i], objects[i].radius);
            if (text_equal(name, "texture")) assert_int_equal(values[c][i], objects[i].texture);
            if (text_equal(name, "speed")) assert_memory_equal(&values[c][i], &objects[i].speed, 4);
            if (text_equal(name, "scale")) assert_memory_equal(&values[c][2 * i], objects[i].scale, 8);
        }
    }
    generator_close(&generator);
    variant_free(&variant);
}

/* How often each of two pools is drawn from, and the largest number within it. */
static void count_draws(const ImageLaw *law, int split, int seen[2], int largest[2]) {
    Rng rng = rng_stream(4, RNG_TEST, 0, 0);
    seen[0] = seen[1] = largest[0] = largest[1] = 0;
    for (int i = 0; i < 20000; i++) {
        int image = (int)image_law_draw(law, &rng), pool = image >= split;
        image -= pool * split;
        seen[pool]++;
        if (image > largest[pool]) largest[pool] = image;
    }
}

/* 10 photographs and 90 textures. Tolerances are five standard deviations of 20000 draws. */
static void test_pools_are_drawn_from_by_size_or_by_share(void **state) {
    (void)state;
    Media two = {0};
    int seen[2], largest[2];
    fixture_add_pool(&two, 10, 4, 4, 1);
    fixture_add_pool(&two, 90, 4, 4, 2);
    Variant *by_size = fixture_variant("images-300k", NULL), *equal = fixture_variant("images-stylegan", NULL);
    Variant *limited = fixture_variant("images-stylegan", "pool_size=40", NULL);
    ImageLaw law = image_law_of(by_size, &two);
    count_draws(&law, 10, seen, largest);
    ASSERT_NEAR(seen[0], 2000, 220);
    law = image_law_of(equal, &two); /* 150k + 150k */
    count_draws(&law, 10, seen, largest);
    ASSERT_NEAR(seen[0], 10000, 360);
    assert_true(largest[0] == 9 && largest[1] == 89);
    law = image_law_of(limited, &two); /* 20 of each, where there are as many */
    count_draws(&law, 10, seen, largest);
    assert_true(largest[0] == 9 && largest[1] == 19);
    two.shares[0] = 0.8;
    two.shares[1] = 0.2;
    law = image_law_of(by_size, &two);
    count_draws(&law, 10, seen, largest);
    ASSERT_NEAR(seen[0], 16000, 290);
    variant_free(&by_size);
    variant_free(&equal);
    variant_free(&limited);
    fixture_media_free(&two);
}

static void check_missing(const char *name, const char *set, const Media *from, const char *expected) {
    Variant *variant = fixture_variant(name, set, NULL);
    Generator generator;
    GeneratorSetup setup = {.variant = variant, .media = from, .split = "", .seed = 1, .count = 1};
    assert_int_equal(generator_open(&generator, &setup), ERR_INPUT);
    if (!strstr(err_message(), expected)) fail_msg("\"%s\" does not say \"%s\"", err_message(), expected);
    variant_free(&variant);
}

static void test_missing_and_small_pools_are_refused(void **state) {
    (void)state;
    const Media none = {0};
    check_missing("accelerating-images", NULL, &none, "--pool");
    check_missing("images-300k-image-bg", NULL, &none, "--pool");
    check_missing("shapes-ucf-25", NULL, &none, "real videos");
    check_missing("dynamic-stylegan-crops", NULL, &none, "texture videos");
    check_missing("accelerating-images", "pool_min=21", &media, "20 images, expected at least 21");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixes_have_the_exact_counts_of_an_epoch),
        cmocka_unit_test(test_a_still_clip_is_one_image_of_the_pool),
        cmocka_unit_test(test_a_real_video_keeps_its_length_and_shows_its_middle_square),
        cmocka_unit_test(test_only_the_frames_asked_for_are_rendered_and_in_that_order),
        cmocka_unit_test(test_latents_are_the_scene),
        cmocka_unit_test(test_pools_are_drawn_from_by_size_or_by_share),
        cmocka_unit_test(test_missing_and_small_pools_are_refused),
    };
    return cmocka_run_group_tests(tests, media_setup, media_teardown);
}
