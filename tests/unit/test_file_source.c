/* video/media/file_source - video files read in place. */
#include "video/media/decode.h"

#include "support/records.h"
#include "video/media/encode.h"

static void test_files_are_read_in_place(void **state) {
    (void)state;
    char folder[PATH_SIZE], video[PATH_SIZE], words[PATH_SIZE];
    Frames in = {0}, out = {0};
    ClipSource *source = NULL;
    VideoInfo info;
    scratch_make(folder);
    assert_ok(frames_shape(&in, 6, 20, 30));
    for (size_t i = 0; i < 6 * 20 * 30 * 3; i++) in.data[i] = (uint8_t)(i / 1800 * 30 + 20);
    const EncodeSettings lossless = {"ffv1", "matroska", 25, 1, 0, 1, false, 0};
    assert_ok(path_join(video, sizeof video, folder, "video.mkv"));
    assert_ok(encode_file(video, &in, &lossless));
    const char *paths[2] = {video, scratch_write(words, folder, "words.mp4", "no video")};
    const int labels[2] = {1, 0};
    const FileSourceSettings settings = {.name = "clips", .paths = paths, .labels = labels, .count = 2, .n_classes = 2};
    assert_ok(file_source_open(&source, &settings));
    for (int time = 0; time < 2; time++) {
        assert_ok(clip_source_info(source, 0, 0, &info));
        assert_true(info.n_frames == 6 && info.height == 20 && info.width == 30 && info.label == 1);
    }
    const int numbers[2] = {5, 2};
    assert_ok(clip_source_read(source, 0, 0, numbers, 2, &out));
    assert_memory_equal(frames_at(&out, 0), frames_at(&in, 5), frames_frame_bytes(&in));
    assert_memory_equal(frames_at(&out, 1), frames_at(&in, 2), frames_frame_bytes(&in));
    assert_fails(clip_source_info(source, 0, 1, &info), ERR_INPUT, "words.mp4");
    clip_source_close(&source);
    paths[1] = "/nonexistent.mp4";
    assert_fails(file_source_open(&source, &settings), ERR_INPUT, "/nonexistent.mp4");
    assert_null(source);
    frames_free(&out);
    frames_free(&in);
    scratch_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_read_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
