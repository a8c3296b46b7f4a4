#include "analysis/measure/internal/formulas.h"
#include "math/fft.h"
#include "math/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { SIDE = 128, WAVES = SIDE / 2 };

static void white_noise(float *gray, int stream) {
    Rng rng = rng_stream(11, RNG_TEST, (uint64_t)stream, 0);
    for (int i = 0; i < SIDE * SIDE; i++) gray[i] = 0.5f + 0.1f * rng_normal(&rng);
}

/* Amplitude 1/f^a with random phases: the transform of white noise, divided by f^a, is summed as cosines row by row. */
static void random_phase(float *gray, double a, int stream) {
    static double real[SIDE][SIDE], imaginary[SIDE][SIDE];
    Rng rng = rng_stream(12, RNG_TEST, (uint64_t)stream, 0);
    double cosine[SIDE], sine[SIDE];
    for (int i = 0; i < SIDE; i++) {
        cosine[i] = cos(2 * M_PI * i / SIDE);
        sine[i] = sin(2 * M_PI * i / SIDE);
    }
    memset(real, 0, sizeof real);
    memset(imaginary, 0, sizeof imaginary);
    for (int v = 0; v < WAVES; v++)
        for (int u = -WAVES + 1; u < WAVES; u++) {
            double phase = 2 * M_PI * rng_unit_double(&rng), f = hypot(u, v);
            if (f < 1) continue;
            double re = cos(phase) * pow(f, -a), im = sin(phase) * pow(f, -a);
            for (int y = 0; y < SIDE; y++) { /* the vertical transform of column v */
                int k = ((u * y) % SIDE + SIDE) % SIDE;
                real[y][v] += re * cosine[k] - im * sine[k];
                imaginary[y][v] += re * sine[k] + im * cosine[k];
            }
        }
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double sum = 0;
            for (int v = 0; v < WAVES; v++)
                sum += real[y][v] * cosine[v * x % SIDE] - imaginary[y][v] * sine[v * x % SIDE];
            gray[y * SIDE + x] = (float)sum;
        }
    double power = 0; /* to standard deviation 0.1, like white_noise */
    for (int i = 0; i < SIDE * SIDE; i++) power += (double)gray[i] * (double)gray[i] / (SIDE * SIDE);
    for (int i = 0; i < SIDE * SIDE; i++) gray[i] *= (float)(0.1 / sqrt(power));
}

static double exponent_of(const float *gray) {
    Spectrum *spectrum;
    double log_amplitude[SPECTRUM_POINTS_MAX];
    assert_int_equal(spectrum_new(&spectrum, SIDE), ERR_NONE);
    assert_true(spectrum_of_gray(log_amplitude, spectrum, gray));
    double exponent = spectrum_fit(log_amplitude, spectrum_points(spectrum)).exponent;
    spectrum_free(&spectrum);
    return exponent;
}

static double mean_exponent(double a, int images) {
    static float gray[SIDE * SIDE];
    double sum = 0;
    for (int i = 0; i < images; i++) {
        if (a == 0)
            white_noise(gray, i);
        else
            random_phase(gray, a, i);
        sum += exponent_of(gray) / images;
    }
    return sum;
}

static void white_noise_has_exponent_zero(void **state) {
    (void)state;
    assert_float_equal(mean_exponent(0, 12), 0, 0.06);
}

static void random_phase_images_give_their_exponent_back(void **state) {
    (void)state;
    assert_float_equal(mean_exponent(1, 6), 1, 0.1);
    assert_float_equal(mean_exponent(1.3, 6), 1.3, 0.1);
    assert_float_equal(mean_exponent(2, 6), 2, 0.1);
}

static void quarter_turn_brightness_and_contrast_change_nothing(void **state) {
    (void)state;
    static float gray[SIDE * SIDE], turned[SIDE * SIDE], dimmed[SIDE * SIDE];
    random_phase(gray, 1.2, 3);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            turned[x * SIDE + SIDE - 1 - y] = gray[y * SIDE + x];
            dimmed[y * SIDE + x] = 0.2f + 0.3f * gray[y * SIDE + x];
        }
    assert_float_equal(exponent_of(turned), exponent_of(gray), 1e-4);
    assert_float_equal(exponent_of(dimmed), exponent_of(gray), 1e-3);
}

static void blur_raises_and_noise_lowers_the_exponent(void **state) {
    (void)state;
    static float gray[SIDE * SIDE], blurred[SIDE * SIDE], noisy[SIDE * SIDE], noise[SIDE * SIDE];
    random_phase(gray, 1.2, 4);
    white_noise(noise, 4);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            float sum = 0;
            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++) sum += gray[(y + dy + SIDE) % SIDE * SIDE + (x + dx + SIDE) % SIDE];
            blurred[y * SIDE + x] = sum / 9;
            noisy[y * SIDE + x] = gray[y * SIDE + x] + 0.5f * noise[y * SIDE + x];
        }
    assert_true(exponent_of(blurred) > exponent_of(gray) + 0.05);
    assert_true(exponent_of(noisy) < exponent_of(gray) - 0.05);
}

static void hard_edged_disks_lie_where_shape_scenes_do(void **state) {
    (void)state;
    static float gray[SIDE * SIDE];
    double sum = 0;
    for (int image = 0; image < 6; image++) {
        Rng rng = rng_stream(13, RNG_TEST, (uint64_t)image, 0);
        for (int i = 0; i < SIDE * SIDE; i++) gray[i] = 0;
        for (int disk = 0; disk < 150; disk++) {
            double radius = -8 * log(1 - rng_unit_double(&rng)), value = rng_unit_double(&rng);
            double cx = SIDE * rng_unit_double(&rng), cy = SIDE * rng_unit_double(&rng);
            for (int i = 0; i < SIDE * SIDE; i++)
                if (hypot(i % SIDE - cx, i / SIDE - cy) < radius) gray[i] = (float)value;
        }
        sum += exponent_of(gray) / 6;
    }
    assert_float_equal(sum, 1.45, 0.15);
}

static void a_plain_image_has_no_spectrum(void **state) {
    (void)state;
    Spectrum *spectrum;
    double log_amplitude[SPECTRUM_POINTS_MAX];
    uint8_t *black = calloc(64 * 64 * 3, 1);
    assert_int_equal(spectrum_new(&spectrum, 64), ERR_NONE);
    assert_false(spectrum_of_pixels(log_amplitude, spectrum, black));
    spectrum_free(&spectrum);
    free(black);
}

static void the_fit_of_a_straight_line_is_exact(void **state) {
    (void)state;
    double log_amplitude[20];
    for (int i = 0; i < 20; i++) log_amplitude[i] = 3 - 1.25 * (log(4) + i * log(2) / SPECTRUM_PER_OCTAVE);
    SpectrumFit fit = spectrum_fit(log_amplitude, 20);
    assert_float_equal(fit.exponent, 1.25, 1e-12);
    assert_float_equal(fit.intercept, 3, 1e-12);
    assert_float_equal(fit.r2, 1, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_noise_has_exponent_zero),
        cmocka_unit_test(random_phase_images_give_their_exponent_back),
        cmocka_unit_test(quarter_turn_brightness_and_contrast_change_nothing),
        cmocka_unit_test(blur_raises_and_noise_lowers_the_exponent),
        cmocka_unit_test(hard_edged_disks_lie_where_shape_scenes_do),
        cmocka_unit_test(a_plain_image_has_no_spectrum),
        cmocka_unit_test(the_fit_of_a_straight_line_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
