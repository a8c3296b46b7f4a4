/* Fine-tuning in mixed precision against the double-precision oracle (tests/oracle/finetune_oracle.py), ViT-B among the
 * models, within what rounding the operands explains (rounding_bound.h). */
#include "finetune_fixture.h"
#include "rounding_bound.h"
#include "support/kernels.h"
#include "support/unit.h"

/* The two steps from the golden weights: mixup, then cutmix. */
static void check_gradients(const Case *c, bool recompute) {
    static const char *const kinds[] = {"grad0", "grad1"};
    Training t = training_open(c, recompute, true);
    const GoldenTensor *losses = golden_get(&t.golden, "losses");
    for (int step = 0; step < 2 && step < (int)losses->count; step++) {
        double loss = batch_gradients(&t, step), expected = ((const double *)losses->data)[step];
        assert_true(loss != expected && fabs(loss - expected) <= rounding_bound(&c->model, 0) * expected / 4);
        golden_assert_near(&t.golden, kinds[step], t.table, t.grads, rounding_bound(&c->model, 0));
    }
    training_close(&t);
}

static void test_gradients_are_within_what_rounding_explains(void **state) {
    (void)state;
    check_gradients(&small, false);
    check_gradients(&small, true);
}

static void test_gradients_of_vit_b_are_within_what_rounding_explains(void **state) {
    (void)state;
    skip_if_emulated();
    skip_if_emulated_and_checked();
    check_gradients(&vit_b, true);
}

/* Two panels of ViT-B's weights in each other's place, or a block that adds nothing: the golden file can tell. */
static void test_a_wrong_layout_and_a_lost_block_of_vit_b_exceed_the_bound(void **state) {
    (void)state;
    skip_if_emulated();
    skip_if_emulated_and_checked();
    for (int mistake = 0; mistake < 2; mistake++) {
        Training t = training_open(&vit_b, true, true);
        if (mistake == 0)
            swap_panels(t.params, t.table, "blocks.0.mlp.fc1.weight");
        else
            lose_block(t.params, t.table, "blocks.0");
        (void)batch_gradients(&t, 0);
        const Param *row = params_find(t.table, "blocks.0.mlp.fc1.weight");
        assert_true(golden_distance(&t.golden, "grad0", row, t.grads) > rounding_bound(&vit_b.model, 0));
        training_close(&t);
    }
}

int main(void) {
    if (nothing_narrower()) return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_are_within_what_rounding_explains),
        cmocka_unit_test(test_gradients_of_vit_b_are_within_what_rounding_explains),
        cmocka_unit_test(test_a_wrong_layout_and_a_lost_block_of_vit_b_exceed_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
