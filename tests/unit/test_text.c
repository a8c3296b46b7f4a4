#include "base/text/text.h"

#include "support/unit.h"

static void a_text_that_does_not_fit_is_an_error_not_a_cut(void **state) {
    (void)state;
    char out[4] = "xyz";
    assert_ok(text_copy(out, sizeof out, "abc"));
    assert_string_equal(out, "abc");
    assert_fails(text_copy(out, sizeof out, "abcd"), ERR_USAGE, "has 4 characters; at most 3 fit");
    assert_ok(text_format(out, sizeof out, "%d", 123));
    assert_fails(text_format(out, sizeof out, "%d", 1234), ERR_USAGE, "would have 4 characters; at most 3 fit");
}

static void a_text_that_does_not_fit_keeps_both_ends(void **state) {
    (void)state;
    static const char *const cases[][2] = {{"", ""},
                                           {"nineteen characters", "nineteen characters"},
                                           {"twenty characters ..", "twenty c...cters .."},
                                           {"finetune-moving-circles-random", "finetune...s-random"},
                                           {"日本語の名前はここです", "日本...です"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[20];
        assert_string_equal(text_fit(out, sizeof out, cases[i][0]), cases[i][1]);
    }
}

static void joined_paths_have_exactly_one_slash(void **state) {
    (void)state;
    char out[32];
    static const char *const cases[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"a//", "b", "a/b"},
                                           {"/", "b", "/b"},  {"", "b", "b"},     {"/a/b", "c.h5", "/a/b/c.h5"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(path_join(out, sizeof out, cases[i][0], cases[i][1]));
        assert_string_equal(out, cases[i][2]);
    }
    assert_fails(path_join(out, sizeof out, "0123456789012345678901234567890", "x"), ERR_USAGE, "at most 31 fit");
}

static void paths_come_apart(void **state) {
    (void)state;
    char out[32];
    assert_string_equal(path_base("a/b.json"), "b.json");
    assert_string_equal(path_base("b"), "b");
    assert_string_equal(path_extension("a.b/c"), "");
    assert_string_equal(path_extension("a/b.tar.gz"), "gz");
    assert_string_equal(path_extension(".hidden"), "");
    assert_ok(path_parent(out, sizeof out, "a/b"));
    assert_string_equal(out, "a");
    assert_ok(path_parent(out, sizeof out, "b"));
    assert_string_equal(out, ".");
    assert_ok(path_parent(out, sizeof out, "/b"));
    assert_string_equal(out, "/");
}

static void starts_and_ends_are_seen(void **state) {
    (void)state;
    assert_true(text_starts("shard-1", "shard-"));
    assert_false(text_starts("sha", "shard-"));
    assert_true(text_ends("x.partial", ".partial"));
    assert_false(text_ends("l", ".partial"));
    assert_true(text_ends("x", ""));
}

static void the_nearest_name_is_near(void **state) {
    (void)state;
    static const char *const names[] = {"mask_ratio", "batch", "epochs", NULL};
    assert_string_equal(text_nearest("mask_ration", names), "mask_ratio");
    assert_string_equal(text_nearest("EPOCHS", names), "epochs");
    assert_string_equal(text_nearest("btach", names), "batch");
    assert_null(text_nearest("zebra_crossing", names));
    assert_null(text_nearest("x", (const char *const[]){NULL}));
    char endless[300];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    assert_null(text_nearest(endless, names));
}

static void quantities_are_written_for_people(void **state) {
    (void)state;
    char out[32];
    assert_string_equal(text_bytes(out, sizeof out, 0), "0 B");
    assert_string_equal(text_bytes(out, sizeof out, 999), "999 B");
    assert_string_equal(text_bytes(out, sizeof out, 1400), "1.40 kB");
    assert_string_equal(text_bytes(out, sizeof out, 12.3e9), "12.3 GB");
    assert_string_equal(text_bytes(out, sizeof out, 999.6e6), "1.00 GB");
    assert_string_equal(text_bytes(out, sizeof out, 5e18), "5000 PB");
    assert_string_equal(text_duration(out, sizeof out, 0.25), "0.2 s");
    assert_string_equal(text_duration(out, sizeof out, 61), "61 s");
    assert_string_equal(text_duration(out, sizeof out, 600), "10 min");
    assert_string_equal(text_duration(out, sizeof out, 7980), "2 h 13 min");
    assert_string_equal(text_duration(out, sizeof out, 86400 * 3.5), "3.5 days");
    assert_string_equal(text_duration(out, sizeof out, -1), "0.0 s");
    assert_string_equal(text_count(out, sizeof out, 0), "0");
    assert_string_equal(text_count(out, sizeof out, 999), "999");
    assert_string_equal(text_count(out, sizeof out, 1234567), "1,234,567");
    assert_string_equal(text_count(out, sizeof out, -1000), "-1,000");
    assert_string_equal(text_count(out, sizeof out, INT64_MIN), "-9,223,372,036,854,775,808");
}

static void durations_are_read_with_and_without_units(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {{"90", 90},     {"90s", 90},   {"1.5h", 5400},          {"2h30m", 9000},
                 {"15min", 900}, {"1d", 86400}, {"2 hours 5 min", 7500}, {"0", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double seconds = -1;
        assert_ok(text_parse_duration(&seconds, cases[i].text));
        assert_true(seconds == cases[i].seconds);
    }
    static const char *const wrong[] = {"", "h", "5x", "5mx", "-3", "1h-2m", "ten", "nan", "5 6 7x", "1e300"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double seconds = -1;
        assert_fails(text_parse_duration(&seconds, wrong[i]), ERR_USAGE, "is no duration");
        assert_true(seconds == -1);
    }
}

static void a_builder_grows(void **state) {
    (void)state;
    Builder out = {0};
    for (int i = 0; i < 1000; i++) builder_add(&out, "%03d,", i);
    builder_add_text(&out, "end");
    assert_ok(builder_check(&out, "numbers"));
    assert_int_equal(out.length, 4003);
    assert_int_equal(strlen(out.data), 4003);
    assert_string_equal(out.data + 3996, "999,end");
    builder_free(&out);
    assert_null(out.data);
    out.failed = true;
    assert_fails(builder_check(&out, "numbers"), ERR_MEMORY, "numbers: out of memory");
}

static void expect_wrapped(const char *text, int column, int indent, int columns, const char *expected) {
    Builder out = {0};
    builder_add(&out, "%.*s", column, "#########");
    builder_add_wrapped(&out, text, column, indent, columns);
    assert_string_equal(out.data, expected);
    builder_free(&out);
}

static void wrapped_text_breaks_at_blanks_only(void **state) {
    (void)state;
    expect_wrapped("aa bb cc", 0, 0, 5, "aa bb\ncc\n");
    expect_wrapped("aa bb cc", 0, 2, 7, "  aa bb\n  cc\n");
    expect_wrapped("aa bb", 3, 2, 8, "###aa bb\n");
    expect_wrapped("cccc b", 3, 1, 6, "###\n cccc\n b\n");
    expect_wrapped("longerthantheline b", 0, 0, 5, "longerthantheline\nb\n");
    expect_wrapped("\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9", 0, 0, 5, "\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9\n");
}

static void wrapped_text_keeps_paragraphs_and_indented_lines(void **state) {
    (void)state;
    expect_wrapped("a\nb", 0, 0, 9, "a b\n");
    expect_wrapped("a\n\nb", 0, 2, 9, "  a\n\n  b\n");
    expect_wrapped("a\n  b   c\n  d\n", 0, 1, 20, " a\n   b   c\n   d\n");
    expect_wrapped("a\n", 0, 0, 9, "a\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_that_does_not_fit_is_an_error_not_a_cut),
        cmocka_unit_test(a_text_that_does_not_fit_keeps_both_ends),
        cmocka_unit_test(joined_paths_have_exactly_one_slash),
        cmocka_unit_test(paths_come_apart),
        cmocka_unit_test(starts_and_ends_are_seen),
        cmocka_unit_test(the_nearest_name_is_near),
        cmocka_unit_test(quantities_are_written_for_people),
        cmocka_unit_test(durations_are_read_with_and_without_units),
        cmocka_unit_test(a_builder_grows),
        cmocka_unit_test(wrapped_text_breaks_at_blanks_only),
        cmocka_unit_test(wrapped_text_keeps_paragraphs_and_indented_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
