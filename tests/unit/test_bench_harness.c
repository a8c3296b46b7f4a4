/* The harness of `synvid bench`: what is wrong is never timed, shares are those of neighbors, tables and JSON agree. */
#include "base/config/record.h"
#include "bench/internal/harness.h"
#include "support/unit.h"

typedef struct {
    int runs;
    double error;
} Work;

/* Some arithmetic that takes a while and cannot be left out. */
static void spin(int turns) {
    volatile double x = 1;
    for (int i = 0; i < turns; i++) x = x * 1.0000001;
}

static Err run_once(void *state) {
    ((Work *)state)->runs++;
    spin(20000);
    return ERR_NONE;
}

static Err run_twice(void *state) {
    (void)state;
    spin(40000);
    return ERR_NONE;
}

static Err run_failing(void *state) {
    ((Work *)state)->runs++;
    return RAISE(ERR_IO, "the disk is gone");
}

static Err check(double *error, void *state) {
    *error = ((Work *)state)->error;
    return ERR_NONE;
}

static BenchCase case_of(Work *work) {
    return (BenchCase){.name = "a case", .work = {run_once, work, 1}, .check = check, .tolerance = 1e-6};
}

static void test_a_wrong_result_is_refused_and_never_timed(void **state) {
    (void)state;
    const double wrong[] = {1.1e-6, 1, INFINITY, NAN};
    const Par par = par_serial(1);
    BenchFound found;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Work work = {.error = wrong[i]};
        const BenchCase c = case_of(&work);
        assert_fails(bench_measure_all(&found, &c, 0, &par), ERR_INTERNAL, "a case: differs from the plain version");
        assert_int_equal(work.runs, 0);
    }
}

static void test_a_case_without_a_check_is_refused(void **state) {
    (void)state;
    const Par par = par_serial(1);
    Work work = {0};
    BenchFound found;
    BenchCase c = case_of(&work);
    c.check = NULL;
    assert_fails(bench_measure_all(&found, &c, 0, &par), ERR_INTERNAL, "nothing says whether");
    assert_int_equal(work.runs, 0);
}

static void test_work_that_fails_ends_the_measurement(void **state) {
    (void)state;
    const Par par = par_serial(1);
    Work work = {0};
    BenchFound found;
    BenchCase c = case_of(&work);
    c.work.run = run_failing;
    assert_fails(bench_measure_all(&found, &c, 0, &par), ERR_IO, "the disk is gone");
    assert_int_equal(work.runs, 1);
}

/* The bound does the same arithmetic twice for twice the amount, or for the same. */
static void test_shares_are_rates_over_the_bounds_next_to_them(void **state) {
    (void)state;
    const Par par = par_serial(1);
    Work work = {0};
    BenchFound found;
    BenchCase c = case_of(&work);
    c.bound = (BenchLoad){run_twice, &work, 2};
    assert_ok(bench_measure_all(&found, &c, 0.2, &par));
    assert_true(found.share > 0.6 && found.share < 1.6);
    assert_true(found.rate >= found.median_rate && found.median_rate > 0);
    assert_true(fabs(found.rate * found.seconds - 1) < 1e-9);
    double equal = found.share;
    c.bound.amount = 1;
    assert_ok(bench_measure_all(&found, &c, 0.2, &par));
    assert_true(found.share > 1.4 * equal);
    c.bound = (BenchLoad){0};
    assert_ok(bench_measure_all(&found, &c, 0, &par));
    assert_true(isnan(found.share) && isnan(found.bound));
}

static void test_one_thread_is_not_compared_with_itself(void **state) {
    (void)state;
    BenchThreaded found;
    assert_ok(bench_threads(&found, NULL, NULL, 1, 1));
    assert_true(isnan(found.rate) && isnan(found.speedup));
}

static const BenchColumn columns[] = {
    {.key = "name", .heading = "name", .width = -10},
    {.key = "share", .heading = "share", .width = 8, .style = 'f', .digits = 1, .scale = 100, .suffix = " %"},
    {.key = "hidden", .style = 'f'},
    {.heading = "shown", .width = 5, .style = 'f'},
};

static void test_json_has_the_keys_that_are_there(void **state) {
    (void)state;
    BenchTable table;
    assert_ok(bench_table_open(&table, columns, 4, true, false, NULL));
    table.verified = true;
    assert_ok(bench_table_row(
        &table, (BenchCell[]){bench_text("one"), bench_number(0.5), bench_number_if(false, 1), bench_number(3)}));
    const cJSON *row = cJSON_GetArrayItem(table.list, 0);
    assert_string_equal(record_text_or(row, "name", ""), "one");
    assert_true(record_number_or(row, "share", 0) == 0.5); /* unscaled */
    assert_null(cJSON_GetObjectItem(row, "hidden"));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(row, "verified")));
    assert_int_equal(cJSON_GetArraySize(row), 3);
    assert_fails(bench_table_close(&table, RAISE(ERR_IO, "so that nothing is printed")), ERR_IO, "");
}

static void test_other_ranks_show_nothing(void **state) {
    (void)state;
    BenchTable table;
    assert_ok(bench_table_open(&table, columns, 4, true, true, NULL));
    assert_ok(bench_table_row(&table, NULL));
    assert_null(table.list);
    assert_ok(bench_table_close(&table, ERR_NONE));
}

static void test_distances_are_relative(void **state) {
    (void)state;
    const float expected[] = {3, 4}, found[] = {3, 4.5f};
    assert_true(fabs(bench_distance(found, expected, 2) - 0.1) < 1e-12);
    assert_true(isnan(bench_distance((const float[]){NAN, 0}, expected, 2)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wrong_result_is_refused_and_never_timed),
        cmocka_unit_test(test_a_case_without_a_check_is_refused),
        cmocka_unit_test(test_work_that_fails_ends_the_measurement),
        cmocka_unit_test(test_shares_are_rates_over_the_bounds_next_to_them),
        cmocka_unit_test(test_one_thread_is_not_compared_with_itself),
        cmocka_unit_test(test_json_has_the_keys_that_are_there),
        cmocka_unit_test(test_other_ranks_show_nothing),
        cmocka_unit_test(test_distances_are_relative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
