#include "train/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { CLIPS = 23, BATCH = 8, MICRO = 2, STEPS = 2 };

static BatchPlan make_plan(uint64_t seed) {
    BatchPlan plan;
    assert_int_equal(batch_plan_init(&plan, seed, CLIPS, BATCH, MICRO), ERR_NONE);
    return plan;
}

static void test_an_epoch_shows_every_clip_at_most_once_and_drops_the_rest(void **state) {
    (void)state;
    BatchPlan plan = make_plan(1);
    assert_int_equal(batch_steps_per_epoch(&plan), STEPS);
    assert_int_equal(batch_n_leaves(&plan), 4);
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        int seen[CLIPS] = {0};
        for (int64_t step = epoch * STEPS; step < (epoch + 1) * STEPS; step++) {
            batch_plan_enter(&plan, step);
            for (int64_t leaf = 0; leaf < 4; leaf++) {
                TrainLeaf which = batch_leaf(&plan, step, leaf);
                assert_int_equal(which.epoch, epoch);
                for (int k = 0; k < MICRO; k++) assert_int_equal(seen[which.clips[k]]++, 0);
            }
        }
    }
    batch_plan_free(&plan);
}

/* A resumed run enters in the middle; it must see what the uninterrupted one saw. */
static void test_the_clips_of_a_step_do_not_depend_on_the_steps_before(void **state) {
    (void)state;
    BatchPlan walked = make_plan(7), jumped = make_plan(7), other = make_plan(8);
    for (int64_t step = 0; step <= 5; step++) batch_plan_enter(&walked, step);
    batch_plan_enter(&jumped, 5);
    batch_plan_enter(&other, 5);
    TrainLeaf a = batch_leaf(&walked, 5, 3), b = batch_leaf(&jumped, 5, 3);
    assert_memory_equal(a.clips, b.clips, MICRO * sizeof(uint32_t));
    assert_memory_not_equal(walked.order, other.order, CLIPS * sizeof(uint32_t));
    assert_true(batch_sample(&a, 1) == (uint64_t)2 * CLIPS + a.clips[1]);
    batch_plan_free(&walked);
    batch_plan_free(&jumped);
    batch_plan_free(&other);
}

static void test_epochs_are_shuffled_differently(void **state) {
    (void)state;
    BatchPlan plan = make_plan(1);
    uint32_t first[CLIPS];
    batch_plan_enter(&plan, 0);
    memcpy(first, plan.order, sizeof(first));
    batch_plan_enter(&plan, STEPS);
    assert_memory_not_equal(first, plan.order, sizeof(first));
    batch_plan_free(&plan);
}

static void test_batches_that_do_not_fit_are_refused_by_name(void **state) {
    (void)state;
    BatchPlan plan;
    assert_int_equal(batch_plan_init(&plan, 1, 100, 10, 4), ERR_USAGE);
    assert_string_equal(err_message(), "train.batch: 10 is no multiple of train.micro_batch 4");
    assert_int_equal(batch_plan_init(&plan, 1, 9, 10, 2), ERR_USAGE);
    assert_non_null(strstr(err_message(), "an epoch has only 9"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_epoch_shows_every_clip_at_most_once_and_drops_the_rest),
        cmocka_unit_test(test_the_clips_of_a_step_do_not_depend_on_the_steps_before),
        cmocka_unit_test(test_epochs_are_shuffled_differently),
        cmocka_unit_test(test_batches_that_do_not_fit_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
