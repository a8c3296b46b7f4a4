#include "analysis/page/table.h"

#include "support/unit.h"

#include <math.h>

static void check(Builder *out, const char *expected) {
    assert_false(out->failed);
    assert_string_equal(out->data ? out->data : "", expected);
    builder_free(out);
}

static void make_table(Table *table) {
    const TableColumn columns[] = {{.label = "Data & set", .kind = COLUMN_TEXT},
                                   {.label = "n", .kind = COLUMN_NUMBER},
                                   {.label = "acc_1", .kind = COLUMN_ESTIMATE, .digits = 1}};
    int row;
    assert_ok(table_new(table, "small", "A <small> table", columns, 3));
    assert_ok(table_add_row(table, &row));
    assert_ok(table_text(table, row, 0, "circles, %d %%", 5));
    table_number(table, row, 1, 400);
    table_estimate(table, row, 2, 55.5, 50.61, 60.3);
    assert_ok(table_add_row(table, &row));
    assert_ok(table_text(table, row, 0, "<b>"));
    assert_ok(table_text(table, row, 2, "not run"));
    table->rule_above[row] = true;
}

static void csv_gives_estimates_three_columns(void **state) {
    (void)state;
    Table table;
    Builder out = {0};
    make_table(&table);
    table_csv(&out, &table);
    check(&out, "Data & set,n,acc_1,acc_1 low,acc_1 high\n\"circles, 5 %\",400,55.5,50.61,60.3\n<b>,,not run,,\n");
    table_free(&table);
}

static void latex_uses_booktabs_and_escapes(void **state) {
    (void)state;
    Table table;
    Builder out = {0};
    make_table(&table);
    table_latex(&out, &table);
    assert_non_null(strstr(out.data, "\\toprule\nData \\& set & n & acc\\_1 \\\\\n\\midrule\n"));
    assert_non_null(strstr(out.data, "circles, 5 \\% & 400 & 55.5 [50.6, 60.3] "
                                     "\\\\\n\\midrule\n\\textless{}b\\textgreater{} & - & not run \\\\\n\\bottomrule"));
    builder_free(&out);
    table_free(&table);
}

static void markdown_and_plain_line_up(void **state) {
    (void)state;
    Table table;
    Builder out = {0};
    make_table(&table);
    table_markdown(&out, &table);
    assert_non_null(strstr(out.data, "| circles, 5 % | 400 | 55.5 [50.6, 60.3] |\n"));
    builder_free(&out);
    out = (Builder){0};
    table_plain(&out, &table);
    check(&out, "A <small> table\n"
                "Data & set      n              acc_1\n"
                "circles, 5 %  400  55.5 [50.6, 60.3]\n"
                "<b>             -            not run\n");
    table_free(&table);
}

static void html_escapes_cells_and_titles(void **state) {
    (void)state;
    Table table;
    Builder out = {0};
    make_table(&table);
    table_html(&out, &table);
    assert_null(strstr(out.data, "<b><"));
    assert_non_null(strstr(out.data, "<th scope=\"row\">&lt;b&gt;</th>"));
    assert_non_null(strstr(out.data, "aria-label=\"A &lt;small&gt; table\""));
    assert_non_null(strstr(out.data, "<b>55.5</b> <small>[50.6, 60.3]</small>"));
    builder_free(&out);
    table_free(&table);
}

static void json_keeps_numbers_numbers(void **state) {
    (void)state;
    Table table;
    Builder out = {0};
    make_table(&table);
    table_json(&out, &table);
    assert_non_null(strstr(out.data, "\"n\": 400"));
    assert_non_null(strstr(out.data, "\"value\": 55.5"));
    assert_non_null(strstr(out.data, "\"acc_1\": \"not run\""));
    builder_free(&out);
    table_free(&table);
}

static void files_appear_in_all_three_formats(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    Table table;
    scratch_make(folder);
    make_table(&table);
    assert_ok(table_write_files(&table, folder));
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"small.tex", "small.csv", "small.md"};
        assert_ok(path_join(path, sizeof path, folder, names[i]));
        assert_true(file_size(path) > 50);
    }
    table_free(&table);
    scratch_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_gives_estimates_three_columns), cmocka_unit_test(latex_uses_booktabs_and_escapes),
        cmocka_unit_test(markdown_and_plain_line_up),        cmocka_unit_test(html_escapes_cells_and_titles),
        cmocka_unit_test(json_keeps_numbers_numbers),        cmocka_unit_test(files_appear_in_all_three_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
