/* video/mix_source, video/file_source - which item comes from where; files read in place. */
#include "video/mix_source.h"

#include "support/records.h"
#include "video/encode.h"
#include "video/file_source.h"

/* A source whose frames have the value of their video's number and its own mark. */
typedef struct {
    ClipSource source;
    uint8_t mark;
    int *n_closed;
} Marked;

static Err marked_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    (void)source, (void)epoch;
    *info = (VideoInfo){10 + (int)index % 5, 2, 2, 3};
    return ERR_NONE;
}

static Err marked_read(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers, int n_frames,
                       Frames *out) {
    const Marked *marked = source->state;
    (void)frame_numbers;
    TRY(frames_shape(out, n_frames, 2, 2));
    memset(out->data, marked->mark, frames_frame_bytes(out) * (size_t)n_frames);
    out->data[0] = (uint8_t)index;
    out->data[1] = (uint8_t)epoch;
    return ERR_NONE;
}

static void marked_close(ClipSource *source) {
    Marked *marked = source->state;
    ++*marked->n_closed;
    free(marked);
}

static const ClipSourceOps marked_ops = {"marked", marked_info, marked_read, marked_close};

static ClipSource *marked_open(uint8_t mark, int64_t count, bool endless, int *n_closed) {
    Marked *marked = calloc(1, sizeof *marked);
    assert_non_null(marked);
    *marked = (Marked){
        {.ops = &marked_ops, .count = count, .endless = endless, .name = "marked", .state = marked}, mark, n_closed};
    return &marked->source;
}

/* What an item shows: its part's mark, and the part's video in *video. */
static int mark_of(const ClipSource *source, int64_t epoch, int64_t index, int *video) {
    Frames out = {0};
    const int frame = 0;
    assert_ok(clip_source_read(source, epoch, index, &frame, 1, &out));
    int mark = out.data[11];
    *video = out.data[0];
    frames_free(&out);
    return mark;
}

static void test_items_are_split_by_index_as_in_the_papers_table(void **state) {
    (void)state;
    static const double shares[4] = {0.95, 0.75, 0.5, 0.25};
    static const int64_t first_counts[4] = {9060, 7152, 4768, 2384};
    for (int i = 0; i < 4; i++) {
        int n_closed = 0, video;
        const MixPart parts[2] = {{marked_open(1, 9537, true, &n_closed), shares[i]},
                                  {marked_open(2, 50, false, &n_closed), 1 - shares[i]}};
        ClipSource *mix = NULL;
        assert_ok(mix_source_open(&mix, parts, 2, 9537, 1));
        assert_int_equal(mix->count, 9537);
        assert_int_equal(mark_of(mix, 0, 0, &video), 1);
        assert_int_equal(mark_of(mix, 0, first_counts[i] - 1, &video), 1);
        assert_int_equal(mark_of(mix, 0, first_counts[i], &video), 2);
        assert_int_equal(mark_of(mix, 0, 9536, &video), 2);
        clip_source_close(&mix);
        assert_int_equal(n_closed, 2);
    }
}

static void test_finite_parts_are_drawn_with_replacement_anew_each_epoch(void **state) {
    (void)state;
    int n_closed = 0, seen[10] = {0}, n_moved = 0;
    const MixPart parts[1] = {{marked_open(1, 10, false, &n_closed), 1}};
    ClipSource *mix = NULL;
    assert_ok(mix_source_open(&mix, parts, 1, 1000, 7));
    for (int64_t i = 0; i < 1000; i++) {
        int video, again, next;
        mark_of(mix, 0, i, &video);
        mark_of(mix, 0, i, &again);
        mark_of(mix, 1, i, &next);
        assert_int_equal(video, again);
        n_moved += video != next;
        seen[video]++;
    }
    for (int v = 0; v < 10; v++) assert_in_range(seen[v], 60, 140);
    assert_in_range(n_moved, 850, 950);
    clip_source_close(&mix);
}

static void test_labels_are_dropped(void **state) {
    (void)state;
    int n_closed = 0;
    VideoInfo info;
    const MixPart parts[1] = {{marked_open(1, 10, true, &n_closed), 1}};
    ClipSource *mix = NULL;
    assert_ok(mix_source_open(&mix, parts, 1, 10, 7));
    assert_ok(clip_source_info(mix, 0, 3, &info));
    assert_int_equal(info.label, -1);
    assert_int_equal(info.n_frames, 13);
    clip_source_close(&mix);
}

static void test_impossible_mixes_are_refused_and_their_parts_closed(void **state) {
    (void)state;
    int n_closed = 0;
    ClipSource *mix = NULL;
    const MixPart short_sum[1] = {{marked_open(1, 10, true, &n_closed), 0.9}};
    assert_fails(mix_source_open(&mix, short_sum, 1, 10, 1), ERR_USAGE, "sum to 0.9");
    const MixPart too_few[1] = {{marked_open(1, 9, true, &n_closed), 1}};
    assert_fails(mix_source_open(&mix, too_few, 1, 10, 1), ERR_USAGE, "marked: gives 9");
    const MixPart empty[1] = {{marked_open(1, 0, false, &n_closed), 1}};
    assert_fails(mix_source_open(&mix, empty, 1, 10, 1), ERR_INPUT, "0 videos");
    assert_int_equal(n_closed, 3);
    assert_null(mix);
}

static void test_files_are_read_in_place(void **state) {
    (void)state;
    char folder[PATH_SIZE], video[PATH_SIZE], words[PATH_SIZE];
    Frames in = {0}, out = {0};
    ClipSource *source = NULL;
    VideoInfo info;
    scratch_make(folder);
    assert_ok(frames_shape(&in, 6, 20, 30));
    for (size_t i = 0; i < 6 * 20 * 30 * 3; i++) in.data[i] = (uint8_t)(i / 1800 * 30 + 20);
    const EncodeSettings lossless = {"ffv1", "matroska", 25, 1, 0, 1};
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
        cmocka_unit_test(test_items_are_split_by_index_as_in_the_papers_table),
        cmocka_unit_test(test_finite_parts_are_drawn_with_replacement_anew_each_epoch),
        cmocka_unit_test(test_labels_are_dropped),
        cmocka_unit_test(test_impossible_mixes_are_refused_and_their_parts_closed),
        cmocka_unit_test(test_files_are_read_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
