#include "base/system/file.h"
#include "run/result.h"
#include "store_fixture.h"
#include "support/file_digest.h"

#include <math.h>

static void fill(Result *result) {
    *result = (Result){.task = "finetune",
                       .dataset = "standin-motion",
                       .pretraining = "moving-circles",
                       .model = "vit_test",
                       .seed = UINT64_MAX};
    assert_ok(result_add_deviation(result, "epochs %d instead of %d", 20, 100));
    assert_ok(result_add_metric(result, "top1", 100.0 / 3, "%", 400, (Interval){28.9, 38.1}, "Wilson 95%"));
    assert_ok(result_add_number(result, "loss", NAN, "", 0));
    assert_ok(
        result_add_input(result, "checkpoint", "runs/a \"b\"/ckpt/step-1.h5", "0123456789abcdef0123456789abcdef"));
}

static void test_a_result_comes_back_to_the_bit(void **state) {
    (void)state;
    Result written, read;
    fill(&written);
    assert_ok(result_write(&written, fixture_path("result.json")));
    assert_ok(result_read(&read, fixture_path("result.json")));
    assert_string_equal(read.pretraining, "moving-circles");
    assert_true(read.seed == UINT64_MAX && text_equal(read.protocol, PROTOCOL_REDUCED));
    assert_string_equal(read.deviations[0], "epochs 20 instead of 100");
    assert_string_equal(read.inputs[0].path, "runs/a \"b\"/ckpt/step-1.h5");
    const ResultMetric *top1 = result_metric(&read, "top1"), *loss = result_metric(&read, "loss");
    assert_true(top1->value == 100.0 / 3 && top1->low == 28.9 && top1->high == 38.1 && top1->count == 400);
    assert_string_equal(top1->interval, "Wilson 95%");
    assert_true(isnan(loss->value) && isnan(loss->low));
    assert_null(result_metric(&read, "top5"));
}

static void test_equal_results_are_equal_bytes(void **state) {
    (void)state;
    Result result;
    char first[DIGEST_SIZE], second[DIGEST_SIZE];
    fill(&result);
    assert_ok(result_write(&result, fixture_path("a.json")));
    sleep(1); /* another second: no time may be in the file */
    assert_ok(result_write(&result, fixture_path("b.json")));
    assert_ok(digest_of_file(first, fixture_path("a.json")));
    assert_ok(digest_of_file(second, fixture_path("b.json")));
    assert_string_equal(first, second);
}

static void test_more_than_a_result_holds_is_refused(void **state) {
    (void)state;
    Result result = {0};
    for (int i = 0; i < RESULT_METRICS; i++) assert_ok(result_add_number(&result, "m", i, "", 1));
    assert_err(ERR_INTERNAL, "more than 160", result_add_number(&result, "m", 0, "", 1));
    char text[200];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_err(ERR_INTERNAL, "too long", result_add_deviation(&result, "%s", text));
    assert_int_equal(result.n_deviations, 0);
}

static void test_what_is_no_result_is_refused(void **state) {
    (void)state;
    static const char *const wrong[][2] = {
        {"{\"schema\": \"synvid.result\", \"schema_version\": 1}", "identity: missing"},
        {"{\"schema\": \"synvid.run\", \"schema_version\": 1}", "is a synvid.run, expected a synvid.result"},
        {"{\"schema\": \"synvid.result\", \"schema_version\": 3}", "version 3"},
        {"[1, 2]", "not a file of ours"},
        {"{\"schema\": ", "bad.json"},
        {"{\"schema\": \"synvid.result\", \"schema_version\": 1, \"identity\": {\"task\": 5}}",
         "task: expected a text"},
    };
    Result result;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_ok(file_write_whole(fixture_path("bad.json"), wrong[i][0], strlen(wrong[i][0])));
        assert_err(ERR_INPUT, wrong[i][1], result_read(&result, fixture_path("bad.json")));
    }
    assert_err(ERR_INPUT, "absent.json", result_read(&result, fixture_path("absent.json")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_result_comes_back_to_the_bit),
        cmocka_unit_test(test_equal_results_are_equal_bytes),
        cmocka_unit_test(test_more_than_a_result_holds_is_refused),
        cmocka_unit_test(test_what_is_no_result_is_refused),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
