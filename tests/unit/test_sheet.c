/* video/media/sheet, video/media/font - captions can be read, every cell shows its frame. */
#include "video/media/sheet.h"

#include "support/unit.h"
#include "video/media/image.h"

static const uint8_t white[3] = {255, 255, 255};

static void blank(Frames *image, int height, int width) {
    assert_ok(frames_shape(image, 1, height, width));
    memset(image->data, 0, frames_frame_bytes(image));
}

static void test_every_letter_looks_different(void **state) {
    (void)state;
    Frames letters[95] = {0};
    for (int i = 0; i < 95; i++) {
        blank(&letters[i], FONT_HEIGHT, FONT_WIDTH);
        const char text[2] = {(char)(' ' + i), '\0'};
        font_draw(&letters[i], 0, 0, 1, white, text);
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(letters[i].data, letters[j].data, frames_frame_bytes(&letters[i]));
    }
    for (int i = 0; i < 95; i++) frames_free(&letters[i]);
}

static void test_text_is_cut_off_at_the_border(void **state) {
    (void)state;
    Frames image = {0};
    blank(&image, 4, 9);
    font_draw(&image, -3, -2, 3, white, "W\xc3\xa9");
    font_draw(&image, 8, 3, 1, white, "HHHH");
    frames_free(&image);
}

/* A clip whose frame f is of the uniform gray 10 f. */
static void gray_ramp(Frames *frames, int n_frames, int height, int width) {
    assert_ok(frames_shape(frames, n_frames, height, width));
    for (int f = 0; f < n_frames; f++) memset(frames_at(frames, f), 10 * f, frames_frame_bytes(frames));
}

static int gray_at(const Frames *image, int x, int y) {
    return image->data[(y * image->width + x) * 3];
}

static void test_a_row_shows_frames_from_the_first_to_the_last(void **state) {
    (void)state;
    Frames clip = {0}, image = {0};
    gray_ramp(&clip, 21, 12, 24);
    const SheetRow row = {NULL, &clip};
    assert_ok(sheet_make(&image, &row, 1, 3, 16));
    assert_int_equal(image.width, 8 + 3 * 32 + 2 * 2 + 8);
    assert_int_equal(image.height, 8 + 16 + 8);
    assert_int_equal(gray_at(&image, 8 + 16, 16), 0);
    assert_int_equal(gray_at(&image, 8 + 34 + 16, 16), 100);
    assert_int_equal(gray_at(&image, 8 + 68 + 16, 16), 200);
    assert_int_equal(gray_at(&image, 8 + 33, 16), 255);
    frames_free(&image);
    frames_free(&clip);
}

static void test_captions_and_short_clips_fit(void **state) {
    (void)state;
    Frames two = {0}, many = {0}, image = {0};
    gray_ramp(&two, 2, 20, 10);
    gray_ramp(&many, 9, 10, 20);
    const SheetRow rows[2] = {{"moving-circles, video 3 (two frames only)", &two}, {"b", &many}};
    assert_ok(sheet_make(&image, rows, 2, 4, 20));
    int dark = 0;
    for (int x = 0; x < image.width; x++)
        for (int y = 8; y < 22; y++) dark += gray_at(&image, x, y) == 0x20;
    assert_true(dark > 300);
    assert_int_equal(gray_at(&image, 8 + 2 * 42 + 5, 8 + 20 + 10), 255); /* no third frame in the first row */
    frames_free(&image);
    frames_free(&many);
    frames_free(&two);
}

/* A line of a picture must not make a sheet of gigabytes: at the cell's height this one would be 48,000 pixels wide. */
static void test_very_wide_frames_become_lower(void **state) {
    (void)state;
    Frames image = {0}, line = {0}, column = {0};
    assert_int_equal(frames_shape(&line, 2, 5, 30000), ERR_NONE);
    assert_int_equal(frames_shape(&column, 2, 3000, 1), ERR_NONE);
    memset(line.data, 7, 2 * frames_frame_bytes(&line));
    memset(column.data, 9, 2 * frames_frame_bytes(&column));
    const SheetRow rows[] = {{NULL, &line}, {NULL, &column}};
    assert_int_equal(sheet_make(&image, rows, 2, 2, 8), ERR_NONE);
    assert_int_equal(image.width, 2 * 8 + 2 * (4 * 8) + 2); /* margins, two cells, the gap */
    assert_int_equal(image.height, 2 * 8 + 2 * 8 + 8);
    const uint8_t *first = image.data + 3 * (8 * image.width + 8);
    assert_int_equal(first[3 * (4 * 8 - 1)], 7);           /* as wide as its cell */
    assert_int_equal(first[3 * image.width], 0xff);        /* and one pixel high */
    assert_int_equal(first[3 * image.width * (8 + 8)], 9); /* the second row is as before */
    assert_int_equal(first[3 * image.width * (8 + 8) + 3], 0xff);
    frames_free(&column);
    frames_free(&line);
    frames_free(&image);
}

static void test_the_file_is_a_png_of_the_sheet(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    Frames clip = {0}, image = {0}, back = {0};
    scratch_make(folder);
    assert_ok(path_join(path, sizeof path, folder, "sheet.png"));
    gray_ramp(&clip, 5, 16, 16);
    const SheetRow row = {"caption", &clip};
    assert_ok(sheet_write_png(path, &row, 1, 5, 16));
    assert_ok(sheet_make(&image, &row, 1, 5, 16));
    assert_ok(image_read(&back, path));
    assert_int_equal(back.width, image.width);
    assert_memory_equal(back.data, image.data, frames_frame_bytes(&image));
    frames_free(&back);
    frames_free(&image);
    frames_free(&clip);
    scratch_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_letter_looks_different),
        cmocka_unit_test(test_text_is_cut_off_at_the_border),
        cmocka_unit_test(test_a_row_shows_frames_from_the_first_to_the_last),
        cmocka_unit_test(test_captions_and_short_clips_fit),
        cmocka_unit_test(test_very_wide_frames_become_lower),
        cmocka_unit_test(test_the_file_is_a_png_of_the_sheet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
