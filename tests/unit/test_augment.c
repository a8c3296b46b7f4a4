/* video/transform/augment - flips, erasing, mixing and their targets. */
#include "video/transform/augment.h"

#include "support/unit.h"

#include <math.h>

static const ClipShape shape = {3, 10, 12};
enum { COUNT = 3 * 10 * 12 * 3 };

static Rng stream(uint64_t item) {
    return rng_stream(13, RNG_TEST, item, 0);
}

static void fill(float clip[COUNT], float start) {
    for (int i = 0; i < COUNT; i++) clip[i] = start + (float)i;
}

static void test_normalizing_uses_the_imagenet_constants(void **state) {
    (void)state;
    float pixel[3] = {255 * 0.485F, 0, 255};
    augment_normalize(pixel, (ClipShape){1, 1, 1});
    assert_float_equal(pixel[0], 0, 1e-5);
    assert_float_equal(pixel[1], -0.456 / 0.224, 1e-5);
    assert_float_equal(pixel[2], (1 - 0.406) / 0.225, 1e-5);
}

static void test_flipping_mirrors_rows_and_twice_is_nothing(void **state) {
    (void)state;
    float clip[COUNT], before[COUNT];
    fill(clip, 0);
    fill(before, 0);
    augment_flip(clip, shape);
    for (int row = 0; row < 30; row++)
        for (int x = 0; x < 12; x++)
            for (int c = 0; c < 3; c++)
                assert_true(clip[(row * 12 + x) * 3 + c] == before[(row * 12 + 11 - x) * 3 + c]);
    augment_flip(clip, shape);
    assert_memory_equal(clip, before, sizeof clip);
}

/* The changed values of each frame form the same box; returns its area, 0 when nothing changed. */
static int erased_area(const float clip[COUNT], float original) {
    int area = 0;
    for (int i = 0; i < 120; i++) {
        bool changed = clip[3 * i] != original;
        for (int f = 0; f < 3; f++)
            for (int c = 0; c < 3; c++) assert_int_equal(clip[(f * 120 + i) * 3 + c] != original, changed);
        area += changed;
    }
    return area;
}

static void test_erasing_hits_a_quarter_of_the_clips_with_one_box_for_all_frames(void **state) {
    (void)state;
    int n_erased = 0;
    double sum = 0, squares = 0, n_values = 0;
    for (uint64_t item = 0; item < 1000; item++) {
        float clip[COUNT];
        for (int i = 0; i < COUNT; i++) clip[i] = 100;
        Rng rng = stream(item);
        augment_erase(clip, shape, 0.25, &rng);
        int area = erased_area(clip, 100);
        n_erased += area > 0;
        assert_true(area <= 50);
        for (int i = 0; i < COUNT; i++) {
            if (clip[i] == 100) continue;
            sum += clip[i];
            squares += clip[i] * clip[i];
            n_values++;
        }
    }
    assert_in_range(n_erased, 200, 300);
    assert_true(fabs(sum / n_values) < 0.03 && fabs(squares / n_values - 1) < 0.05);
}

static void test_mixup_keeps_the_sum_of_a_pair(void **state) {
    (void)state;
    float a[COUNT], b[COUNT];
    fill(a, 0);
    fill(b, 1000);
    const AugmentMix mix = {.cut = false, .lambda = 0.75};
    augment_mix_pair(a, b, shape, &mix);
    assert_float_equal(a[5], 0.75 * 5 + 0.25 * 1005, 1e-3);
    assert_float_equal(b[5], 0.25 * 5 + 0.75 * 1005, 1e-3);
}

static void test_cutmix_exchanges_a_box_and_lambda_is_what_stays(void **state) {
    (void)state;
    bool seen_clipped = false;
    for (uint64_t item = 0; item < 300; item++) {
        float a[COUNT], b[COUNT];
        for (int i = 0; i < COUNT; i++) a[i] = 1, b[i] = 2;
        Rng rng = stream(item);
        AugmentMix mix = augment_draw_mix(shape, 0, 1, &rng);
        assert_true(mix.cut && mix.lambda >= 0 && mix.lambda <= 1);
        augment_mix_pair(a, b, shape, &mix);
        int n_foreign = 0;
        for (int i = 0; i < COUNT; i++) {
            assert_true(a[i] + b[i] == 3);
            n_foreign += a[i] == 2;
        }
        assert_float_equal(1 - (double)n_foreign / COUNT, mix.lambda, 1e-9);
        seen_clipped = seen_clipped || mix.box.x == 0;
    }
    assert_true(seen_clipped);
}

static void test_mixup_and_cutmix_come_equally_often(void **state) {
    (void)state;
    int n_cut = 0;
    double mean = 0;
    for (uint64_t item = 0; item < 2000; item++) {
        Rng rng = stream(item);
        AugmentMix mix = augment_draw_mix(shape, 0.8, 1, &rng);
        n_cut += mix.cut;
        if (!mix.cut) mean += mix.lambda;
    }
    assert_in_range(n_cut, 900, 1100);
    assert_float_equal(mean / (2000 - n_cut), 0.5, 0.04);
    Rng rng = stream(0);
    assert_true(augment_draw_mix(shape, 0, 0, &rng).lambda == 1);
}

static void test_targets_are_smoothed_and_sum_to_one(void **state) {
    (void)state;
    float target[5];
    augment_target(target, 5, 1, 3, 0.7, 0.1);
    const float expected[5] = {0.02F, 0.65F, 0.02F, 0.29F, 0.02F};
    for (int k = 0; k < 5; k++) assert_float_equal(target[k], expected[k], 1e-6);
    augment_target(target, 5, 2, 2, 0.3, 0);
    assert_true(target[2] == 1 && target[0] == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalizing_uses_the_imagenet_constants),
        cmocka_unit_test(test_flipping_mirrors_rows_and_twice_is_nothing),
        cmocka_unit_test(test_erasing_hits_a_quarter_of_the_clips_with_one_box_for_all_frames),
        cmocka_unit_test(test_mixup_keeps_the_sum_of_a_pair),
        cmocka_unit_test(test_cutmix_exchanges_a_box_and_lambda_is_what_stays),
        cmocka_unit_test(test_mixup_and_cutmix_come_equally_often),
        cmocka_unit_test(test_targets_are_smoothed_and_sum_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
