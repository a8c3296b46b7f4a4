#include "base/text/text.h"
#include "sweep/plan/internal/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void expect_filled(const char *text, const char *expected) {
    Bindings bindings = {0};
    char *filled;
    assert_int_equal(bindings_set(&bindings, "out", "runs"), ERR_NONE);
    assert_int_equal(bindings_set(&bindings, "stage", "circles"), ERR_NONE);
    assert_int_equal(template_fill(&filled, text, &bindings, "test"), ERR_NONE);
    assert_string_equal(filled, expected);
    free(filled);
}

static void names_are_replaced(void **state) {
    (void)state;
    expect_filled("{out}/a-{stage}.h5", "runs/a-circles.h5");
    expect_filled("", "");
    expect_filled("no names", "no names");
}

static void made_stays_but_its_inside_is_filled(void **state) {
    (void)state;
    expect_filled("{made:pretrain-{stage}}", "{made:pretrain-circles}");
}

static void braces_that_are_no_names_are_copied(void **state) {
    (void)state;
    expect_filled("{}", "{}");
    expect_filled("{\"a\": 1}", "{\"a\": 1}");
    expect_filled("{out", "{out");
}

static void unknown_name_says_the_nearest(void **state) {
    (void)state;
    Bindings bindings = {0};
    char *filled;
    assert_int_equal(bindings_set(&bindings, "stage", "x"), ERR_NONE);
    assert_int_equal(template_fill(&filled, "{stagee}", &bindings, "file.json"), ERR_USAGE);
    assert_non_null(strstr(err_message(), "did you mean {stage}"));
    assert_null(filled);
}

static void setting_a_name_again_replaces_it(void **state) {
    (void)state;
    Bindings bindings = {0};
    char *filled;
    assert_int_equal(bindings_set(&bindings, "a", "1"), ERR_NONE);
    assert_int_equal(bindings_set(&bindings, "a", "2"), ERR_NONE);
    assert_int_equal(template_fill(&filled, "{a}", &bindings, "test"), ERR_NONE);
    assert_string_equal(filled, "2");
    free(filled);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_replaced),
        cmocka_unit_test(made_stays_but_its_inside_is_filled),
        cmocka_unit_test(braces_that_are_no_names_are_copied),
        cmocka_unit_test(unknown_name_says_the_nearest),
        cmocka_unit_test(setting_a_name_again_replaces_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
