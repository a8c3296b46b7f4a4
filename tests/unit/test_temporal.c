#include "analysis/measure/internal/formulas.h"
#include "math/rng.h"

#include "support/unit.h"

#include <math.h>

enum { SIDE = 64, FRAMES = 16 };

static Frames make_clip(void) {
    Frames clip = {0};
    assert_ok(frames_shape(&clip, FRAMES, SIDE, SIDE));
    return clip;
}

/* Every pixel flickers with random phases and amplitude 1/k^a. */
static double exponent_of_flicker(double a) {
    Frames clip = make_clip();
    double log_amplitude[TEMPORAL_POINTS_MAX];
    for (int i = 0; i < SIDE * SIDE; i++) {
        Rng rng = rng_stream(9, RNG_TEST, (uint64_t)i, 0);
        double value[FRAMES] = {0};
        for (int k = 1; k <= FRAMES / 2; k++) {
            double phase = 2 * M_PI * rng_unit_double(&rng);
            for (int t = 0; t < FRAMES; t++) value[t] += 25 * pow(k, -a) * cos(2 * M_PI * k * t / FRAMES + phase);
        }
        for (int t = 0; t < FRAMES; t++)
            memset(frames_at(&clip, t) + 3 * i, (int)fmin(255, fmax(0, 128 + value[t])), 3);
    }
    assert_true(temporal_of_clip(log_amplitude, &clip));
    frames_free(&clip);
    return temporal_exponent(log_amplitude, temporal_points(FRAMES));
}

static void flicker_gives_its_exponent_back(void **state) {
    (void)state;
    assert_float_equal(exponent_of_flicker(0), 0, 0.15);
    assert_float_equal(exponent_of_flicker(0.5), 0.5, 0.15);
    assert_true(exponent_of_flicker(1) > exponent_of_flicker(0.5));
}

static void what_stands_still_has_no_temporal_spectrum(void **state) {
    (void)state;
    Frames clip = make_clip();
    double log_amplitude[TEMPORAL_POINTS_MAX];
    for (int t = 0; t < FRAMES; t++)
        for (int i = 0; i < 3 * SIDE * SIDE; i++) frames_at(&clip, t)[i] = (uint8_t)(i * 37 % 251);
    assert_false(temporal_of_clip(log_amplitude, &clip));
    clip.n_frames = TEMPORAL_FRAMES_MIN - 1;
    assert_false(temporal_of_clip(log_amplitude, &clip));
    clip.n_frames = FRAMES;
    frames_free(&clip);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flicker_gives_its_exponent_back),
        cmocka_unit_test(what_stands_still_has_no_temporal_spectrum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
