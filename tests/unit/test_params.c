/* nn/layers/params - rows, offsets, and the distributions parameters start from. */
#include "nn/layers/params.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const int wide_dims[] = {300, 400}, one_dim[] = {1000};

static ParamTable example_table(void) {
    ParamTable table = {0};
    assert_int_equal(params_add(&table, NULL, &(ParamRow){"a.weight", wide_dims, 2, INIT_XAVIER, 400, 300, true, 0}),
                     ERR_NONE);
    assert_int_equal(params_add(&table, NULL, &(ParamRow){"a.bias", one_dim, 1, INIT_ZERO, 0, 0, false, 0}), ERR_NONE);
    assert_int_equal(params_add(&table, NULL, &(ParamRow){"norm.weight", one_dim, 1, INIT_ONE, 0, 0, false, 1}),
                     ERR_NONE);
    assert_int_equal(params_add(&table, NULL, &(ParamRow){"mask", wide_dims, 2, INIT_TRUNC_02_1SD, 0, 0, false, 1}),
                     ERR_NONE);
    assert_int_equal(params_add(&table, NULL, &(ParamRow){"patch", wide_dims, 2, INIT_FRAMEWORK, 400, 300, true, 1}),
                     ERR_NONE);
    assert_int_equal(params_add(&table, NULL, &(ParamRow){"dense", wide_dims, 2, INIT_NORMAL_02, 400, 300, true, 2}),
                     ERR_NONE);
    assert_int_equal(params_add(&table, NULL, &(ParamRow){"head", wide_dims, 2, INIT_HEAD, 400, 300, true, 2}),
                     ERR_NONE);
    return table;
}

static void test_rows_follow_each_other_without_gaps(void **state) {
    (void)state;
    ParamTable table = example_table();
    size_t at = 0;
    for (int i = 0; i < table.n_rows; i++) {
        assert_int_equal(table.rows[i].offset, at);
        at += table.rows[i].count;
    }
    assert_int_equal(at, table.total);
    assert_int_equal(params_find(&table, "norm.weight")->offset, 121000);
    assert_null(params_find(&table, "norm"));
    params_free(&table);
    assert_null(table.rows);
}

static void test_a_name_that_is_too_long_is_refused(void **state) {
    (void)state;
    ParamTable table = {0};
    char name[TENSOR_NAME_SIZE + 10];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = 0;
    assert_int_not_equal(params_add(&table, NULL, &(ParamRow){name, one_dim, 1, INIT_ZERO, 0, 0, false, 0}), ERR_NONE);
    params_free(&table);
}

typedef struct {
    double mean, deviation, largest;
} Moments;

static Moments moments_of(const ParamTable *table, const float *flat, const char *name) {
    const Param *row = params_find(table, name);
    double sum = 0, squares = 0, largest = 0;
    for (size_t i = 0; i < row->count; i++) {
        double x = flat[row->offset + i];
        sum += x;
        squares += x * x;
        largest = fmax(largest, fabs(x));
    }
    double n = (double)row->count;
    return (Moments){sum / n, sqrt(squares / n - sum / n * (sum / n)), largest};
}

static void test_every_distribution_has_its_limits_and_deviation(void **state) {
    (void)state;
    ParamTable table = example_table();
    float *flat = malloc(table.total * sizeof(float));
    params_init(flat, &table, 7, 0.001f);
    double xavier = sqrt(6.0 / 700), framework = 1 / sqrt(400.0);
    const struct {
        const char *name;
        double mean, deviation, limit;
    } cases[] = {
        {"a.weight", 0, xavier / sqrt(3), xavier},
        {"a.bias", 0, 0, 0},
        {"norm.weight", 1, 0, 1},
        {"mask", 0, 0.02 * 0.5396, 0.02}, /* deviation of a normal cut at one sigma */
        {"patch", 0, framework / sqrt(3), framework},
        {"dense", 0, 0.02, 0.12},
        {"head", 0, 0.00002, 0.00012},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Moments m = moments_of(&table, flat, cases[i].name);
        assert_true(fabs(m.mean - cases[i].mean) <= 0.012 * cases[i].deviation);
        assert_true(fabs(m.deviation - cases[i].deviation) <= 0.01 * cases[i].deviation + 1e-12);
        assert_true(m.largest <= cases[i].limit * 1.000001);
        assert_true(m.largest >= 0.5 * cases[i].limit);
    }
    free(flat);
    params_free(&table);
}

static void test_init_repeats_for_a_seed_and_differs_between_seeds_and_rows(void **state) {
    (void)state;
    ParamTable table = example_table();
    float *a = malloc(table.total * sizeof(float)), *b = malloc(table.total * sizeof(float));
    params_init(a, &table, 7, 1);
    params_init(b, &table, 7, 1);
    assert_memory_equal(a, b, table.total * sizeof(float));
    const Param *dense = params_find(&table, "dense"), *head = params_find(&table, "head");
    assert_memory_not_equal(a + dense->offset, a + head->offset, dense->count * sizeof(float));
    params_init(b, &table, 8, 1);
    assert_memory_not_equal(a, b, 1000 * sizeof(float));
    free(a);
    free(b);
    params_free(&table);
}

static void test_tensors_are_views_with_names_and_shapes(void **state) {
    (void)state;
    ParamTable table = example_table();
    float *flat = calloc(table.total, sizeof(float));
    Tensor tensors[7];
    params_tensors(tensors, &table, flat);
    assert_string_equal(tensors[3].name, "mask");
    assert_int_equal(tensors[3].n_dims, 2);
    assert_int_equal(tensors[3].dims[1], 400);
    assert_ptr_equal(tensors[3].data, flat + 122000);
    free(flat);
    params_free(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_follow_each_other_without_gaps),
        cmocka_unit_test(test_a_name_that_is_too_long_is_refused),
        cmocka_unit_test(test_every_distribution_has_its_limits_and_deviation),
        cmocka_unit_test(test_init_repeats_for_a_seed_and_differs_between_seeds_and_rows),
        cmocka_unit_test(test_tensors_are_views_with_names_and_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
