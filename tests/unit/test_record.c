/* The reader of our JSON: what a member may be, and messages that name file, place, what was expected and what was
 * found. */
#include "base/config/record.h"

#include "base/config/json.h"
#include "support/unit.h"

#include <math.h>

static cJSON *tree;

static Record record_of(const char *text) {
    cJSON_Delete(tree);
    assert_ok(json_parse(&tree, text, strlen(text), "f.json", ERR_INPUT));
    return (Record){.object = tree, .origin = "f.json"};
}

static void a_member_of_another_type_is_named(void **state) {
    (void)state;
    char text[8];
    int64_t whole;
    Record inner;
    const Record record =
        record_of("{\"a\": 3, \"b\": \"much too long\", \"c\": [1, 2], \"d\": 2.5, \"e\": {\"f\": null}}");
    assert_fails(record_text(text, sizeof text, record, "a"), ERR_INPUT, "f.json: a: expected a text, found 3");
    assert_fails(record_text(text, sizeof text, record, "b"), ERR_INPUT, "f.json: b: longer than 7 characters");
    assert_fails(record_text(text, sizeof text, record, "z"), ERR_INPUT, "f.json: z: missing, expected a text");
    assert_fails(record_int(&whole, record, "c", 0, 9), ERR_INPUT, "c: expected a whole number, found a list of 2");
    assert_fails(record_int(&whole, record, "d", 0, 9), ERR_INPUT, "d: expected a whole number, found 2.5");
    assert_fails(record_int(&whole, record, "a", 5, 9), ERR_INPUT, "a: 3 is outside [5, 9]");
    assert_ok(record_object(&inner, record, "e"));
    assert_fails(record_int(&whole, inner, "f", 0, 9), ERR_INPUT, "f: expected a whole number, found null");
    assert_fails(record_object(&inner, record, "c"), ERR_INPUT, "c: expected an object, found a list of 2");
}

static void members_that_need_not_be_there(void **state) {
    (void)state;
    const char *text;
    double number;
    bool flag;
    Record record = record_of("{}");
    assert_ok(record_maybe_text(&text, record, "t"));
    assert_string_equal(text, "");
    assert_ok(record_maybe_number(&number, record, "n"));
    assert_true(isnan(number));
    assert_ok(record_maybe_flag(&flag, record, "f"));
    assert_false(flag);
    record = record_of("{\"t\": \"x\", \"n\": 0.5, \"f\": true}");
    assert_ok(record_maybe_text(&text, record, "t"));
    assert_string_equal(text, "x");
    assert_ok(record_maybe_number(&number, record, "n"));
    assert_true(number == 0.5);
    assert_ok(record_maybe_flag(&flag, record, "f"));
    assert_true(flag);
    assert_fails(record_maybe_text(&text, record, "n"), ERR_INPUT, "n: expected a text, found 0.5");
    assert_fails(record_maybe_number(&number, record, "f"), ERR_INPUT, "f: expected a number, found true");
    assert_fails(record_maybe_flag(&flag, record, "t"), ERR_INPUT, "t: expected true or false, found the text \"x\"");
}

static Err add_up(void *sum, Record entry) {
    int64_t value;
    TRY(record_int(&value, entry, "v", 0, 100));
    *(int64_t *)sum += value * (entry.entry + 1);
    return ERR_NONE;
}

static void an_entry_of_a_list_is_named_by_its_place(void **state) {
    (void)state;
    const cJSON *list;
    int n;
    int64_t sum = 0;
    Record record = record_of(
        "{\"rows\": [{\"v\": 1}, {\"v\": 2}], \"bad\": [{\"v\": 1}, {\"v\": \"x\"}], \"odd\": [{\"v\": 1}, 7], "
        "\"texts\": [\"a\", \"b\", 3]}");
    assert_ok(record_each(record, "rows", add_up, &sum));
    assert_int_equal(sum, 1 * 1 + 2 * 2); /* in order, counted from 0 */
    assert_fails(record_each(record, "bad", add_up, &sum), ERR_INPUT,
                 "f.json: bad[1]: v: expected a whole number, found the text \"x\"");
    assert_fails(record_each(record, "odd", add_up, &sum), ERR_INPUT, "odd[1]: the entry: expected an object, found 7");
    assert_fails(record_each(record, "none", add_up, &sum), ERR_INPUT, "none: missing, expected a list");
    assert_fails(record_texts(&list, &n, record, "texts"), ERR_INPUT, "texts[2]: expected a text, found 3");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_of_another_type_is_named),
        cmocka_unit_test(members_that_need_not_be_there),
        cmocka_unit_test(an_entry_of_a_list_is_named_by_its_place),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cJSON_Delete(tree);
    return failed;
}
