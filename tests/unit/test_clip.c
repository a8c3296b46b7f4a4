/* video/frames/clip - shapes, reuse, and sizes that cannot be. */
#include "video/frames/clip.h"

#include "support/unit.h"

#include <limits.h>

static void test_the_buffer_only_grows(void **state) {
    (void)state;
    Frames frames = {0};
    assert_ok(frames_shape(&frames, 4, 10, 12));
    uint8_t *data = frames.data;
    assert_ok(frames_shape(&frames, 2, 10, 12));
    assert_ptr_equal(frames.data, data);
    assert_int_equal(frames.capacity, 4 * 10 * 12 * 3);
    assert_ok(frames_shape(&frames, 5, 20, 12));
    assert_int_equal(frames.capacity, 5 * 20 * 12 * 3);
    frames_free(&frames);
    assert_null(frames.data);
}

static void test_frames_lie_one_behind_the_other(void **state) {
    (void)state;
    Frames frames = {0};
    assert_ok(frames_shape(&frames, 3, 5, 7));
    assert_int_equal(frames_frame_bytes(&frames), 105);
    assert_ptr_equal(frames_at(&frames, 2), frames.data + 210);
    frames_free(&frames);
}

static void test_an_impossible_size_leaves_the_clip_as_it_was(void **state) {
    (void)state;
    Frames frames = {0};
    assert_ok(frames_shape(&frames, 1, 2, 2));
    assert_fails(frames_shape(&frames, INT_MAX, INT_MAX, INT_MAX), ERR_MEMORY, "too large");
    assert_int_equal(frames.n_frames, 1);
    frames_free(&frames);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_buffer_only_grows),
        cmocka_unit_test(test_frames_lie_one_behind_the_other),
        cmocka_unit_test(test_an_impossible_size_leaves_the_clip_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
