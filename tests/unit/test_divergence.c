/* train/internal/divergence - the message names the clips, the tensor, the checkpoint that is left and what to change.
 */
#include "train/internal/divergence.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WEIGHT = 12, BIAS = 4, TOTAL = WEIGHT + BIAS };

typedef struct {
    Par par;
    TrainConfig config;
    ParamTable table;
    BatchPlan plan;
    float params[TOTAL], grads[TOTAL];
    double losses[3];
    Share slices[2];
    Divergence where;
} Bench;

static void bench_open(Bench *b, int64_t saved_step) {
    *b = (Bench){.par = par_serial(1), .config = {.base_lr = 0.25, .warmup_epochs = 3}, .losses = {0.5, 0.5, 0.5}};
    b->slices[0] = (Share){0, BIAS};
    b->slices[1] = (Share){BIAS, TOTAL};
    assert_int_equal(
        params_add(&b->table, NULL, &(ParamRow){"layer.weight", (const int[]){4, 3}, 2, INIT_XAVIER, 3, 4, true, 0}),
        0);
    assert_int_equal(
        params_add(&b->table, NULL, &(ParamRow){"layer.bias", (const int[]){4}, 1, INIT_ZERO, 3, 4, false, 0}), 0);
    assert_int_equal(batch_plan_init(&b->plan, 1, 10, 6, 2), ERR_NONE);
    batch_plan_enter(&b->plan, 8);
    b->where = (Divergence){.task = "pretraining",
                            .checkpoints = "runs/a/ckpt",
                            .saved_step = saved_step,
                            .config = &b->config,
                            .par = &b->par,
                            .table = &b->table,
                            .slices = b->slices,
                            .n_slices = 2,
                            .params = b->params,
                            .grads = b->grads};
}

static void bench_close(Bench *b) {
    params_free(&b->table);
    batch_plan_free(&b->plan);
}

static bool says(const char *text) {
    return strstr(err_message(), text) != NULL;
}

static void raise_at_step_9(Bench *b, const double *losses, double loss, double norm) {
    assert_int_equal(divergence_raise_all(&b->where, 9, &b->plan, losses, loss, norm), ERR_DIVERGED);
    assert_true(says("pretraining: step 9: the loss is "));
    assert_true(says("train.base_lr (now 0.25)") && says("train.warmup_epochs (now 3)"));
}

static void test_clips_of_a_bad_loss_are_named(void **state) {
    (void)state;
    Bench b;
    bench_open(&b, 6);
    char expected[100];
    b.losses[1] = NAN;
    b.losses[2] = INFINITY;
    b.grads[0] = NAN; /* follows from the loss, tells nothing */
    raise_at_step_9(&b, b.losses, NAN, NAN);
    TrainLeaf leaf = batch_leaf(&b.plan, 8, 1);
    snprintf(expected, sizeof expected, "not finite in 2 of 3 leaves, the first of clips %u and %u", leaf.clips[0],
             leaf.clips[1]);
    assert_true(says(expected));
    assert_true(says("last good checkpoint is of step 6, in runs/a/ckpt"));
    assert_false(says("gradient of"));
    bench_close(&b);
}

static void test_the_tensor_of_a_bad_gradient_is_named(void **state) {
    (void)state;
    Bench b;
    bench_open(&b, -1);
    b.grads[WEIGHT + 1] = INFINITY;
    raise_at_step_9(&b, b.losses, 0.5, INFINITY);
    assert_true(says("the gradient of layer.bias is not finite"));
    assert_true(says("There is no checkpoint yet"));
    assert_false(says("leaves"));
    assert_true(divergence_none_all(&b.where));
    bench_close(&b);
}

static void test_a_bad_parameter_is_found_before_it_is_kept(void **state) {
    (void)state;
    Bench b;
    bench_open(&b, 6);
    assert_true(divergence_none_all(&b.where));
    b.params[WEIGHT - 1] = NAN;
    assert_false(divergence_none_all(&b.where));
    raise_at_step_9(&b, NULL, 0.5, 1);
    assert_true(says("the parameter layer.weight is not finite"));
    b.slices[1] = (Share){WEIGHT, TOTAL}; /* other values are another rank's to look at */
    assert_true(divergence_none_all(&b.where));
    bench_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clips_of_a_bad_loss_are_named),
        cmocka_unit_test(test_the_tensor_of_a_bad_gradient_is_named),
        cmocka_unit_test(test_a_bad_parameter_is_found_before_it_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
