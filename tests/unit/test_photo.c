#include "standin_fixture.h"

#include "gen/standin/internal/photo.h"
#include "gen/standin/procedural.h"

#include <math.h>

static void test_a_fifth_of_the_photographs_is_for_testing(void **state) {
    (void)state;
    int test = 0, n = 20000;
    for (int i = 0; i < n; i++) test += photo_split(i) == SPLIT_TEST;
    assert_in_range(test, n / 5 - 250, n / 5 + 250); /* 4.4 standard deviations */
}

static void test_picks_keep_to_their_split_and_never_repeat(void **state) {
    (void)state;
    Media media = {0};
    fixture_add_pool(&media, 60, 8, 8, 3);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; split++) {
        PhotoBank bank = photo_bank(&media, (Split)split, 32);
        PhotosUsed used = {0};
        Rng rng = rng_stream(1, RNG_TEST, 0, 0);
        assert_int_equal(photo_bank_check(&bank, 5), ERR_NONE);
        for (int i = 0; i < 5; i++) {
            int32_t number = photo_pick(&bank, &rng, &used);
            assert_in_range(number, 0, 59);
            assert_int_equal(photo_split(number), split);
            for (int k = 0; k < i; k++) assert_int_not_equal(number, used.numbers[k]);
        }
    }
    fixture_media_free(&media);
}

static void test_a_bank_without_enough_photographs_is_refused(void **state) {
    (void)state;
    Media media = {0};
    fixture_add_pool(&media, 2, 8, 8, 3);
    PhotoBank bank = photo_bank(&media, SPLIT_TEST, 32);
    assert_int_equal(photo_bank_check(&bank, 3), ERR_INPUT);
    assert_non_null(strstr(err_message(), "test split"));
    fixture_media_free(&media);
}

static void test_a_full_crop_at_its_own_size_is_the_photograph(void **state) {
    (void)state;
    Media media = {0};
    Frames out = {0};
    fixture_add_pool(&media, 3, 24, 24, 3);
    PhotoBank bank = photo_bank(&media, SPLIT_TRAIN, 32);
    PhotoCrop crop = {.x = 0, .y = 0, .side = 1, .mirrored = false};
    assert_int_equal(photo_load(&out, &bank, 2, &crop, 24), ERR_NONE);
    assert_memory_equal(out.data, media.pools[0].images + 2 * 24 * 24 * 3, 24 * 24 * 3);
    crop.mirrored = true;
    assert_int_equal(photo_load(&out, &bank, 2, &crop, 24), ERR_NONE);
    assert_memory_equal(out.data, media.pools[0].images + 2 * 24 * 24 * 3 + 23 * 3, 3);
    frames_free(&out);
    fixture_media_free(&media);
}

static void test_crops_of_oblong_photographs_stay_inside(void **state) {
    (void)state;
    Media media = {0};
    Frames out = {0};
    fixture_add_pool(&media, 2, 9, 40, 3);
    PhotoBank bank = photo_bank(&media, SPLIT_TRAIN, 32);
    Rng rng = rng_stream(2, RNG_TEST, 0, 0);
    for (int i = 0; i < 50; i++) { /* the sanitizer run watches the edges */
        PhotoCrop crop = photo_crop_draw(&rng, (Range){0.05, 1});
        assert_int_equal(photo_load(&out, &bank, i % 2, &crop, 1 + i), ERR_NONE);
        assert_int_equal(out.width, 1 + i);
    }
    frames_free(&out);
    fixture_media_free(&media);
}

static double brightness(const uint8_t *image, int side, int block, int x, int y) {
    double sum = 0;
    for (int j = 0; j < block; j++)
        for (int i = 0; i < block; i++) sum += image[3 * ((y * block + j) * side + x * block + i) + 1];
    return sum / (block * block);
}

/* Mean absolute difference of neighboring blocks of side `block`. */
static double roughness(const uint8_t *image, int side, int block) {
    double sum = 0;
    int n = side / block;
    for (int y = 0; y < n; y++)
        for (int x = 0; x + 1 < n; x++)
            sum += fabs(brightness(image, side, block, x, y) - brightness(image, side, block, x + 1, y));
    return sum / (n * (n - 1));
}

static void test_procedural_pictures_vary_at_all_scales_and_from_each_other(void **state) {
    (void)state;
    enum { SIDE = 64 };
    static uint8_t first[SIDE * SIDE * 3], second[SIDE * SIDE * 3];
    for (uint64_t number = 0; number < 20; number++) {
        assert_int_equal(procedural_draw(first, SIDE, number), ERR_NONE);
        assert_int_equal(procedural_draw(second, SIDE, number), ERR_NONE);
        assert_memory_equal(first, second, sizeof first);
        assert_int_equal(procedural_draw(second, SIDE, number + 1), ERR_NONE);
        assert_memory_not_equal(first, second, sizeof first);
        assert_true(roughness(first, SIDE, 1) > 0.3);
        /* as in photographs, neighbors far apart differ more than neighbors close by */
        assert_true(roughness(first, SIDE, 16) > roughness(first, SIDE, 1));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fifth_of_the_photographs_is_for_testing),
        cmocka_unit_test(test_picks_keep_to_their_split_and_never_repeat),
        cmocka_unit_test(test_a_bank_without_enough_photographs_is_refused),
        cmocka_unit_test(test_a_full_crop_at_its_own_size_is_the_photograph),
        cmocka_unit_test(test_crops_of_oblong_photographs_stay_inside),
        cmocka_unit_test(test_procedural_pictures_vary_at_all_scales_and_from_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
