/* nn/models/schedule - the official learning-rate curve at points computed by hand. */
#include "nn/models/optimizer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void near(double found, double expected) {
    assert_true(fabs(found - expected) <= 1e-12 + 1e-12 * fabs(expected));
}

static void test_warm_up_is_a_line_from_zero_to_the_peak(void **state) {
    (void)state;
    const Schedule s = {.peak = 2e-3, .minimum = 1e-5, .warmup_steps = 11, .total_steps = 111};
    near(schedule_rate(&s, 0), 0);
    near(schedule_rate(&s, 5), 1e-3);
    near(schedule_rate(&s, 10), 2e-3);
}

static void test_after_warm_up_half_a_cosine_falls_to_the_minimum(void **state) {
    (void)state;
    const Schedule s = {.peak = 2e-3, .minimum = 1e-5, .warmup_steps = 11, .total_steps = 111};
    near(schedule_rate(&s, 11), 2e-3);
    near(schedule_rate(&s, 36), 1e-5 + 1.99e-3 / 2 * (1 + sqrt(0.5)));
    near(schedule_rate(&s, 61), 1.005e-3);
    assert_true(schedule_rate(&s, 110) > 1e-5);
    near(schedule_rate(&s, 111), 1e-5);
    near(schedule_rate(&s, 500), 1e-5);
}

static void test_no_warm_up_starts_at_the_peak_and_one_step_of_it_stands_still(void **state) {
    (void)state;
    Schedule s = {.peak = 1e-3, .minimum = 0, .warmup_steps = 0, .total_steps = 10};
    near(schedule_rate(&s, 0), 1e-3);
    s.warmup_steps = 1; /* numpy.linspace(0, peak, 1) is [0] */
    near(schedule_rate(&s, 0), 0);
    near(schedule_rate(&s, 1), 1e-3);
}

static void test_lower_layers_are_slower(void **state) {
    (void)state;
    /* ViT-B at 0.7: 13 steps down from the head. */
    assert_true(schedule_layer_scale(0.7, 12, 13) == 1);
    assert_float_equal(schedule_layer_scale(0.7, 12, 12), 0.7, 1e-7);
    assert_float_equal(schedule_layer_scale(0.7, 12, 1), 0.0138412872, 1e-9);
    assert_float_equal(schedule_layer_scale(0.7, 12, 0), 0.00968890104, 1e-9);
    assert_true(schedule_layer_scale(1, 12, 0) == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warm_up_is_a_line_from_zero_to_the_peak),
        cmocka_unit_test(test_after_warm_up_half_a_cosine_falls_to_the_minimum),
        cmocka_unit_test(test_no_warm_up_starts_at_the_peak_and_one_step_of_it_stands_still),
        cmocka_unit_test(test_lower_layers_are_slower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
