/* nn/models/adamw - against the plain version, over slices, and a step computed by hand. */
#include "nn/models/optimizer.h"

#include "golden_file.h"
#include "math/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { TOTAL = 7 * 13 + 13 };
static const AdamwConfig config = {.beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f, .weight_decay = 0.05f};

static ParamTable example_table(void) {
    ParamTable table = {0};
    assert_int_equal(
        params_add(&table, NULL, &(ParamRow){"weight", (const int[]){7, 13}, 2, INIT_XAVIER, 13, 7, true, 0}),
        ERR_NONE);
    assert_int_equal(params_add(&table, NULL, &(ParamRow){"bias", (const int[]){13}, 1, INIT_ZERO, 0, 0, false, 1}),
                     ERR_NONE);
    return table;
}

static void fill(float *out, uint32_t object) {
    Rng rng = rng_stream(1, RNG_TEST, 0, object);
    for (int i = 0; i < TOTAL; i++) out[i] = rng_normal(&rng);
}

typedef struct {
    float params[TOTAL], m[TOTAL], v[TOTAL], grads[TOTAL];
} State;

static State fresh(void) {
    State s = {0};
    fill(s.params, 0);
    fill(s.grads, 1);
    return s;
}

static void test_the_first_step_moves_by_the_rate_against_the_sign(void **state) {
    (void)state;
    ParamTable table = example_table();
    State s = fresh(), before = s;
    adamw_update(&(AdamwSlice){s.params, s.m, s.v, s.grads, 0, TOTAL}, &table, &(AdamwStep){&config, 1e-2, NULL, 1});
    for (int i = 0; i < TOTAL; i++) {
        /* m_hat / sqrt(v_hat) = sign(g) at step 1; only the weight decays. */
        double kept = before.params[i] * (i < 91 ? 1 - 1e-2 * 0.05 : 1.0);
        assert_true(fabs(s.params[i] - (kept - copysign(1e-2, s.grads[i]))) < 2e-6); /* eps shows at small gradients */
    }
    params_free(&table);
}

static void test_the_fused_update_equals_the_plain_one(void **state) {
    (void)state;
    ParamTable table = example_table();
    State s = fresh(), ref = s;
    const float scale[] = {0.5f, 1.0f};
    for (int step = 1; step <= 20; step++) {
        adamw_update(&(AdamwSlice){s.params, s.m, s.v, s.grads, 0, TOTAL}, &table,
                     &(AdamwStep){&config, 1e-2, scale, step});
        adamw_update_ref(&(AdamwSlice){ref.params, ref.m, ref.v, ref.grads, 0, TOTAL}, &table,
                         &(AdamwStep){&config, 1e-2, scale, step});
        fill(s.grads, (uint32_t)step + 1);
        memcpy(ref.grads, s.grads, sizeof s.grads);
    }
    for (int i = 0; i < TOTAL; i++) assert_true(fabs(s.params[i] - ref.params[i]) < 2e-6);
    params_free(&table);
}

static void test_slices_give_the_bits_of_the_whole(void **state) {
    (void)state;
    ParamTable table = example_table();
    State whole = fresh(), parts = whole;
    const float scale[] = {0.25f, 1.0f};
    adamw_update(&(AdamwSlice){whole.params, whole.m, whole.v, whole.grads, 0, TOTAL}, &table,
                 &(AdamwStep){&config, 1e-2, scale, 1});
    const size_t cuts[] = {0, 5, 90, 95, TOTAL};
    for (int i = 0; i < 4; i++) {
        size_t a = cuts[i];
        adamw_update(&(AdamwSlice){parts.params + a, parts.m + a, parts.v + a, parts.grads + a, a, cuts[i + 1]}, &table,
                     &(AdamwStep){&config, 1e-2, scale, 1});
    }
    assert_memory_equal(&whole, &parts, sizeof whole);
    params_free(&table);
}

static void test_three_steps_match_the_double_precision_oracle(void **state) {
    (void)state;
    ParamTable table = example_table();
    Golden golden = golden_read("adamw.gold");
    State s = {0};
    memcpy(s.params, golden_get(&golden, "weight")->data, 91 * sizeof(float));
    memcpy(s.params + 91, golden_get(&golden, "bias")->data, 13 * sizeof(float));
    const double *rates = golden_get(&golden, "rates")->data;
    for (int step = 0; step < 3; step++) {
        char weight[32], bias[32];
        snprintf(weight, sizeof weight, "grad%d.weight", step);
        snprintf(bias, sizeof bias, "grad%d.bias", step);
        memcpy(s.grads, golden_get(&golden, weight)->data, 91 * sizeof(float));
        memcpy(s.grads + 91, golden_get(&golden, bias)->data, 13 * sizeof(float));
        adamw_update(&(AdamwSlice){s.params, s.m, s.v, s.grads, 0, TOTAL}, &table,
                     &(AdamwStep){&config, rates[step], (const float[]){1.0f, 0.5f}, step + 1});
    }
    const float *weight = golden_get(&golden, "final.weight")->data, *bias = golden_get(&golden, "final.bias")->data;
    for (int i = 0; i < 91; i++) assert_true(fabsf(s.params[i] - weight[i]) < 1e-6f);
    for (int i = 0; i < 13; i++) assert_true(fabsf(s.params[91 + i] - bias[i]) < 1e-6f);
    golden_free(&golden);
    params_free(&table);
}

static void test_a_zero_rate_changes_the_moments_only(void **state) {
    (void)state;
    ParamTable table = example_table();
    State s = fresh(), before = s;
    adamw_update(&(AdamwSlice){s.params, s.m, s.v, s.grads, 0, TOTAL}, &table, &(AdamwStep){&config, 0, NULL, 1});
    assert_memory_equal(s.params, before.params, sizeof s.params);
    assert_true(s.m[3] != 0 && s.v[3] > 0);
    params_free(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_step_moves_by_the_rate_against_the_sign),
        cmocka_unit_test(test_the_fused_update_equals_the_plain_one),
        cmocka_unit_test(test_slices_give_the_bits_of_the_whole),
        cmocka_unit_test(test_three_steps_match_the_double_precision_oracle),
        cmocka_unit_test(test_a_zero_rate_changes_the_moments_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
