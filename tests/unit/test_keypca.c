#include "analysis/measure/internal/formulas.h"
#include "math/rng.h"

#include "support/unit.h"

#include <math.h>

enum { CLIPS = 12, POSITIONS = 40, DIMS = 10 };

static float keys[CLIPS][POSITIONS][DIMS];

/* Directions of decreasing strength, an offset, and `place` of a pattern that depends on the position only. */
static void draw_keys(double place) {
    for (int c = 0; c < CLIPS; c++)
        for (int p = 0; p < POSITIONS; p++)
            for (int d = 0; d < DIMS; d++) {
                Rng rng = rng_stream(5, RNG_TEST, (uint64_t)((c * POSITIONS + p) * DIMS + d), 0);
                keys[c][p][d] = (float)((double)rng_normal(&rng) * 3 / (1 + d) + 2 + place * sin(p + d));
            }
}

static KeyPca fit(int parts) {
    KeyPca pca;
    size_t doubles = keysums_doubles(POSITIONS, DIMS);
    double *blocks = calloc((size_t)parts * doubles, sizeof *blocks);
    for (int c = 0; c < CLIPS; c++)
        assert_ok(keysums_add(&(KeySums){POSITIONS, DIMS, blocks + (size_t)(c * parts / CLIPS) * doubles}, keys[c][0]));
    for (int i = 1; i < parts; i++)
        keysums_merge(&(KeySums){POSITIONS, DIMS, blocks}, &(KeySums){POSITIONS, DIMS, blocks + (size_t)i * doubles});
    assert_ok(keypca_fit(&pca, &(KeySums){POSITIONS, DIMS, blocks}));
    free(blocks);
    return pca;
}

static void projections_are_uncorrelated_with_the_variances_of_the_components(void **state) {
    (void)state;
    draw_keys(0.5);
    KeyPca pca = fit(1);
    double sums[3][3] = {{0}}, n = CLIPS * POSITIONS;
    for (int c = 0; c < CLIPS; c++)
        for (int p = 0; p < POSITIONS; p++) {
            double z[3];
            keypca_project(z, &pca, keys[c][p]);
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++) sums[i][j] += z[i] * z[j] / (n - 1);
        }
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            assert_float_equal(sums[i][j], i == j ? pca.variance[i] : 0, 1e-9 * pca.variance[0]);
    assert_true(pca.variance[0] > pca.variance[1] && pca.variance[1] > pca.variance[2]);
    assert_true(pca.explained[0] + pca.explained[1] + pca.explained[2] < 1);
    keypca_free(&pca);
}

/* A rotation in the plane of two dimensions after another: variances and projections stay, up to sign. */
static void an_orthogonal_mix_of_dimensions_changes_no_projection(void **state) {
    (void)state;
    double before[3], after[3];
    draw_keys(0.5);
    KeyPca plain = fit(1);
    keypca_project(before, &plain, keys[3][7]);
    for (int c = 0; c < CLIPS; c++)
        for (int p = 0; p < POSITIONS; p++)
            for (int d = 0; d + 1 < DIMS; d++) {
                float a = keys[c][p][d], b = keys[c][p][d + 1];
                keys[c][p][d] = 0.8f * a + 0.6f * b;
                keys[c][p][d + 1] = -0.6f * a + 0.8f * b;
            }
    KeyPca mixed = fit(1);
    keypca_project(after, &mixed, keys[3][7]);
    for (int i = 0; i < 3; i++) {
        assert_float_equal(mixed.variance[i], plain.variance[i], 1e-5 * plain.variance[0]);
        assert_float_equal(fabs(after[i]), fabs(before[i]), 1e-4);
    }
    assert_float_equal(mixed.position_share, plain.position_share, 1e-5);
    keypca_free(&plain);
    keypca_free(&mixed);
}

static void parts_give_what_the_whole_gives(void **state) {
    (void)state;
    draw_keys(0.5);
    KeyPca whole = fit(1), parts = fit(4);
    for (int i = 0; i < 3; i++) assert_float_equal(parts.variance[i], whole.variance[i], 1e-10 * whole.variance[0]);
    for (int i = 0; i < 3 * DIMS; i++) assert_float_equal(parts.axes[i], whole.axes[i], 1e-9);
    keypca_free(&whole);
    keypca_free(&parts);
}

/* Independent keys: between-position variance is 1/clips of the whole by chance; a strong pattern takes it all. */
static void position_explains_what_it_does(void **state) {
    (void)state;
    draw_keys(0);
    KeyPca none = fit(1);
    draw_keys(100);
    KeyPca all = fit(1);
    assert_float_equal(none.position_share, 1.0 / CLIPS, 0.03);
    assert_true(all.position_share > 0.999 && all.position_share <= 1);
    keypca_free(&none);
    keypca_free(&all);
}

static void one_clip_is_refused(void **state) {
    (void)state;
    KeyPca pca;
    double *block = calloc(keysums_doubles(POSITIONS, DIMS), sizeof *block);
    assert_ok(keysums_add(&(KeySums){POSITIONS, DIMS, block}, keys[0][0]));
    assert_fails(keypca_fit(&pca, &(KeySums){POSITIONS, DIMS, block}), ERR_INPUT, "at least 2");
    free(block);
}

static void maps_run_from_dark_to_bright(void **state) {
    (void)state;
    Frames maps = {0};
    const double values[2 * 4 * 3] = {0, 5, 7, 1, 5, 7, 2, 5, 7, 4, 5, 7, /* second slot: */ 0,
                                      5, 8, 0, 5, 8, 0, 5, 8, 8, 5, 8};
    assert_ok(keymap_paint(&maps, values, 2, 2, 6, false));
    assert_int_equal(frames_at(&maps, 0)[0], 0);
    assert_int_equal(frames_at(&maps, 0)[3 * 35], 255);    /* last pixel, red */
    assert_int_equal(frames_at(&maps, 0)[3 * 35 + 1], 0);  /* green does not vary */
    assert_int_equal(frames_at(&maps, 0)[3 * 3], 255 / 4); /* the second token, truncated */
    assert_ok(keymap_paint(&maps, values, 2, 2, 6, true));
    assert_int_equal(frames_at(&maps, 0)[3 * 35], 127);     /* over both slots the brightest is in the second */
    assert_int_equal(frames_at(&maps, 1)[3 * 35 + 2], 255); /* blue varies between slots only */
    frames_free(&maps);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projections_are_uncorrelated_with_the_variances_of_the_components),
        cmocka_unit_test(an_orthogonal_mix_of_dimensions_changes_no_projection),
        cmocka_unit_test(parts_give_what_the_whole_gives),
        cmocka_unit_test(position_explains_what_it_does),
        cmocka_unit_test(one_clip_is_refused),
        cmocka_unit_test(maps_run_from_dark_to_bright),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
