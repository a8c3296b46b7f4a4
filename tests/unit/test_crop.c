/* video/transform/crop - boxes of VideoMAE's loaders. */
#include "video/transform/crop.h"

#include "support/unit.h"

static Rng stream(uint64_t item) {
    return rng_stream(11, RNG_TEST, item, 0);
}

static void test_multi_scale_boxes_of_a_256_square_are_the_papers(void **state) {
    (void)state;
    static const int sides[4] = {256, 224, 192, 168};
    int pair_counts[4][4] = {0}, n_offsets = 0;
    bool seen[5][5] = {0};
    for (uint64_t item = 0; item < 20000; item++) {
        Rng rng = stream(item);
        Box box = crop_multi_scale(256, 256, 224, &rng);
        int w = 0, h = 0;
        while (w < 4 && sides[w] != box.width) w++;
        while (h < 4 && sides[h] != box.height) h++;
        assert_true(w < 4 && h < 4 && abs(w - h) <= 1);
        pair_counts[h][w]++;
        if (box.width == 192 && box.height == 192) {
            assert_int_equal(box.x % 16, 0);
            assert_int_equal(box.y % 16, 0);
            if (!seen[box.y / 16][box.x / 16]) n_offsets++;
            seen[box.y / 16][box.x / 16] = true;
        }
    }
    assert_int_equal(n_offsets, 13);
    assert_true(seen[1][3] && seen[0][2] && !seen[0][1] && !seen[1][2]);
    for (int h = 0; h < 4; h++)
        for (int w = 0; w < 4; w++)
            if (abs(h - w) <= 1) assert_in_range(pair_counts[h][w], 1800, 2200);
}

static void test_a_side_near_the_target_becomes_the_target(void **state) {
    (void)state;
    bool seen = false;
    for (uint64_t item = 0; item < 200; item++) {
        Rng rng = stream(item);
        Box box = crop_multi_scale(300, 226, 224, &rng);
        assert_int_not_equal(box.width, 226);
        seen = seen || box.width == 224;
    }
    assert_true(seen);
}

static void test_random_boxes_stay_inside_any_frame(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {2, 300}, {223, 223}, {37, 53}, {240, 320}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (uint64_t item = 0; item < 500; item++) {
            int height = sizes[s][0], width = sizes[s][1];
            Rng rng = stream(item);
            const Box boxes[2] = {crop_multi_scale(height, width, 224, &rng), crop_random_resized(height, width, &rng)};
            for (int b = 0; b < 2; b++) {
                assert_true(boxes[b].width > 0 && boxes[b].height > 0 && boxes[b].x >= 0 && boxes[b].y >= 0);
                assert_true(boxes[b].x + boxes[b].width <= width && boxes[b].y + boxes[b].height <= height);
            }
        }
}

static void test_random_resized_areas_and_aspects_are_in_range(void **state) {
    (void)state;
    double mean = 0;
    for (uint64_t item = 0; item < 4000; item++) {
        Rng rng = stream(item);
        Box box = crop_random_resized(240, 320, &rng);
        double aspect = (double)box.width / box.height, share = (double)box.width * box.height / (240 * 320);
        assert_true(aspect > 0.73 && aspect < 1.36 && share > 0.075 && share <= 1);
        mean += share / 4000;
    }
    assert_true(mean > 0.42 && mean < 0.54);
}

static void test_an_extreme_frame_falls_back_to_the_largest_centered_box(void **state) {
    (void)state;
    Rng rng = stream(0);
    Box box = crop_random_resized(3, 3000, &rng);
    assert_int_equal(box.height, 3);
    assert_int_equal(box.width, 4);
    assert_int_equal(box.x, 1498);
}

static void test_three_crops_of_a_298_wide_frame(void **state) {
    (void)state;
    static const int offsets[3] = {0, 37, 74};
    for (int crop = 0; crop < 3; crop++) {
        Box across = crop_of_several(224, 298, 224, crop, 3), down = crop_of_several(298, 224, 224, crop, 3);
        assert_int_equal(across.x, offsets[crop]);
        assert_int_equal(across.y, 0);
        assert_int_equal(down.y, offsets[crop]);
        assert_int_equal(down.x, 0);
    }
    assert_int_equal(crop_of_several(224, 298, 224, 0, 1).x, 37);
    assert_int_equal(crop_of_several(224, 224, 224, 2, 3).x, 0);
}

static void test_a_copy_holds_the_pixels_of_the_box(void **state) {
    (void)state;
    Frames in = {0}, out = {0};
    assert_ok(frames_shape(&in, 2, 6, 8));
    for (size_t i = 0; i < 2 * 6 * 8 * 3; i++) in.data[i] = (uint8_t)i;
    assert_ok(crop_copy(&out, &in, (Box){3, 2, 4, 3}));
    for (int f = 0; f < 2; f++)
        for (int y = 0; y < 3; y++)
            assert_memory_equal(frames_at(&out, f) + y * 12, frames_at(&in, f) + ((y + 2) * 8 + 3) * 3, 12);
    frames_free(&out);
    frames_free(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_multi_scale_boxes_of_a_256_square_are_the_papers),
        cmocka_unit_test(test_a_side_near_the_target_becomes_the_target),
        cmocka_unit_test(test_random_boxes_stay_inside_any_frame),
        cmocka_unit_test(test_random_resized_areas_and_aspects_are_in_range),
        cmocka_unit_test(test_an_extreme_frame_falls_back_to_the_largest_centered_box),
        cmocka_unit_test(test_three_crops_of_a_298_wide_frame),
        cmocka_unit_test(test_a_copy_holds_the_pixels_of_the_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
