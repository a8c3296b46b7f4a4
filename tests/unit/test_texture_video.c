#include "gen_fixture.h"

#include "gen/dataset/generator.h"

static void render(Frames *frames, const int *numbers, int count, const char *name, const char *set) {
    static const Media none = {0};
    Variant *variant = fixture_variant(name, "size=32", "length=[20,30]", set, NULL);
    Generator generator;
    GeneratorSetup setup = {.variant = variant, .media = &none, .split = "", .seed = 4, .count = 3};
    assert_int_equal(generator_open(&generator, &setup), ERR_NONE);
    assert_int_equal(generator_render(&generator, 2, numbers, count, frames), ERR_NONE);
    generator_close(&generator);
    variant_free(&variant);
}

static double distance(const Frames *frames, int a, int b) {
    double sum = 0;
    for (size_t i = 0; i < frames_frame_bytes(frames); i++) {
        double difference = (double)frames_at(frames, a)[i] - (double)frames_at(frames, b)[i];
        sum += difference * difference;
    }
    return sqrt(sum / (double)frames_frame_bytes(frames));
}

static void test_neighbors_are_alike_and_distant_frames_less(void **state) {
    (void)state;
    Frames frames = {0};
    render(&frames, (int[]){0, 1, 12, 13}, 4, "dynamic-stylegan-videos", NULL);
    assert_true(distance(&frames, 0, 1) > 0);
    assert_true(distance(&frames, 0, 1) < distance(&frames, 0, 2));
    assert_true(distance(&frames, 2, 3) < distance(&frames, 0, 3));
    frames_free(&frames);
}

static void test_a_walk_without_steps_is_a_still_video(void **state) {
    (void)state;
    Frames frames = {0};
    render(&frames, (int[]){0, 15}, 2, "dynamic-highfreq-videos", "texture.sigma=0");
    assert_memory_equal(frames_at(&frames, 0), frames_at(&frames, 1), frames_frame_bytes(&frames));
    frames_free(&frames);
}

static void test_frames_do_not_depend_on_what_else_is_asked_for(void **state) {
    (void)state;
    Frames one = {0}, many = {0};
    const int numbers[] = {9, 3, 3, 0, 9};
    render(&one, &numbers[0], 1, "dynamic-stylegan-videos", NULL);
    render(&many, numbers, 5, "dynamic-stylegan-videos", NULL);
    assert_memory_equal(frames_at(&many, 0), one.data, frames_frame_bytes(&one));
    assert_memory_equal(frames_at(&many, 4), one.data, frames_frame_bytes(&one));
    assert_memory_equal(frames_at(&many, 1), frames_at(&many, 2), frames_frame_bytes(&one));
    frames_free(&one);
    frames_free(&many);
}

static void test_sides_that_are_no_power_of_two_are_refused(void **state) {
    (void)state;
    static const Media none = {0};
    Variant *variant = fixture_variant("dynamic-stylegan-videos", "size=96", NULL);
    Generator generator;
    GeneratorSetup setup = {.variant = variant, .media = &none, .split = "", .seed = 4, .count = 3};
    assert_int_equal(generator_open(&generator, &setup), ERR_USAGE);
    variant_free(&variant);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_neighbors_are_alike_and_distant_frames_less),
        cmocka_unit_test(test_a_walk_without_steps_is_a_still_video),
        cmocka_unit_test(test_frames_do_not_depend_on_what_else_is_asked_for),
        cmocka_unit_test(test_sides_that_are_no_power_of_two_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
