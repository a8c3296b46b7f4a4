/* eval/corrupt/corrupt - every corruption against tests/oracle/corrupt_golden.py, and what all have in common. */
#include "eval/corrupt/corrupt.h"
#include "eval/corrupt/internal/corrupt_kinds.h"

#include "support/records.h"
#include "video/media/decode.h"

#include <libavcodec/avcodec.h>
#include <math.h>

static const CorruptPart part = {.video = 77, .clip = 3, .crop = 2};

static Corruption corruption_of(CorruptKind kind, int severity) {
    return (Corruption){.kind = kind, .severity = severity, .scale = 1, .seed = 0x1234567890ABCDEF};
}

static size_t clip_bytes(const Frames *frames) {
    return frames_frame_bytes(frames) * (size_t)frames->n_frames;
}

static void copy_frames(Frames *out, const Frames *in) {
    assert_ok(frames_shape(out, in->n_frames, in->height, in->width));
    memcpy(out->data, in->data, clip_bytes(in));
}

/* ---- against the oracle ---- */

typedef struct {
    int most;         /* largest difference */
    double mean;      /* mean absolute difference */
    double different; /* share of values that differ */
} Difference;

static Difference difference_of(const Frames *a, const Frames *b) {
    Difference d = {.most = frames_difference(a, b)};
    for (size_t i = 0; i < clip_bytes(a); i++) {
        d.mean += abs(a->data[i] - b->data[i]);
        d.different += a->data[i] != b->data[i];
    }
    d.mean /= (double)clip_bytes(a);
    d.different /= (double)clip_bytes(a);
    return d;
}

/* `allowed` of each family. Truncation turns a rounding error into one level, so equal arithmetic in another order may
 * differ by 1 in few places. */
static void expect_within(const Frames *actual, const Frames *expected, const char *name, Difference allowed) {
    Difference d = difference_of(actual, expected);
    if (d.most > allowed.most || d.mean > allowed.mean || d.different > allowed.different)
        fail_msg("%s: differs by up to %d, %.4f on average, in %.4f of all values; allowed are %d, %.4f, %.4f", name,
                 d.most, d.mean, d.different, allowed.most, allowed.mean, allowed.different);
}

static void expect_golden_views(const char *file, CorruptFamily family, Difference allowed) {
    Records records = records_open(file);
    Frames input = {0}, actual = {0}, expected = {0};
    records_frames(&input, &records, "input");
    for (int kind = 0; kind < CORRUPT_COUNT; kind++)
        for (int severity = 1; severity <= 5; severity += 2) {
            char name[NAME_SIZE];
            Corruption c = corruption_of((CorruptKind)kind, severity);
            if (corrupt_family(c.kind) != family || corrupt_place(&c) != CORRUPT_IN_VIEW) continue;
            assert_ok(text_format(name, sizeof name, "%s-%d", corrupt_name(c.kind), severity));
            records_frames(&expected, &records, name);
            copy_frames(&actual, &input);
            assert_ok(corrupt_view(&actual, &c, part));
            expect_within(&actual, &expected, name, allowed);
        }
    frames_free(&input);
    frames_free(&actual);
    frames_free(&expected);
    records_close(&records);
}

static void test_noise_equals_the_oracle(void **state) {
    (void)state;
    expect_golden_views("corrupt_noise.bin", FAMILY_NOISE, (Difference){1, 0.001, 0.001});
}

/* Flat areas are where truncation tells 240 from 239.99999. */
static void test_blur_equals_the_oracle(void **state) {
    (void)state;
    expect_golden_views("corrupt_blur.bin", FAMILY_BLUR, (Difference){1, 0.02, 0.02});
}

static void test_camera_motion_equals_the_oracle(void **state) {
    (void)state;
    expect_golden_views("corrupt_camera.bin", FAMILY_CAMERA, (Difference){0, 0, 0});
}

static void test_jpeg_equals_the_oracle(void **state) {
    (void)state;
    expect_golden_views("corrupt_jpeg.bin", FAMILY_DIGITAL, (Difference){0, 0, 0});
}

/* The oracle's encoders, through the ffmpeg program of version 5.1 on x86-64: those up to 7.1 take the same decisions,
 * others have decisions of their own (docs/formats.md). */
static bool oracle_encodes_alike(void) {
#if defined(__x86_64__)
    return LIBAVCODEC_VERSION_MAJOR <= 61;
#else
    return false;
#endif
}

/* Whatever they decide, what they take away is as much: the mean change of a value is within a tenth of the oracle's.
 */
static void expect_equal_loss(const Frames *actual, const Frames *expected, const Frames *input, const char *name) {
    double lost = difference_of(actual, input).mean, expected_loss = difference_of(expected, input).mean;
    if (fabs(lost - expected_loss) > 0.1 * expected_loss)
        fail_msg("%s: values change by %.3f on average, those of the oracle by %.3f", name, lost, expected_loss);
}

static void test_video_codecs_equal_the_oracle(void **state) {
    (void)state;
    Records records = records_open("corrupt_video.bin");
    Frames input = {0}, actual = {0}, expected = {0};
    const int numbers[] = {0, 1, 2, 3};
    records_frames(&input, &records, "input");
    for (int kind = CORRUPT_MPEG1; kind <= CORRUPT_MPEG2; kind++)
        for (int severity = 1; severity <= 5; severity += 2) {
            char name[NAME_SIZE];
            uint8_t *bytes = NULL;
            size_t length = 0;
            Corruption c = corruption_of((CorruptKind)kind, severity);
            assert_ok(text_format(name, sizeof name, "%s-%d", corrupt_name(c.kind), severity));
            records_frames(&expected, &records, name);
            assert_ok(corrupt_video(&bytes, &length, &input, &c, 0));
            assert_ok(decode_frames_memory(&actual, bytes, length, name, numbers, input.n_frames));
            if (oracle_encodes_alike()) expect_within(&actual, &expected, name, (Difference){0, 0, 0});
            expect_equal_loss(&actual, &expected, &input, name);
            free(bytes);
        }
    frames_free(&input);
    frames_free(&actual);
    frames_free(&expected);
    records_close(&records);
}

/* ---- as the program behind the stored sets ---- */

enum { STORED_FRAMES = 40, STORED_WIDTH = 320, STORED_HEIGHT = 240 };

/* Frame i is gray of level 6 i, with a white bar that tells a shift. Before it is encoded. */
static void stored(Frames *video, CorruptKind kind, int severity) {
    Corruption c = corruption_of(kind, severity);
    c.generator = CORRUPT_STORED;
    assert_int_equal(corrupt_place(&c), CORRUPT_IN_VIDEO);
    assert_ok(frames_shape(video, STORED_FRAMES, STORED_HEIGHT, STORED_WIDTH));
    for (int f = 0; f < STORED_FRAMES; f++) {
        memset(frames_at(video, f), 6 * f, frames_frame_bytes(video));
        for (int y = 0; y < STORED_HEIGHT; y++)
            memset(frames_at(video, f) + ((size_t)y * STORED_WIDTH + 100) * 3, 255, 30);
    }
    assert_ok(corrupt_frames_stored(video, &c, 5));
}

/* The level of a frame's left edge, as the number of the frame it came from. */
static int frame_shown(const Frames *frames, int f) {
    return (int)lrint(frames_at(frames, f)[(size_t)frames->height / 2 * (size_t)frames->width * 3 + 30] / 6.0);
}

static void test_stored_time_goes_by_frames_of_the_video(void **state) {
    (void)state;
    Frames out = {0};
    stored(&out, CORRUPT_SAMPLING, 2);
    for (int f = 0; f < STORED_FRAMES; f++) assert_int_equal(frame_shown(&out, f), f / 4 * 4); /* each four times */
    stored(&out, CORRUPT_REVERSE_SAMPLING, 2);
    for (int f = 0; f < STORED_FRAMES; f++) assert_int_equal(frame_shown(&out, f), 36 - f / 4 * 4);
    stored(&out, CORRUPT_BOX_JUMBLE, 2);
    for (int f = 0; f < STORED_FRAMES; f++) assert_int_equal(frame_shown(&out, f) % 4, f % 4); /* boxes of four */
    stored(&out, CORRUPT_FREEZE, 5);
    int changes = 0;
    for (int f = 1; f < STORED_FRAMES; f++) changes += frame_shown(&out, f) != frame_shown(&out, f - 1);
    assert_in_range(changes, 1, 3); /* a tenth of 40 frames are held */
    frames_free(&out);
}

static int bar_of(const Frames *frames, int f) {
    const uint8_t *row = frames_at(frames, f) + (size_t)frames->height / 2 * (size_t)frames->width * 3;
    for (int x = 0; x < frames->width; x++)
        if (row[3 * x] > 245) return x;
    return -1;
}

/* One shift a clip with black margins on the fly; one a frame, out of a larger frame, in the stored sets. */
static void test_a_stored_camera_shakes_frame_by_frame(void **state) {
    (void)state;
    Frames out = {0};
    bool seen[64] = {false};
    int places = 0;
    stored(&out, CORRUPT_TRANSLATE, 3);
    assert_true(out.height == 224 && out.width == 224);
    for (int f = 0; f < 30; f++) {
        int x = bar_of(&out, f);
        assert_in_range(x, 80, 110); /* 100 of 320 is 107 of 341, less up to 23 */
        places += !seen[x - 80];
        seen[x - 80] = true;
    }
    assert_true(places > 8);
    frames_free(&out);
}

static void test_stored_corruptions_are_encoded_as_the_papers_files(void **state) {
    (void)state;
    Frames video = {0}, out = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;
    const int numbers[] = {0, 3};
    Corruption c = corruption_of(CORRUPT_STATIC_ROTATE, 1);
    c.generator = CORRUPT_STORED;
    assert_ok(frames_shape(&video, 4, 64, 80));
    memset(video.data, 90, clip_bytes(&video));
    assert_ok(corrupt_video(&bytes, &length, &video, &c, 5));
    assert_ok(decode_frames_memory(&out, bytes, length, "stored", numbers, 2));
    assert_true(out.height == 64 && out.width == 80 && length > 100);
    frames_free(&video);
    frames_free(&out);
    free(bytes);
}

/* ---- time ---- */

enum { LONGEST = 100 };

typedef struct {
    int count, entries[LONGEST];
} Timeline;

static Timeline timeline(CorruptKind kind, int severity, int count) {
    Timeline t = {.count = count};
    Corruption c = corruption_of(kind, severity);
    for (int i = 0; i < count; i++) t.entries[i] = 4 * i;
    assert_ok(corrupt_time(t.entries, &t.count, &c, 5));
    return t;
}

static void expect_entries(const Timeline *t, int count, const int *expected) {
    assert_int_equal(t->count, count);
    assert_memory_equal(t->entries, expected, (size_t)count * sizeof(int));
}

static void test_sampling_keeps_every_cth_frame(void **state) {
    (void)state;
    Timeline t = timeline(CORRUPT_SAMPLING, 3, 20);
    expect_entries(&t, 3, (const int[]){0, 32, 64});
    t = timeline(CORRUPT_REVERSE_SAMPLING, 3, 20);
    expect_entries(&t, 3, (const int[]){64, 32, 0});
    t = timeline(CORRUPT_SAMPLING, 5, 20);
    expect_entries(&t, 1, (const int[]){0});
}

static int compare_ints(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

/* The entries from `start` on are `size` consecutive ones, in any order. */
static bool holds_segment(const Timeline *t, int start, int size, int first) {
    int sorted[LONGEST];
    memcpy(sorted, t->entries + start, (size_t)size * sizeof(int));
    qsort(sorted, (size_t)size, sizeof(int), compare_ints);
    for (int i = 0; i < size; i++)
        if (sorted[i] != first + 4 * i) return false;
    return true;
}

static void test_jumble_stays_inside_its_segments(void **state) {
    (void)state;
    Timeline t = timeline(CORRUPT_JUMBLE, 3, 45); /* segments of 8, the last of 5 */
    int moved = 0;
    for (int start = 0; start < 45; start += 8)
        assert_true(holds_segment(&t, start, start + 8 < 45 ? 8 : 5, 4 * start));
    for (int i = 0; i < 45; i++) moved += t.entries[i] != 4 * i;
    assert_int_equal(t.count, 45);
    assert_in_range(moved, 25, 45);
}

static void test_box_jumble_moves_segments_whole(void **state) {
    (void)state;
    Timeline t = timeline(CORRUPT_BOX_JUMBLE, 2, 31); /* segments of 9, the last of 4 */
    bool ordered = true;
    assert_int_equal(t.count, 31);
    for (int at = 0; at < 31;) {
        int size = t.entries[at] == 4 * 27 ? 4 : 9;
        assert_int_equal(t.entries[at] % (4 * 9), 0);
        for (int i = 0; i < size; i++) assert_int_equal(t.entries[at + i], t.entries[at] + 4 * i);
        ordered = ordered && t.entries[at] == 4 * at;
        at += size;
    }
    assert_false(ordered);
}

/* 5 % of 40 frames: two are chosen, a < b. The list is a while b has not come, b up to the end, and the last frame for
 * the a entries that lie before the first choice. */
static void test_freeze_holds_each_choice_until_the_next(void **state) {
    (void)state;
    Timeline t = timeline(CORRUPT_FREEZE, 4, 40);
    int a = t.entries[0] / 4, at = 0;
    while (at < 40 && t.entries[at] == 4 * a) at++;
    int b = a + at;
    assert_in_range(b, a + 1, 39);
    for (; at < 40 - a; at++) assert_int_equal(t.entries[at], 4 * b);
    for (; at < 40; at++) assert_int_equal(t.entries[at], 4 * 39);
    static const int kept[] = {16, 8, 4, 2, 1};
    for (int severity = 1; severity <= 5; severity++) {
        t = timeline((CorruptKind)CORRUPT_FREEZE, severity, 40);
        int different = 1;
        for (int i = 1; i < 40; i++) different += t.entries[i] != t.entries[i - 1];
        assert_in_range(different, kept[severity - 1], kept[severity - 1] + 1);
    }
}

/* ---- what all have in common ---- */

static void fill(Frames *frames, int n_frames, int height, int width) {
    assert_ok(frames_shape(frames, n_frames, height, width));
    for (size_t i = 0; i < clip_bytes(frames); i++) frames->data[i] = (uint8_t)(i * 37 % 251 + i / 97 % 5);
}

static void test_draws_depend_on_the_part_and_nothing_else(void **state) {
    (void)state;
    const CorruptPart others[] = {{78, 3, 2}, {77, 4, 2}, {77, 3, 1}};
    Frames input = {0}, once = {0}, again = {0};
    fill(&input, 3, 20, 20);
    Corruption c = corruption_of(CORRUPT_GAUSSIAN_NOISE, 2);
    copy_frames(&once, &input);
    assert_ok(corrupt_view(&once, &c, part));
    for (int i = 0; i < 3; i++) {
        copy_frames(&again, &input);
        assert_ok(corrupt_view(&again, &c, others[i]));
        assert_true(frames_difference(&once, &again) > 10);
    }
    copy_frames(&again, &input);
    assert_ok(corrupt_view(&again, &c, part));
    assert_int_equal(frames_difference(&once, &again), 0);
    frames_free(&input);
    frames_free(&once);
    frames_free(&again);
}

static void test_only_a_shift_is_the_same_in_all_frames(void **state) {
    (void)state;
    static const CorruptKind drawn[] = {CORRUPT_GAUSSIAN_NOISE, CORRUPT_MOTION_BLUR, CORRUPT_GLASS_BLUR,
                                        CORRUPT_ROTATE};
    Frames clip = {0};
    for (size_t i = 0; i <= sizeof drawn / sizeof *drawn; i++) {
        Corruption c = corruption_of(i < 4 ? drawn[i] : CORRUPT_TRANSLATE, 5);
        fill(&clip, 2, 48, 48);
        memcpy(frames_at(&clip, 1), frames_at(&clip, 0), frames_frame_bytes(&clip));
        assert_ok(corrupt_view(&clip, &c, part));
        bool same = !memcmp(frames_at(&clip, 1), frames_at(&clip, 0), frames_frame_bytes(&clip));
        assert_int_equal(same, i == 4);
    }
    frames_free(&clip);
}

/* Frames of the models at hand, from ViT-B's down to nothing to see. */
static void test_any_frame_size_survives_every_corruption(void **state) {
    (void)state;
    static const int sides[] = {224, 40, 7, 2, 1};
    Frames clip = {0};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        for (int kind = 0; kind < CORRUPT_COUNT; kind++) {
            Corruption c = corruption_of((CorruptKind)kind, 5);
            if (corrupt_place(&c) != CORRUPT_IN_VIEW) continue;
            c.scale = sides[i] / 224.0;
            fill(&clip, 1, sides[i], sides[i]);
            assert_ok(corrupt_view(&clip, &c, part));
        }
    frames_free(&clip);
}

static void test_lengths_follow_the_frame(void **state) {
    (void)state;
    Frames clip = {0};
    Corruption c = corruption_of(CORRUPT_DEFOCUS_BLUR, 5); /* a disk of 10 pixels in a frame of 224 */
    for (int half = 0; half < 2; half++) {
        c.scale = half ? 0.5 : 1;
        assert_ok(frames_shape(&clip, 1, 61, 61));
        memset(clip.data, 0, clip_bytes(&clip));
        memset(frames_at(&clip, 0) + 3 * (30 * 61 + 30), 255, 3);
        for (int i = -1; i <= 1; i++) memset(frames_at(&clip, 0) + 3 * ((30 + i) * 61 + 29), 255, 9);
        assert_ok(corrupt_view(&clip, &c, part));
        int reach = 0;
        for (int x = 30; x < 61 && clip.data[3 * (30 * 61 + x)] > 0; x++) reach = x - 30;
        assert_in_range(reach, half ? 4 : 9, half ? 7 : 12);
    }
    frames_free(&clip);
}

static void test_lists_and_presets(void **state) {
    (void)state;
    CorruptList list;
    static const struct {
        const char *text;
        int count;
    } cases[] = {{"paper14", 14}, {"readme14", 14},     {"ucf101p", 18},          {"all", 19},
                 {"jpeg", 1},     {"jpeg,paper14", 14}, {"freeze,jpeg,freeze", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(corrupt_list_parse(&list, cases[i].text));
        assert_int_equal(list.count, cases[i].count);
        for (int k = 1; k < list.count; k++) assert_true(list.kinds[k - 1] < list.kinds[k]);
    }
    assert_ok(corrupt_list_parse(&list, "paper14"));
    for (int k = 0; k < list.count; k++) assert_int_equal(list.kinds[k], k);
    assert_fails(corrupt_list_parse(&list, "jpg"), ERR_USAGE, "jpeg");
    assert_fails(corrupt_list_parse(&list, "jpeg,,mpeg1"), ERR_USAGE, "\"\"");
    assert_fails(corrupt_list_parse(&list, ""), ERR_USAGE, "synvid robust --help");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noise_equals_the_oracle),
        cmocka_unit_test(test_blur_equals_the_oracle),
        cmocka_unit_test(test_camera_motion_equals_the_oracle),
        cmocka_unit_test(test_jpeg_equals_the_oracle),
        cmocka_unit_test(test_video_codecs_equal_the_oracle),
        cmocka_unit_test(test_sampling_keeps_every_cth_frame),
        cmocka_unit_test(test_jumble_stays_inside_its_segments),
        cmocka_unit_test(test_box_jumble_moves_segments_whole),
        cmocka_unit_test(test_freeze_holds_each_choice_until_the_next),
        cmocka_unit_test(test_draws_depend_on_the_part_and_nothing_else),
        cmocka_unit_test(test_only_a_shift_is_the_same_in_all_frames),
        cmocka_unit_test(test_any_frame_size_survives_every_corruption),
        cmocka_unit_test(test_stored_time_goes_by_frames_of_the_video),
        cmocka_unit_test(test_a_stored_camera_shakes_frame_by_frame),
        cmocka_unit_test(test_stored_corruptions_are_encoded_as_the_papers_files),
        cmocka_unit_test(test_lengths_follow_the_frame),
        cmocka_unit_test(test_lists_and_presets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
