/* nn/models/mask - how many cells, the same in all slots, uniform, repeatable. */
#include "nn/models/mask.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const ModelConfig base = {.image_size = 224, .n_frames = 16, .patch_size = 16, .tubelet_size = 2};
static const ModelConfig tiny = {.image_size = 24, .n_frames = 6, .patch_size = 8, .tubelet_size = 2};

static void test_hidden_counts_of_the_paper(void **state) {
    (void)state;
    assert_int_equal(mask_hidden_cells(&base, 0.75), 147);
    assert_int_equal(mask_hidden_cells(&base, 0.9), 176);
}

static void test_a_mask_hides_the_same_cells_in_every_slot(void **state) {
    (void)state;
    uint8_t masked[1568];
    for (uint64_t item = 0; item < 20; item++) {
        mask_draw(masked, &base, 0.9, 3, item);
        int hidden = 0;
        for (int c = 0; c < 196; c++) hidden += masked[c];
        assert_int_equal(hidden, 176);
        for (int t = 1; t < 8; t++) assert_memory_equal(masked, masked + t * 196, 196);
    }
}

static void test_cells_are_hidden_equally_often(void **state) {
    (void)state;
    enum { DRAWS = 9000 };
    int count[9] = {0};
    uint8_t masked[27];
    for (uint64_t item = 0; item < DRAWS; item++) {
        mask_draw(masked, &tiny, 0.7, 11, item); /* 6 of 9 */
        for (int c = 0; c < 9; c++) count[c] += masked[c];
    }
    /* Deviation of a count: sqrt(9000 * 2/3 * 1/3) = 45. */
    for (int c = 0; c < 9; c++) assert_true(abs(count[c] - 6000) < 5 * 45);
}

static void test_masks_repeat_for_an_item_and_differ_between_items(void **state) {
    (void)state;
    uint8_t a[1568], b[1568];
    mask_draw(a, &base, 0.75, 3, 5);
    mask_draw(b, &base, 0.75, 3, 5);
    assert_memory_equal(a, b, sizeof a);
    mask_draw(b, &base, 0.75, 3, 6);
    assert_memory_not_equal(a, b, sizeof a);
    mask_draw(b, &base, 0.75, 4, 5);
    assert_memory_not_equal(a, b, sizeof a);
}

static void test_split_lists_are_ascending_and_complete(void **state) {
    (void)state;
    uint8_t masked[27];
    int visible[9], hidden[18];
    mask_draw(masked, &tiny, 0.7, 1, 1);
    mask_split(visible, hidden, masked, 27);
    for (int i = 0; i < 9; i++) assert_true(!masked[visible[i]] && (i == 0 || visible[i] > visible[i - 1]));
    for (int i = 0; i < 18; i++) assert_true(masked[hidden[i]] && (i == 0 || hidden[i] > hidden[i - 1]));
}

static void test_a_ratio_that_hides_nothing_or_everything_is_refused(void **state) {
    (void)state;
    assert_int_equal(mask_check(&tiny, 0.75), ERR_NONE);
    assert_int_equal(mask_check(&tiny, 0.05), ERR_USAGE);
    assert_int_equal(mask_check(&tiny, 1.0), ERR_USAGE);
    assert_int_equal(mask_check(&tiny, -0.5), ERR_USAGE);
    assert_non_null(strstr(err_message(), "mask_ratio"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hidden_counts_of_the_paper),
        cmocka_unit_test(test_a_mask_hides_the_same_cells_in_every_slot),
        cmocka_unit_test(test_cells_are_hidden_equally_often),
        cmocka_unit_test(test_masks_repeat_for_an_item_and_differ_between_items),
        cmocka_unit_test(test_split_lists_are_ascending_and_complete),
        cmocka_unit_test(test_a_ratio_that_hides_nothing_or_everything_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
