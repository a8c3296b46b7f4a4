/* eval/clips/views - what each order keeps of a clip. */
#include "eval/clips/views.h"

#include "support/unit.h"

enum { COUNT = 8 };

static void fill(int *numbers) {
    for (int i = 0; i < COUNT; i++) numbers[i] = 5 + 3 * i;
}

static void test_ordered_clips_stay_and_draw_nothing(void **state) {
    (void)state;
    int numbers[COUNT], before[COUNT];
    Rng rng = rng_stream(1, RNG_TEST, 0, 0), untouched = rng;
    fill(numbers);
    fill(before);
    assert_ok(frame_order_apply(numbers, COUNT, FRAMES_ORDERED, &rng));
    assert_memory_equal(numbers, before, sizeof numbers);
    assert_memory_equal(&rng, &untouched, sizeof rng);
}

/* Every frame once; every frame comes first about equally often: 1000 of 8000, deviation 30. */
static void test_shuffled_clips_have_all_frames_in_any_order(void **state) {
    (void)state;
    int firsts[COUNT] = {0};
    for (uint32_t draw = 0; draw < 8000; draw++) {
        int numbers[COUNT], seen = 0;
        Rng rng = rng_stream(1, RNG_TEST, draw, 0);
        fill(numbers);
        assert_ok(frame_order_apply(numbers, COUNT, FRAMES_SHUFFLED, &rng));
        for (int i = 0; i < COUNT; i++) seen |= 1 << (numbers[i] - 5) / 3;
        assert_int_equal(seen, (1 << COUNT) - 1);
        firsts[(numbers[0] - 5) / 3]++;
    }
    for (int i = 0; i < COUNT; i++) assert_in_range(firsts[i], 850, 1150);
}

static void test_a_single_frame_is_any_of_the_clip(void **state) {
    (void)state;
    int found[COUNT] = {0};
    for (uint32_t draw = 0; draw < 8000; draw++) {
        int numbers[COUNT];
        Rng rng = rng_stream(1, RNG_TEST, draw, 0);
        fill(numbers);
        assert_ok(frame_order_apply(numbers, COUNT, FRAMES_SINGLE, &rng));
        for (int i = 1; i < COUNT; i++) assert_int_equal(numbers[i], numbers[0]);
        found[(numbers[0] - 5) / 3]++;
    }
    for (int i = 0; i < COUNT; i++) assert_in_range(found[i], 850, 1150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordered_clips_stay_and_draw_nothing),
        cmocka_unit_test(test_shuffled_clips_have_all_frames_in_any_order),
        cmocka_unit_test(test_a_single_frame_is_any_of_the_clip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
