/* video/frames/sample - the frame numbers of VideoMAE's loaders, from lists worked out with numpy. */
#include "video/frames/sample.h"

#include "support/unit.h"

enum { COUNT = 16, STRIDE = 4 };

#define assert_numbers(actual, ...)                                                                                    \
    do {                                                                                                               \
        const int expected_[COUNT] = {__VA_ARGS__};                                                                    \
        for (int i_ = 0; i_ < COUNT; i_++) assert_int_equal((actual)[i_], expected_[i_]);                              \
    } while (0)

static Rng stream(uint64_t item) {
    return rng_stream(7, RNG_TEST, item, 0);
}

static void test_pretraining_starts_are_uniform_over_all_that_fit(void **state) {
    (void)state;
    int seen[7] = {0}, numbers[COUNT];
    for (uint64_t item = 0; item < 700; item++) {
        Rng rng = stream(item);
        sample_pretrain(numbers, COUNT, STRIDE, 70, &rng);
        assert_in_range(numbers[0], 0, 6);
        seen[numbers[0]]++;
        for (int i = 1; i < COUNT; i++) assert_int_equal(numbers[i], numbers[0] + 4 * i);
    }
    for (int start = 0; start < 7; start++) assert_in_range(seen[start], 60, 140);
}

static void test_pretraining_takes_the_one_clip_of_64_frames(void **state) {
    (void)state;
    int numbers[COUNT];
    Rng rng = stream(0);
    sample_pretrain(numbers, COUNT, STRIDE, 64, &rng);
    assert_numbers(numbers, 0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60);
}

static void test_pretraining_repeats_the_last_reachable_frame_of_short_videos(void **state) {
    (void)state;
    int numbers[COUNT];
    Rng rng = stream(0);
    sample_pretrain(numbers, COUNT, STRIDE, 40, &rng);
    assert_numbers(numbers, 0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 36, 36, 36, 36, 36, 36);
    /* Frame 36 exists, but the original's counter starts at 1 and stops one step early. */
    sample_pretrain(numbers, COUNT, STRIDE, 37, &rng);
    assert_numbers(numbers, 0, 4, 8, 12, 16, 20, 24, 28, 32, 32, 32, 32, 32, 32, 32, 32);
    sample_pretrain(numbers, COUNT, STRIDE, 1, &rng);
    assert_numbers(numbers, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

static void test_fine_tuning_spreads_points_over_the_span(void **state) {
    (void)state;
    int numbers[COUNT];
    Rng rng = stream(0);
    sample_finetune(numbers, COUNT, STRIDE, 65, &rng); /* the only end is 64 */
    assert_numbers(numbers, 0, 4, 8, 12, 17, 21, 25, 29, 34, 38, 42, 46, 51, 55, 59, 63);
}

static void test_fine_tuning_ends_are_uniform_and_never_the_last_frame(void **state) {
    (void)state;
    int seen[5] = {0}, numbers[COUNT];
    for (uint64_t item = 0; item < 500; item++) {
        Rng rng = stream(item);
        sample_finetune(numbers, COUNT, STRIDE, 69, &rng);
        int start = numbers[0];
        assert_in_range(start, 0, 4);
        assert_int_equal(numbers[COUNT - 1], start + 63);
        seen[start]++;
    }
    for (int start = 0; start < 5; start++) assert_in_range(seen[start], 60, 140);
}

static void test_fine_tuning_fills_short_videos_with_the_last_frame(void **state) {
    (void)state;
    int numbers[COUNT];
    Rng rng = stream(0);
    sample_finetune(numbers, COUNT, STRIDE, 40, &rng);
    assert_numbers(numbers, 0, 4, 8, 13, 17, 22, 26, 31, 35, 39, 39, 39, 39, 39, 39, 39);
    sample_finetune(numbers, COUNT, STRIDE, 64, &rng);
    assert_numbers(numbers, 0, 4, 8, 12, 17, 21, 25, 29, 34, 38, 42, 46, 51, 55, 59, 63);
    sample_finetune(numbers, COUNT, STRIDE, 6, &rng);
    assert_numbers(numbers, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5);
    sample_finetune(numbers, COUNT, STRIDE, 3, &rng);
    assert_numbers(numbers, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2);
}

static void test_test_clips_start_at_evenly_spread_entries(void **state) {
    (void)state;
    const int starts[5] = {0, 7, 15, 23, 31};
    int numbers[COUNT];
    for (int clip = 0; clip < 5; clip++) {
        sample_test(numbers, COUNT, STRIDE, 186, clip, 5);
        for (int i = 0; i < COUNT; i++) assert_int_equal(numbers[i], (starts[clip] + i) * STRIDE);
    }
}

static void test_short_videos_give_the_same_test_clip_every_time(void **state) {
    (void)state;
    int numbers[COUNT];
    for (int clip = 0; clip < 5; clip++) {
        sample_test(numbers, COUNT, STRIDE, 30, clip, 5);
        assert_numbers(numbers, 0, 4, 8, 12, 16, 20, 24, 28, 28, 28, 28, 28, 28, 28, 28, 28);
    }
}

static void test_a_single_test_clip_is_the_middle_one(void **state) {
    (void)state;
    int numbers[COUNT];
    sample_test(numbers, COUNT, STRIDE, 186, 0, 1);
    assert_int_equal(numbers[0], 15 * STRIDE);
    assert_int_equal(numbers[COUNT - 1], 30 * STRIDE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pretraining_starts_are_uniform_over_all_that_fit),
        cmocka_unit_test(test_pretraining_takes_the_one_clip_of_64_frames),
        cmocka_unit_test(test_pretraining_repeats_the_last_reachable_frame_of_short_videos),
        cmocka_unit_test(test_fine_tuning_spreads_points_over_the_span),
        cmocka_unit_test(test_fine_tuning_ends_are_uniform_and_never_the_last_frame),
        cmocka_unit_test(test_fine_tuning_fills_short_videos_with_the_last_frame),
        cmocka_unit_test(test_test_clips_start_at_evenly_spread_entries),
        cmocka_unit_test(test_short_videos_give_the_same_test_clip_every_time),
        cmocka_unit_test(test_a_single_test_clip_is_the_middle_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
