/* video/media/image - pictures in every form give the pixels they stand for; bad ones say why. */
#include "video/media/image.h"

#include "support/records.h"

static void expect_file(const char *name, int tolerance) {
    char path[PATH_SIZE];
    Records records = records_open("images.bin");
    Frames expected = {0}, actual = {0};
    records_frames(&expected, &records, name);
    assert_ok(text_format(path, sizeof path, "%s/images/%s", SYNVID_TEST_DATA, name));
    assert_ok(image_read(&actual, path));
    int difference = frames_difference(&actual, &expected);
    if (difference > tolerance) fail_msg("%s: differs by up to %d", name, difference);
    frames_free(&actual);
    frames_free(&expected);
    records_close(&records);
}

static void test_lossless_formats_are_read_exactly(void **state) {
    (void)state;
    const char *const names[] = {"rgb.png",       "rgb.bmp",  "rgb.tif",     "rgb.ppm",
                                 "lossless.webp", "gray.png", "palette.png", "palette.gif"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) expect_file(names[i], 0);
}

static void test_16_bit_images_are_read_within_one_level(void **state) {
    (void)state;
    expect_file("gray16.png", 1); /* swscale keeps 15 bits on the way */
    expect_file("rgb16.png", 1);
}

static void test_alpha_is_composited_over_black(void **state) {
    (void)state;
    expect_file("alpha.png", 0);
}

static void test_jpeg_agrees_with_another_decoder(void **state) {
    (void)state;
    expect_file("gray.jpg", 1);
    expect_file("smooth.jpg", 6); /* chroma is enlarged differently */
    expect_file("cmyk.jpg", 4);
}

static void fill(Frames *frames, int height, int width) {
    assert_ok(frames_shape(frames, 2, height, width));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                for (int f = 0; f < 2; f++)
                    frames_at(frames, f)[((size_t)y * (size_t)width + (size_t)x) * 3 + (size_t)c] =
                        (uint8_t)(f * 40 + x * (c + 1) + y * (3 - c));
}

/* The first `length` bytes of the picture, read back from a file. */
static Err read_back(Frames *back, const void *bytes, size_t length, const char *name) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    scratch_make(folder);
    assert_ok(path_join(path, sizeof path, folder, name));
    assert_ok(file_write_whole(path, bytes, length));
    Err err = image_read(back, path);
    scratch_remove(folder);
    return err;
}

static void test_png_round_trip_is_exact_for_any_width(void **state) {
    (void)state;
    Frames frames = {0}, back = {0};
    for (int width = 1; width < 40; width += 6) {
        uint8_t *bytes = NULL;
        size_t length = 0;
        fill(&frames, 7, width);
        assert_ok(image_encode_png(&bytes, &length, &frames, 1));
        assert_ok(read_back(&back, bytes, length, "whole.png"));
        assert_int_equal(back.width, width);
        assert_memory_equal(back.data, frames_at(&frames, 1), frames_frame_bytes(&frames));
        free(bytes);
    }
    frames_free(&back);
    frames_free(&frames);
}

static void test_what_is_no_image_is_refused_with_its_name(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    Frames out = {0};
    scratch_make(folder);
    assert_fails(image_read(&out, "/nonexistent/x.png"), ERR_INPUT, "/nonexistent/x.png");
    assert_fails(image_read(&out, scratch_write(path, folder, "empty.png", "")), ERR_INPUT, "empty");
    assert_fails(image_read(&out, scratch_write(path, folder, "text.png", "these are words\n")), ERR_INPUT, "text.png");
    assert_fails(image_read(&out, folder), ERR_INPUT, "not a regular file");
    frames_free(&out);
    scratch_remove(folder);
}

static void test_a_truncated_image_does_not_pass(void **state) {
    (void)state;
    Frames frames = {0}, back = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;
    fill(&frames, 20, 20);
    assert_ok(image_encode_png(&bytes, &length, &frames, 0));
    assert_fails(read_back(&back, bytes, 40, "cut.png"), ERR_INPUT, "cut.png");
    free(bytes);
    frames_free(&back);
    frames_free(&frames);
}

static void test_an_absurd_size_is_refused_before_memory_is_taken(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    Frames out = {0};
    scratch_make(folder);
    assert_fails(image_read(&out, scratch_write(path, folder, "huge.ppm", "P6 100000 100000 255\n.............")),
                 ERR_INPUT, "huge.ppm");
    frames_free(&out);
    scratch_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lossless_formats_are_read_exactly),
        cmocka_unit_test(test_16_bit_images_are_read_within_one_level),
        cmocka_unit_test(test_alpha_is_composited_over_black),
        cmocka_unit_test(test_jpeg_agrees_with_another_decoder),
        cmocka_unit_test(test_png_round_trip_is_exact_for_any_width),
        cmocka_unit_test(test_what_is_no_image_is_refused_with_its_name),
        cmocka_unit_test(test_a_truncated_image_does_not_pass),
        cmocka_unit_test(test_an_absurd_size_is_refused_before_memory_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
