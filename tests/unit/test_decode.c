/* video/media/decode, video/media/encode - what goes in comes out; what is no video says so. */
#include "video/media/decode.h"

#include "support/records.h"
#include "video/media/encode.h"
#include "video/media/image.h"

static const EncodeSettings lossless = {
    .codec = "ffv1", .container = "matroska", .frame_rate = 25, .intra_every = 1, .quantizer = 1};

/* A smooth picture that drifts, so that a wrong frame or a wrong direction shows. */
static void drift(Frames *frames, int n_frames, int height, int width) {
    assert_ok(frames_shape(frames, n_frames, height, width));
    for (int f = 0; f < n_frames; f++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                uint8_t *pixel = frames_at(frames, f) + (y * width + x) * 3;
                pixel[0] = (uint8_t)(40 + (x + f) * 160 / (width + n_frames));
                pixel[1] = (uint8_t)(40 + (y + 2 * f) * 160 / (height + 2 * n_frames));
                pixel[2] = (uint8_t)(20 + f * 5);
            }
}

static const char *write_bytes(char path[PATH_SIZE], const char *folder, const char *name, const void *bytes,
                               size_t length) {
    assert_ok(path_join(path, PATH_SIZE, folder, name));
    assert_ok(file_write_whole(path, bytes, length));
    return path;
}

static void test_a_lossless_video_comes_back_exactly_in_any_order(void **state) {
    (void)state;
    Frames in = {0}, out = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;
    drift(&in, 12, 37, 53);
    assert_ok(encode_memory(&bytes, &length, &in, &lossless));
    const int numbers[5] = {11, 0, 7, 7, 3};
    assert_ok(decode_frames_memory(&out, bytes, length, "memory", numbers, 5));
    for (int i = 0; i < 5; i++)
        assert_memory_equal(frames_at(&out, i), frames_at(&in, numbers[i]), frames_frame_bytes(&in));
    free(bytes);
    frames_free(&out);
    frames_free(&in);
}

static void test_the_papers_codec_keeps_every_frame_and_nearly_its_picture(void **state) {
    (void)state;
    Frames in = {0}, out = {0};
    uint8_t *bytes = NULL, *again = NULL;
    size_t length = 0, again_length = 0;
    drift(&in, 30, 64, 64);
    const EncodeSettings paper = encode_paper(64, 64);
    assert_int_equal(encode_paper(256, 256).bit_rate, 3276800);
    assert_ok(encode_memory(&bytes, &length, &in, &paper));
    assert_ok(encode_memory(&again, &again_length, &in, &paper));
    assert_int_equal(length, again_length);
    assert_memory_equal(bytes, again, length);
    int numbers[30];
    for (int i = 0; i < 30; i++) numbers[i] = i;
    assert_ok(decode_frames_memory(&out, bytes, length, "memory", numbers, 30));
    assert_true(frames_difference(&out, &in) <= 12);
    free(again);
    free(bytes);
    frames_free(&out);
    frames_free(&in);
}

static void test_delayed_frames_are_drained_at_the_end(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    Frames in = {0};
    DecodeInfo info;
    scratch_make(folder);
    assert_ok(path_join(path, sizeof path, folder, "a.mp4"));
    drift(&in, 25, 48, 64);
    const EncodeSettings preview = encode_preview();
    assert_ok(encode_file(path, &in, &preview));
    assert_ok(decode_probe(&info, path));
    assert_int_equal(info.n_frames, 25);
    assert_int_equal(info.height, 48);
    assert_int_equal(info.width, 64);
    assert_int_equal(info.n_damaged, 0);
    assert_string_equal(info.codec, "mpeg4");
    assert_false(info.still);
    frames_free(&in);
    scratch_remove(folder);
}

static void test_a_frame_beyond_the_end_names_both_numbers(void **state) {
    (void)state;
    Frames in = {0}, out = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;
    drift(&in, 4, 16, 16);
    assert_ok(encode_memory(&bytes, &length, &in, &lossless));
    const int number = 9;
    assert_fails(decode_frames_memory(&out, bytes, length, "short.mkv", &number, 1), ERR_INPUT,
                 "short.mkv: has 4 frames, frame 9");
    free(bytes);
    frames_free(&out);
    frames_free(&in);
}

static void test_one_frame_is_a_video_of_one_frame(void **state) {
    (void)state;
    Frames in = {0}, out = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;
    drift(&in, 1, 16, 16);
    const EncodeSettings preview = encode_preview();
    assert_ok(encode_memory(&bytes, &length, &in, &preview));
    const int numbers[3] = {0, 0, 0};
    assert_ok(decode_frames_memory(&out, bytes, length, "one", numbers, 3));
    assert_int_equal(out.n_frames, 3);
    free(bytes);
    frames_free(&out);
    frames_free(&in);
}

static void test_what_is_no_video_is_refused_with_its_name(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    DecodeInfo info;
    scratch_make(folder);
    assert_fails(decode_probe(&info, "/nonexistent.mp4"), ERR_INPUT, "/nonexistent.mp4: cannot open");
    assert_fails(decode_probe(&info, scratch_write(path, folder, "empty.mp4", "")), ERR_INPUT, "the file is empty");
    assert_fails(decode_probe(&info, scratch_write(path, folder, "text.mp4", "plain words, nothing more\n")), ERR_INPUT,
                 "text.mp4");
    assert_fails(decode_probe(&info, scratch_write(path, folder, "list.mp4", "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")),
                 ERR_INPUT, "list.mp4");
    assert_fails(decode_probe(&info, scratch_write(path, folder, "concat.mp4", "ffconcat version 1.0\nfile x.mp4\n")),
                 ERR_INPUT, "concat.mp4");
    assert_fails(decode_probe(&info, folder), ERR_INPUT, "not a regular file");
    scratch_remove(folder);
}

/* One second of silence: a RIFF header and zeros. */
static void test_sound_alone_is_no_video(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    uint8_t wave[44 + 8000] = {'R',  'I',  'F', 'F', 0x64, 0x1f, 0, 0, 'W', 'A', 'V',  'E',  'f',  'm',
                               't',  ' ',  16,  0,   0,    0,    1, 0, 1,   0,   0x40, 0x1f, 0,    0,
                               0x40, 0x1f, 0,   0,   1,    0,    8, 0, 'd', 'a', 't',  'a',  0x40, 0x1f};
    DecodeInfo info;
    scratch_make(folder);
    assert_fails(decode_probe(&info, write_bytes(path, folder, "sound.mp4", wave, sizeof wave)), ERR_INPUT,
                 "no video stream");
    scratch_remove(folder);
}

static void test_absurd_dimensions_are_refused(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    DecodeInfo info;
    scratch_make(folder);
    assert_fails(
        decode_probe(&info, scratch_write(path, folder, "wide.y4m", "YUV4MPEG2 W900000 H2 F25:1\nFRAME\nxxxx")),
        ERR_INPUT, "wide.y4m");
    assert_fails(
        decode_probe(&info, scratch_write(path, folder, "big.y4m", "YUV4MPEG2 W20000 H20000 F25:1\nFRAME\nxx")),
        ERR_INPUT, "big.y4m");
    scratch_remove(folder);
}

static void test_a_truncated_video_gives_the_frames_it_still_has(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    Frames in = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;
    DecodeInfo info;
    EncodeSettings avi = encode_preview();
    avi.container = "avi";
    scratch_make(folder);
    drift(&in, 40, 64, 64);
    for (size_t i = 0; i < 40 * 64 * 64 * 3; i++) in.data[i] ^= (uint8_t)(i * 2654435761U >> 29); /* worth many bytes */
    assert_ok(encode_memory(&bytes, &length, &in, &avi));
    assert_ok(decode_probe(&info, write_bytes(path, folder, "half.avi", bytes, length * 6 / 10)));
    assert_in_range(info.n_frames, 3, 39);
    assert_fails(decode_probe(&info, write_bytes(path, folder, "head.avi", bytes, 100)), ERR_INPUT, "head.avi");
    free(bytes);
    const EncodeSettings mp4 = encode_preview();
    assert_ok(encode_memory(&bytes, &length, &in, &mp4));
    assert_fails(decode_probe(&info, write_bytes(path, folder, "half.mp4", bytes, length / 2)), ERR_INPUT, "half.mp4");
    free(bytes);
    frames_free(&in);
    scratch_remove(folder);
}

static void test_damage_inside_is_survived(void **state) {
    (void)state;
    Frames in = {0}, out = {0};
    EncodeSettings avi = encode_preview();
    avi.container = "avi";
    drift(&in, 40, 64, 64);
    int n_survived = 0;
    for (unsigned seed = 1; seed <= 20; seed++) {
        uint8_t *bytes = NULL;
        size_t length = 0;
        assert_ok(encode_memory(&bytes, &length, &in, &avi));
        unsigned random = seed;
        for (int i = 0; i < 60; i++) {
            random = random * 1664525U + 1013904223U;
            bytes[random % length] = (uint8_t)(random >> 24);
        }
        const int numbers[2] = {0, 5};
        Err err = decode_frames_memory(&out, bytes, length, "garbage.avi", numbers, 2);
        assert_true(err == ERR_NONE || err == ERR_INPUT);
        n_survived += err == ERR_NONE;
        free(bytes);
    }
    assert_true(n_survived >= 10);
    frames_free(&out);
    frames_free(&in);
}

static void test_a_picture_is_told_from_a_video(void **state) {
    (void)state;
    DecodeInfo info;
    assert_ok(decode_probe(&info, SYNVID_TEST_DATA "/images/rgb.png"));
    assert_true(info.still);
    assert_int_equal(info.n_frames, 1);
}

static void test_an_unknown_encoder_is_named(void **state) {
    (void)state;
    Frames in = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;
    EncodeSettings settings = encode_preview();
    settings.codec = "no-such-codec";
    drift(&in, 1, 8, 8);
    assert_fails(encode_memory(&bytes, &length, &in, &settings), ERR_IO, "no-such-codec");
    frames_free(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lossless_video_comes_back_exactly_in_any_order),
        cmocka_unit_test(test_the_papers_codec_keeps_every_frame_and_nearly_its_picture),
        cmocka_unit_test(test_delayed_frames_are_drained_at_the_end),
        cmocka_unit_test(test_a_frame_beyond_the_end_names_both_numbers),
        cmocka_unit_test(test_one_frame_is_a_video_of_one_frame),
        cmocka_unit_test(test_what_is_no_video_is_refused_with_its_name),
        cmocka_unit_test(test_sound_alone_is_no_video),
        cmocka_unit_test(test_absurd_dimensions_are_refused),
        cmocka_unit_test(test_a_truncated_video_gives_the_frames_it_still_has),
        cmocka_unit_test(test_damage_inside_is_survived),
        cmocka_unit_test(test_a_picture_is_told_from_a_video),
        cmocka_unit_test(test_an_unknown_encoder_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
