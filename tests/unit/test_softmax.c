/* nn/layers/elementwise, softmax - the loss at values known by hand, and its gradient. */
#include "nn/layers/elementwise.h"
#include "operator_check.h"

enum { B = 4, K = 6 };

static void test_equal_logits_cost_the_logarithm_of_the_class_count(void **state) {
    (void)state;
    const float logits[K] = {2, 2, 2, 2, 2, 2}, targets[K] = {0.25f, 0.75f};
    float dlogits[K];
    assert_true(fabs(softmax_cross_entropy(dlogits, logits, targets, 1, K, 1) - log(6)) < 1e-12);
    assert_true(fabsf(dlogits[0] - (1 / 6.0f - 0.25f)) < 1e-7f);
    assert_true(fabsf(dlogits[5] - 1 / 6.0f) < 1e-7f);
}

static void test_huge_logits_stay_finite(void **state) {
    (void)state;
    const float logits[2] = {1e4f, -1e4f}, targets[2] = {0, 1};
    float dlogits[2];
    assert_true(softmax_cross_entropy(dlogits, logits, targets, 1, 2, 1) == 2e4);
    assert_true(dlogits[0] == 1 && dlogits[1] == -1);
}

typedef struct {
    float *logits, *targets;
} Context;

static double loss_of(void *context) {
    const Context *c = context;
    return 3 * softmax_cross_entropy(NULL, c->logits, c->targets, B, K, 1);
}

static void test_the_gradient_agrees_with_central_differences(void **state) {
    (void)state;
    Context c = {random_floats(B * K, 1, 2), random_floats(B * K, 2, 1)}; /* targets need not sum to one */
    float dlogits[B * K];
    softmax_cross_entropy(dlogits, c.logits, c.targets, B, K, 3);
    check_gradient(loss_of, &c, c.logits, dlogits, B * K, 1e-2f, 1e-3);
    free(c.logits);
    free(c.targets);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_logits_cost_the_logarithm_of_the_class_count),
        cmocka_unit_test(test_huge_logits_stay_finite),
        cmocka_unit_test(test_the_gradient_agrees_with_central_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
