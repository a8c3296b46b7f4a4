#include "gen_fixture.h"

#include "gen/texture_stat.h"

static float picture[256 * 256], again[256 * 256];

static void fill_noise(float *values, size_t count, uint64_t seed) {
    Rng rng = rng_stream(seed, RNG_TEST, 0, 0);
    for (size_t i = 0; i < count; i++) values[i] = rng_uniform(&rng, -100, 100);
}

static void test_the_pyramid_reconstructs_exactly(void **state) {
    (void)state;
    for (int side = 32; side <= 256; side *= 2) {
        Pyramid pyramid;
        size_t count = (size_t)side * (size_t)side;
        fill_noise(picture, count, 1);
        assert_int_equal(pyramid_new(&pyramid, side), ERR_NONE);
        pyramid_build(&pyramid, picture);
        pyramid_collapse(again, &pyramid);
        for (size_t i = 0; i < count; i++) ASSERT_NEAR(picture[i], again[i], 2e-3);
        pyramid_free(&pyramid);
    }
}

static void test_matched_values_have_the_target_histogram(void **state) {
    (void)state;
    enum { COUNT = 40000, BINS = 50 };
    double weights[BINS];
    Histogram target, result;
    for (int i = 0; i < BINS; i++) weights[i] = i < 25 ? 1 : 3;
    histogram_set(&target, weights, BINS, -5, 0.2);
    fill_noise(picture, COUNT, 2);
    histogram_match(picture, COUNT, &target);
    histogram_count(&result, picture, COUNT, BINS);
    for (int i = 0; i <= BINS; i++) ASSERT_NEAR(result.cumulative[i], target.cumulative[i], 0.01);
    ASSERT_NEAR(histogram_mean(&target), 1.25, 1e-6); /* halves around -2.5 and 2.5, shares 1/4 and 3/4 */
}

static void test_bands_get_their_deviation(void **state) {
    (void)state;
    StatScratch scratch;
    enum { SIDE = 128 };
    assert_int_equal(stat_scratch_new(&scratch, SIDE), ERR_NONE);
    assert_int_equal(stat_model_draw(&scratch, 3, 0), ERR_NONE);
    fill_noise(picture, SIDE * SIDE, 3);
    stat_impose_bands(picture, 1, &scratch);
    for (int b = 0; b < PYRAMID_BANDS; b++) { /* what was imposed is still in the pyramid */
        const float *band = scratch.pyramid.levels[0].bands + b * SIDE * SIDE;
        double sum = 0, squares = 0;
        for (int i = 0; i < SIDE * SIDE; i++) {
            sum += (double)band[i];
            squares += (double)band[i] * (double)band[i];
        }
        double mean = sum / (SIDE * SIDE), deviation = sqrt(squares / (SIDE * SIDE) - mean * mean);
        double expected = histogram_deviation(&scratch.model->bands[1][1 + b]);
        ASSERT_NEAR(deviation / expected, 1, 0.01);
        assert_true(expected > 8 && expected < 60); /* 8.8 at rho = 0.8 */
    }
    stat_scratch_free(&scratch);
}

/* Fitted along each axis, the imposed amplitude falls as drawn. */
static void test_the_spectrum_has_the_drawn_decay(void **state) {
    (void)state;
    enum { SIDE = 256 };
    StatScratch scratch;
    assert_int_equal(stat_scratch_new(&scratch, SIDE), ERR_NONE);
    for (uint64_t item = 0; item < 3; item++) {
        assert_int_equal(stat_model_draw(&scratch, 3, item), ERR_NONE);
        fill_noise(picture, SIDE * SIDE, item);
        stat_impose_spectrum(picture, &scratch);
        memcpy(fft2_input(scratch.fft), picture, sizeof picture);
        fft2_run(scratch.fft);
        double x = log(fft2_amplitude(scratch.fft, 0, 4) / fft2_amplitude(scratch.fft, 0, 64)) / log(16);
        double y = log(fft2_amplitude(scratch.fft, 4, 0) / fft2_amplitude(scratch.fft, 64, 0)) / log(16);
        ASSERT_NEAR(x, scratch.model->decay_x, 0.1);
        ASSERT_NEAR(y, scratch.model->decay_y, 0.1);
    }
    stat_scratch_free(&scratch);
}

static void test_images_fill_the_range_and_differ(void **state) {
    (void)state;
    enum { SIDE = 64, BYTES = SIDE * SIDE * 3 };
    static uint8_t a[BYTES], b[BYTES], repeated[BYTES];
    StatScratch scratch;
    assert_int_equal(stat_scratch_new(&scratch, SIDE), ERR_NONE);
    assert_int_equal(stat_render(a, 3, 0, &scratch), ERR_NONE);
    assert_int_equal(stat_render(b, 3, 1, &scratch), ERR_NONE);
    assert_int_equal(stat_render(repeated, 3, 0, &scratch), ERR_NONE);
    int low = 255, high = 0;
    for (int i = 0; i < BYTES; i++) {
        if (a[i] < low) low = a[i];
        if (a[i] > high) high = a[i];
    }
    assert_int_equal(low, 0);
    assert_int_equal(high, 255);
    assert_memory_equal(a, repeated, BYTES);
    assert_memory_not_equal(a, b, BYTES);
    stat_scratch_free(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_pyramid_reconstructs_exactly),
        cmocka_unit_test(test_matched_values_have_the_target_histogram),
        cmocka_unit_test(test_bands_get_their_deviation),
        cmocka_unit_test(test_the_spectrum_has_the_drawn_decay),
        cmocka_unit_test(test_images_fill_the_range_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
