#include "analysis/compare/outcomes.h"

#include "support/fake_runs.h"

static char runs[PATH_SIZE];

static int setup(void **state) {
    (void)state;
    scratch_make(runs);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    scratch_remove(runs);
    return 0;
}

static const OutcomeKey circles = {.task = "finetune", .dataset = "standin-motion", .pretraining = "moving-circles"};

static void one_result_keeps_its_own_interval(void **state) {
    (void)state;
    Outcomes outcomes;
    fake_run(runs, "a", "finetune", "moving-circles", 222, 1);
    fake_run(runs, "b", "probe", "moving-circles", 80, 1);
    assert_ok(outcomes_read(&outcomes, runs));
    assert_int_equal(outcomes.count, 2);
    Estimate estimate = outcomes_estimate(&outcomes, &circles, "top1");
    assert_int_equal(estimate.state, ESTIMATE_PRESENT);
    assert_float_equal(estimate.value, 55.5, 1e-9);
    assert_float_equal(estimate.low, 50.6005, 1e-3);
    assert_float_equal(estimate.high, 60.2949, 1e-3);
    assert_int_equal(outcomes_estimate(&outcomes, &circles, "no-such").state, ESTIMATE_NONE);
    outcomes_free(&outcomes);
}

static void seeds_become_a_mean_with_a_t_interval(void **state) {
    (void)state;
    Outcomes outcomes;
    fake_run(runs, "a", "finetune", "moving-circles", 200, 1);
    fake_run(runs, "b", "finetune", "moving-circles", 220, 2);
    fake_run(runs, "c", "finetune", "moving-circles", 240, 3);
    assert_ok(outcomes_read(&outcomes, runs));
    Estimate estimate = outcomes_estimate(&outcomes, &circles, "top1");
    assert_int_equal(estimate.n_seeds, 3);
    assert_float_equal(estimate.value, 55, 1e-9);
    assert_float_equal(estimate.high - 55, 4.302652730 * 5 / sqrt(3), 1e-4);
    outcomes_free(&outcomes);
}

static void different_protocols_are_never_averaged(void **state) {
    (void)state;
    Outcomes outcomes;
    Result other = fake_accuracy("finetune", "moving-circles", 300, 400, 2);
    assert_ok(result_add_deviation(&other, "model.width 96 instead of 768"));
    fake_run(runs, "a", "finetune", "moving-circles", 200, 1);
    fake_write(runs, "b", &other);
    assert_ok(outcomes_read(&outcomes, runs));
    Estimate estimate = outcomes_estimate(&outcomes, &circles, "top1");
    assert_int_equal(estimate.state, ESTIMATE_MIXED);
    assert_true(isnan(estimate.value));
    outcomes_free(&outcomes);
}

static void equal_identity_and_seed_leaves_both_out_with_a_reason(void **state) {
    (void)state;
    Outcomes outcomes;
    fake_run(runs, "a", "finetune", "moving-circles", 200, 1);
    fake_run(runs, "b", "finetune", "moving-circles", 240, 1);
    fake_run(runs, "c", "finetune", "static-circles", 50, 1);
    assert_ok(outcomes_read(&outcomes, runs));
    assert_int_equal(outcomes.count, 1);
    assert_string_equal(outcomes.items[0].result.pretraining, "static-circles");
    assert_int_equal(outcomes.n_left_out, 2);
    assert_non_null(strstr(outcomes.left_out[0].reason, "/b"));
    assert_non_null(strstr(outcomes.left_out[0].reason, "delete one"));
    outcomes_free(&outcomes);
}

static void damaged_files_are_left_out_with_a_reason(void **state) {
    (void)state;
    char path[PATH_SIZE];
    Outcomes outcomes;
    fake_run(runs, "a", "finetune", "moving-circles", 200, 1);
    scratch_write(path, runs, "cut/result.json", "{\"schema\": \"synvid.result\", ");
    scratch_write(path, runs, "foreign/result.json", "{\"schema\": \"somebody.else\"}");
    assert_ok(outcomes_read(&outcomes, runs));
    assert_int_equal(outcomes.count, 1);
    assert_int_equal(outcomes.n_left_out, 2);
    assert_non_null(strstr(outcomes.left_out[0].path, "cut/result.json"));
    outcomes_free(&outcomes);
}

static void statistics_against_different_references_do_not_mix(void **state) {
    (void)state;
    static const char *const digests[] = {"11111111111111111111111111111111", "22222222222222222222222222222222"};
    Outcomes outcomes;
    for (int i = 0; i < 2; i++) {
        Result result = fake_result("analyze", "moving-circles", "", 1);
        assert_ok(result_add_number(&result, "lab_kl", 2 + i, "nats", 100));
        assert_ok(result_add_input(&result, "reference", "data/natural", digests[i]));
        fake_write(runs, i ? "b" : "a", &result);
    }
    assert_ok(outcomes_read(&outcomes, runs));
    assert_int_equal(outcomes.count, 2);
    const OutcomeKey key = {.task = "analyze", .dataset = "moving-circles"};
    assert_int_equal(outcomes_estimate(&outcomes, &key, "lab_kl").state, ESTIMATE_MIXED);
    outcomes_free(&outcomes);
}

static void a_missing_folder_is_named(void **state) {
    (void)state;
    Outcomes outcomes;
    assert_fails(outcomes_read(&outcomes, "/nowhere/runs"), ERR_INPUT, "/nowhere/runs");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_result_keeps_its_own_interval, setup, teardown),
        cmocka_unit_test_setup_teardown(seeds_become_a_mean_with_a_t_interval, setup, teardown),
        cmocka_unit_test_setup_teardown(different_protocols_are_never_averaged, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_identity_and_seed_leaves_both_out_with_a_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_files_are_left_out_with_a_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(statistics_against_different_references_do_not_mix, setup, teardown),
        cmocka_unit_test(a_missing_folder_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
