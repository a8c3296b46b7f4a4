/* nn/layers/model - size checks and the cost table. */
#include "nn/layers/model.h"

#include "support/official_sizes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_flops_of_the_official_sizes_match_the_published_table(void **state) {
    (void)state;
    /* GFLOP a step: mask 0.75, mask 0.9, fine-tuning on 101 classes. */
    const struct {
        ModelConfig model;
        double masked75, masked90, finetune;
    } rows[] = {
        {VIT_S, 100.9, 64.0, 339.4},
        {VIT_B, 335.4, 202.3, 1078.4},
        {VIT_L, 1301.3, 842.0, 3576.1},
        {VIT_H, 2348.7, 1408.4, 7139.8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(fabs(model_pretrain_flops(&rows[i].model, 0.75) / 1e9 - rows[i].masked75) < 0.06);
        assert_true(fabs(model_pretrain_flops(&rows[i].model, 0.9) / 1e9 - rows[i].masked90) < 0.06);
        assert_true(fabs(model_finetune_flops(&rows[i].model, 101) / 1e9 - rows[i].finetune) < 0.06);
    }
}

static void test_sizes_that_do_not_divide_are_named(void **state) {
    (void)state;
    ModelConfig good = VIT_B, bad = good;
    assert_int_equal(model_check(&good), ERR_NONE);
    bad.image_size = 225;
    assert_int_equal(model_check(&bad), ERR_USAGE);
    assert_non_null(strstr(err_message(), "model.image_size: 225"));
    bad = good;
    bad.n_frames = 15;
    assert_int_equal(model_check(&bad), ERR_USAGE);
    bad = good;
    bad.heads = 7;
    assert_int_equal(model_check(&bad), ERR_USAGE);
    bad = good;
    bad.decoder_heads = 7;
    assert_int_equal(model_check(&bad), ERR_USAGE);
    assert_non_null(strstr(err_message(), "decoder_heads 7"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flops_of_the_official_sizes_match_the_published_table),
        cmocka_unit_test(test_sizes_that_do_not_divide_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
