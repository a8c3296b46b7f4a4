/* video/transform/resize - bit for bit what Pillow and OpenCV do (tests/oracle/resize_golden.py). */
#include "video/transform/resize.h"

#include "support/records.h"

#include <math.h>

static const struct {
    int height, width;
} sizes[] = {{17, 23}, {45, 60}, {30, 40}, {30, 16}, {64, 40}, {1, 1}, {7, 90}};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

typedef Err (*Resize)(Frames *, const Frames *, const Box *, int, int);

static void expect_golden(Resize resize, const char *family, const char *input) {
    Records records = records_open("resize.bin");
    Frames in = {0}, out = {0}, expected = {0};
    records_frames(&in, &records, input);
    for (size_t i = 0; i < N_SIZES; i++) {
        char name[NAME_SIZE];
        assert_ok(text_format(name, sizeof name, "%s-%s-%dx%d", family, input, sizes[i].height, sizes[i].width));
        records_frames(&expected, &records, name);
        assert_ok(resize(&out, &in, NULL, sizes[i].height, sizes[i].width));
        if (frames_difference(&out, &expected) != 0) fail_msg("%s differs", name);
    }
    frames_free(&expected);
    frames_free(&out);
    frames_free(&in);
    records_close(&records);
}

static void test_antialiased_equals_pillow(void **state) {
    (void)state;
    expect_golden(resize_antialiased, "pillow", "input");
    expect_golden(resize_antialiased, "pillow", "extremes");
}

static void test_bilinear_equals_opencv(void **state) {
    (void)state;
    expect_golden(resize_bilinear, "opencv", "input");
    expect_golden(resize_bilinear, "opencv", "extremes");
}

static void test_nearest_equals_opencv(void **state) {
    (void)state;
    expect_golden(resize_nearest, "nearest", "input");
}

static void test_a_box_is_resized_as_if_cut_out_first(void **state) {
    (void)state;
    Records records = records_open("resize.bin");
    Frames in = {0}, out = {0}, expected = {0};
    const Box box = {5, 3, 21, 19};
    records_frames(&in, &records, "input");
    records_frames(&expected, &records, "pillow-box");
    assert_ok(resize_antialiased(&out, &in, &box, 16, 16));
    assert_int_equal(frames_difference(&out, &expected), 0);
    records_frames(&expected, &records, "opencv-box");
    assert_ok(resize_bilinear(&out, &in, &box, 16, 16));
    assert_int_equal(frames_difference(&out, &expected), 0);
    frames_free(&expected);
    frames_free(&out);
    frames_free(&in);
    records_close(&records);
}

static void test_all_frames_of_a_clip_are_resized_alike(void **state) {
    (void)state;
    Frames one = {0}, three = {0}, small = {0}, smalls = {0};
    assert_ok(frames_shape(&one, 1, 9, 14));
    assert_ok(frames_shape(&three, 3, 9, 14));
    for (size_t i = 0; i < frames_frame_bytes(&one); i++) one.data[i] = (uint8_t)(i * 37);
    for (int f = 0; f < 3; f++) memcpy(frames_at(&three, f), one.data, frames_frame_bytes(&one));
    const Resize all[] = {resize_antialiased, resize_bilinear, resize_nearest};
    for (size_t r = 0; r < 3; r++) {
        assert_ok(all[r](&small, &one, NULL, 5, 20));
        assert_ok(all[r](&smalls, &three, NULL, 5, 20));
        for (int f = 0; f < 3; f++) assert_memory_equal(frames_at(&smalls, f), small.data, frames_frame_bytes(&small));
    }
    frames_free(&smalls);
    frames_free(&small);
    frames_free(&three);
    frames_free(&one);
}

static void test_unrounded_floats_agree_with_bytes_within_one_level(void **state) {
    (void)state;
    Records records = records_open("resize.bin");
    Frames in = {0}, rounded = {0};
    records_frames(&in, &records, "input");
    assert_ok(resize_bilinear(&rounded, &in, NULL, 17, 23));
    float *exact = malloc(17 * 23 * 3 * sizeof *exact);
    assert_non_null(exact);
    assert_ok(resize_bilinear_floats(exact, &in, NULL, 17, 23));
    for (size_t i = 0; i < 17 * 23 * 3; i++) assert_true(fabsf(exact[i] - rounded.data[i]) < 0.76F);
    free(exact);
    frames_free(&rounded);
    frames_free(&in);
    records_close(&records);
}

static void test_floats_interpolate_between_half_pixel_centers(void **state) {
    (void)state;
    Frames in = {0};
    assert_ok(frames_shape(&in, 1, 1, 2));
    const uint8_t pair[6] = {0, 10, 20, 100, 110, 120};
    memcpy(in.data, pair, sizeof pair);
    float out[12];
    assert_ok(resize_bilinear_floats(out, &in, NULL, 1, 4));
    const float expected[12] = {0, 10, 20, 25, 35, 45, 75, 85, 95, 100, 110, 120};
    for (int i = 0; i < 12; i++) assert_float_equal(out[i], expected[i], 1e-5);
    frames_free(&in);
}

static void test_the_short_side_is_exact_and_the_long_side_truncated(void **state) {
    (void)state;
    int height, width;
    resize_short_side(&height, &width, 240, 320, 224);
    assert_int_equal(height, 224);
    assert_int_equal(width, 298);
    resize_short_side(&height, &width, 320, 240, 224);
    assert_int_equal(height, 298);
    assert_int_equal(width, 224);
    resize_short_side(&height, &width, 50, 50, 224);
    assert_int_equal(height, 224);
    assert_int_equal(width, 224);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_antialiased_equals_pillow),
        cmocka_unit_test(test_bilinear_equals_opencv),
        cmocka_unit_test(test_nearest_equals_opencv),
        cmocka_unit_test(test_a_box_is_resized_as_if_cut_out_first),
        cmocka_unit_test(test_all_frames_of_a_clip_are_resized_alike),
        cmocka_unit_test(test_unrounded_floats_agree_with_bytes_within_one_level),
        cmocka_unit_test(test_floats_interpolate_between_half_pixel_centers),
        cmocka_unit_test(test_the_short_side_is_exact_and_the_long_side_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
