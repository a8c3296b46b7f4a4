#include "math/fft.h"
#include "math/rng.h"

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { H = 6, W = 8 };

/* |F(u, v)| by the definition. */
static double amplitude_ref(const float *x, int u, int v) {
    double _Complex sum = 0;
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++)
            sum += (double)x[i * W + j] * cexp(-2 * M_PI * _Complex_I * ((double)u * i / H + (double)v * j / W));
    return cabs(sum);
}

static void transform_matches_the_definition_at_every_frequency(void **state) {
    (void)state;
    Fft2 *fft;
    assert_int_equal(fft2_new(&fft, H, W), ERR_NONE);
    float *x = fft2_input(fft);
    Rng rng = rng_stream(3, RNG_TEST, 0, 0);
    for (int i = 0; i < H * W; i++) x[i] = rng_normal(&rng);
    fft2_run(fft);
    for (int u = -H / 2; u <= H / 2; u++)
        for (int v = -W / 2; v <= W / 2; v++)
            assert_float_equal(fft2_amplitude(fft, u, v), amplitude_ref(x, u, v), 1e-4);
    fft2_free(&fft);
    assert_null(fft);
}

static void a_plane_wave_has_one_pair_of_peaks(void **state) {
    (void)state;
    Fft2 *fft;
    assert_int_equal(fft2_new(&fft, 16, 16), ERR_NONE);
    for (int i = 0; i < 256; i++) fft2_input(fft)[i] = cosf((float)(2 * M_PI * (3 * (i / 16) + 2 * (i % 16)) / 16));
    fft2_run(fft);
    assert_float_equal(fft2_amplitude(fft, 3, 2), 128, 1e-3);
    assert_float_equal(fft2_amplitude(fft, -3, -2), 128, 1e-3);
    assert_float_equal(fft2_amplitude(fft, 2, 3), 0, 1e-3);
    fft2_free(&fft);
}

static void two_plans_give_the_same_bits(void **state) {
    (void)state;
    Fft2 *a, *b;
    assert_int_equal(fft2_new(&a, 64, 64), ERR_NONE);
    assert_int_equal(fft2_new(&b, 64, 64), ERR_NONE);
    for (int i = 0; i < 64 * 64; i++) fft2_input(a)[i] = fft2_input(b)[i] = (float)((i * 7919) % 1013);
    fft2_run(a);
    fft2_run(b);
    for (int u = 0; u < 32; u++)
        for (int v = 0; v < 32; v++) assert_true(fft2_amplitude(a, u, v) == fft2_amplitude(b, u, v));
    fft2_free(&a);
    fft2_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transform_matches_the_definition_at_every_frequency),
        cmocka_unit_test(a_plane_wave_has_one_pair_of_peaks),
        cmocka_unit_test(two_plans_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
