#include "base/text/escape.h"

#include "base/text/text.h"
#include "support/unit.h"

#include <sys/wait.h>
#include <unistd.h>

/* What strangers call things. Every target takes all of them, and what comes out is held to the target's own grammar.
 */
static const char *const hostile[] = {
    "plain",
    "two words",
    "",
    " blanks ",
    "it's",
    "say \"hi\"",
    "`touch canary`",
    "$(touch canary)",
    "${HOME}",
    "a;b&c|d",
    "50%b",
    "%s%n%d",
    "line\nbreak",
    "a\tb\rc",
    "\x1b[31mred\x07",
    "caf\xe9",
    "\xc3\x28\xff",
    "\xed\xa0\x80surrogate",
    "-rf",
    "--help",
    "..",
    ".hidden",
    "a/b",
    "=cmd()",
    "+1+2",
    "@SUM(1)",
    "<script>alert(1)</script>",
    "back\\slash\\",
    "{x}^2_y~#&$",
    "[row]",
    "*star",
    "日本語 ü",
    "!bang ^caret",
    "''",
    "``",
    "$'x'",
};
enum { N_HOSTILE = sizeof hostile / sizeof *hostile };

typedef void Escape(Builder *out, const char *text);

/* `text` as `escape` has it; the caller frees. */
static char *escaped(Escape *escape, const char *text) {
    Builder out = {0};
    builder_add_text(&out, "");
    escape(&out, text);
    assert_false(out.failed);
    return out.data;
}

static void expect(Escape *escape, const char *text, const char *expected) {
    char *found = escaped(escape, text);
    assert_string_equal(found, expected);
    free(found);
}

/* ---- documents ---- */

static void a_line_shows_what_is_no_character_of_a_line(void **state) {
    (void)state;
    expect(escape_line, "plain ü \"'`$", "plain ü \"'`$");
    expect(escape_line, "a\nb\tc\rd", "a\\nb\\tc\\rd");
    expect(escape_line, "\x1b[31m caf\xe9 \x7f", "\\x1b[31m caf\\xe9 \\x7f");
    expect(escape_line, "\xc2\x9b\xef\xbf\xbf\xed\xa0\x80", "\\xc2\\x9b\\xef\\xbf\\xbf\\xed\\xa0\\x80");
}

static void every_document_gets_lines_of_characters(void **state) {
    (void)state;
    Escape *const targets[] = {escape_json,       escape_line,      escape_latex, escape_csv,
                               escape_markdown,   escape_gnuplot,   escape_shell, escape_gnuplot_tic,
                               escape_shell_path, escape_slurm_job, escape_url};
    for (size_t t = 0; t < sizeof targets / sizeof *targets; t++)
        for (int i = 0; i < N_HOSTILE; i++) {
            char *found = escaped(targets[t], hostile[i]);
            if (!utf8_is_line(found)) fail_msg("target %zu: \"%s\"", t, found);
            free(found);
        }
    for (int i = 0; i < N_HOSTILE; i++) {
        char *html = escaped(escape_html, hostile[i]), *json = escaped(escape_utf8, hostile[i]);
        assert_true(utf8_is_valid(html));
        assert_true(utf8_is_valid(json));
        assert_null(strpbrk(html, "<>\"'\x1b\x07\r"));
        free(html);
        free(json);
    }
}

static void columns_keep_both_ends(void **state) {
    (void)state;
    static const struct {
        const char *text, *shown;
        int columns;
    } cases[] = {{"short", "short     ", 10},
                 {"exactly-10", "exactly-10", 10},
                 {"finetune-abcdef-0123", "finetune…cdef-0123", 18},
                 {"日本語の名前です", "日本…です", 5},
                 {"a\nb", "a\\nb ", 5},
                 {"ü", "ü   ", 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Builder out = {0};
        escape_column(&out, cases[i].text, cases[i].columns);
        assert_string_equal(out.data, cases[i].shown);
        assert_int_equal(text_columns(out.data), cases[i].columns);
        builder_free(&out);
    }
}

static void html_escapes_what_could_be_markup(void **state) {
    (void)state;
    expect(escape_html, "<script>alert(\"a & 'b'\")</script>",
           "&lt;script&gt;alert(&quot;a &amp; &#39;b&#39;&quot;)&lt;/script&gt;");
    expect(escape_html, "two\nlines, caf\xe9 \x01", "two\nlines, caf\\xe9 \\x01");
}

static void latex_escapes_every_special_character(void **state) {
    (void)state;
    expect(escape_latex, "50 % of a_b & {c} #1 $2 ~x ^y \\z",
           "50 \\% of a\\_b \\& \\{c\\} \\#1 \\$2 \\textasciitilde{}x \\textasciicircum{}y \\textbackslash{}z");
    expect(escape_latex, "two\n\nlines", "two  lines");
    expect(escape_latex, "a--b,,''`", "a-{}-b,{},'{}'\\textasciigrave{}");
    expect(escape_latex, "\x01", "\\textbackslash{}x01");
    /* "\\ [x]" is a row's end and its optional argument */
    expect(escape_latex, "[a] [b]", "{[}a] [b]");
    expect(escape_latex, "*a*", "{*}a*");
}

static void csv_is_quoted_only_where_needed_and_computes_nothing(void **state) {
    (void)state;
    expect(escape_csv, "plain", "plain");
    expect(escape_csv, "a, \"b\"", "\"a, \"\"b\"\"\"");
    expect(escape_csv, "one\nrow", "\"one\\nrow\"");
    expect(escape_csv, "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
    expect(escape_csv, "@SUM(1,2)", "\"'@SUM(1,2)\"");
    expect(escape_csv, "+a", "'+a");
    expect(escape_csv, "-a", "'-a");
    expect(escape_csv, "\tx", "'\\tx");
    expect(escape_csv, "-3.5e-2", "-3.5e-2");
    expect(escape_csv, "+7", "+7");
    expect(escape_csv, "a=b", "a=b");
}

static void markdown_keeps_a_cell_a_cell(void **state) {
    (void)state;
    expect(escape_markdown, "a|b\nc_d", "a\\|b c\\_d");
    expect(escape_markdown, "[x](javascript:y) <b> &lt; ~~$x$", "[x\\](javascript:y) &lt;b> &amp;lt; \\~\\~\\$x\\$");
    expect(escape_markdown, "55.5 [50.6, 60.3]", "55.5 [50.6, 60.3]");
    expect(escape_markdown, "\xff", "\\\\xff");
}

static void utf8_keeps_all_that_is_utf8(void **state) {
    (void)state;
    expect(escape_utf8, "a\n\x1b ü \"\\", "a\n\x1b ü \"\\");
    expect(escape_utf8, "caf\xe9 \xe6\x97", "caf\\xe9 \\xe6\\x97");
    expect(escape_utf8, "\\xe9 \\x5c \\x41 \\n", "\\x5cxe9 \\x5cx5c \\x41 \\n");
}

static void json_texts_are_what_json_allows(void **state) {
    (void)state;
    expect(escape_json, "plain ü \"q\" \\ /", "plain ü \\\"q\\\" \\\\ /");
    expect(escape_json, "\b\f\n\r\t\x01\x1b\x7f", "\\b\\f\\n\\r\\t\\u0001\\u001b\\u007f");
    expect(escape_json, "\xc2\x9b\xef\xbf\xbf", "\\u009b\\uffff");
    expect(escape_json, "caf\xe9 \\xe9", "caf\\\\xe9 \\\\x5cxe9");
}

static void utf8_is_undone_to_the_same_bytes(void **state) {
    (void)state;
    static const char *const more[] = {"\\xe9", "\\x5c", "\\x5cxe9", "\\\\xe9", "\xe9\\", "\\x\xe9", "\\xE9"};
    for (size_t i = 0; i < N_HOSTILE + sizeof more / sizeof *more; i++) {
        const char *text = i < N_HOSTILE ? hostile[i] : more[i - N_HOSTILE];
        char *shown = escaped(escape_utf8, text);
        assert_true(utf8_is_valid(shown));
        assert_int_equal(escape_utf8_changes(text), strcmp(shown, text) != 0);
        escape_utf8_undo(shown);
        assert_string_equal(shown, text);
        free(shown);
    }
}

/* ---- programs ---- */

static void gnuplot_text_cannot_leave_its_quotes(void **state) {
    (void)state;
    expect(escape_gnuplot, "x\" ; system(\"ls\") #\\", "x\\\" ; system(\\\"ls\\\") #\\\\");
    expect(escape_gnuplot, "say `ls`\n@m 50 %", "say \\140ls\\140 \\100m 50 %");
    expect(escape_gnuplot, "\xff", "\\\\xff");
    expect(escape_gnuplot_tic, "`50 %b`", "\\14050 %%b\\140");
}

static void shell_words_are_quoted_where_needed(void **state) {
    (void)state;
    expect(escape_shell, "data/plain-1.0_x:y=z,@ü", "data/plain-1.0_x:y=z,@ü");
    expect(escape_shell, "two words", "'two words'");
    expect(escape_shell, "", "''");
    expect(escape_shell, "it's", "'it'\\''s'");
    expect(escape_shell, "=ls", "'=ls'");
    expect(escape_shell, "a\nit's\\ \xe9", "$'a\\nit\\'s\\\\ \\xe9'");
    expect(escape_shell_path, "-rf", "./-rf");
    expect(escape_shell_path, "- x", "./'- x'");
    expect(escape_shell_path, "/x", "/x");
}

/* What bash makes of `word`. */
static char *read_by_bash(const char *word) {
    Builder command = {0};
    builder_add(&command, "printf %%s %s", word);
    FILE *pipe = NULL;
    int ends[2];
    assert_int_equal(pipe2(ends, 0), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        execlp("bash", "bash", "-c", command.data, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    pipe = fdopen(ends[0], "r");
    char *text = calloc(1, 1000);
    assert_non_null(text);
    size_t length = fread(text, 1, 999, pipe);
    text[length] = 0;
    (void)fclose(pipe);
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    builder_free(&command);
    return text;
}

static void bash_reads_back_the_same_bytes(void **state) {
    (void)state;
    for (int i = 0; i < N_HOSTILE; i++) {
        char *word = escaped(escape_shell, hostile[i]);
        Builder with_dashes = {0};
        builder_add(&with_dashes, "x%s", word); /* printf has options of its own */
        char *found = read_by_bash(with_dashes.data);
        assert_string_equal(found + 1, hostile[i]);
        free(found);
        free(word);
        builder_free(&with_dashes);
    }
    assert_int_not_equal(access("canary", F_OK), 0);
}

static void slurm_jobs_have_plain_names(void **state) {
    (void)state;
    expect(escape_slurm_job, "pretrain-b.1_x", "pretrain-b.1_x");
    expect(escape_slurm_job, "my task", "my_task");
    expect(escape_slurm_job, "-x; echo %x/日", "_x__echo__x__");
    char longest[300] = {0};
    memset(longest, 'a', 299);
    char *found = escaped(escape_slurm_job, longest);
    assert_int_equal(strlen(found), 64);
    free(found);
}

static void hdf5_takes_percent_signs_as_such(void **state) {
    (void)state;
    expect(escape_hdf5_source, "/data/50%b/shard.h5", "/data/50%%b/shard.h5");
}

/* ---- names of files ---- */

static void file_names_are_single_and_differ(void **state) {
    (void)state;
    char names[N_HOSTILE][40];
    for (int i = 0; i < N_HOSTILE; i++) {
        assert_ptr_equal(escape_file_name(names[i], sizeof names[i], hostile[i]), names[i]);
        assert_null(strpbrk(names[i], "/\\\"'`$%\n*?<>|:;&"));
        assert_null(strchr(".- ", names[i][0]));
        assert_true(utf8_is_line(names[i]));
        for (int other = 0; other < i; other++) assert_string_not_equal(names[i], names[other]);
    }
    assert_string_equal(names[0], "plain");
    assert_string_equal(names[1], "two words");
}

static void file_names_are_cut_but_differ(void **state) {
    (void)state;
    char text[301] = {0}, a[51], b[51], whole[51];
    memset(text, 'x', 300);
    escape_file_name(a, sizeof a, text);
    text[299] = 'y';
    escape_file_name(b, sizeof b, text);
    assert_int_equal(strlen(a), 50);
    assert_string_not_equal(a, b);
    text[50] = 0;
    assert_string_equal(escape_file_name(whole, sizeof whole, text), text); /* what fits stays */
}

static void links_are_encoded(void **state) {
    (void)state;
    expect(escape_url, "a b%\"ü", "a%20b%25%22%C3%BC");
}

static void base64_matches_the_rfc(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Builder out = {0};
        escape_base64(&out, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(out.data ? out.data : "", cases[i][1]);
        builder_free(&out);
    }
    Builder out = {0};
    char *long_input = calloc(10001, 1);
    escape_base64(&out, long_input, 10001);
    assert_int_equal(out.length, 4 * ((10001 + 2) / 3));
    builder_free(&out);
    free(long_input);
}

/* ---- characters ---- */

static void characters_are_those_of_the_rfc(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {{"", 0},
                 {"a", 1},
                 {"\x7f", 1},
                 {"\x80", 0},
                 {"\xc1\xbf", 0}, /* overlong */
                 {"\xc2\x80", 2},
                 {"\xdf\xbf", 2},
                 {"\xc3", 0},         /* ends too early */
                 {"\xe0\x9f\xbf", 0}, /* overlong */
                 {"\xe0\xa0\x80", 3},
                 {"\xed\x9f\xbf", 3},
                 {"\xed\xa0\x80", 0}, /* a surrogate */
                 {"\xee\x80\x80", 3},
                 {"\xe6\x97", 0},
                 {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
                 {"\xf0\x90\x80\x80", 4},
                 {"\xf4\x8f\xbf\xbf", 4},
                 {"\xf4\x90\x80\x80", 0}, /* above U+10FFFF */
                 {"\xf5\x80\x80\x80", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_character(cases[i].text), cases[i].length);
    assert_true(utf8_is_valid("ü\n"));
    assert_false(utf8_is_line("ü\n"));
    assert_false(utf8_is_valid("a\xff"));
    assert_int_equal(utf8_cut("aü日", 5), 3);
    assert_int_equal(utf8_cut("aü日", 6), 6);
    assert_int_equal(utf8_cut("aü日", 60), 6);
    assert_int_equal(utf8_cut("\xff\xff", 1), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_shows_what_is_no_character_of_a_line),
        cmocka_unit_test(every_document_gets_lines_of_characters),
        cmocka_unit_test(columns_keep_both_ends),
        cmocka_unit_test(html_escapes_what_could_be_markup),
        cmocka_unit_test(latex_escapes_every_special_character),
        cmocka_unit_test(csv_is_quoted_only_where_needed_and_computes_nothing),
        cmocka_unit_test(markdown_keeps_a_cell_a_cell),
        cmocka_unit_test(utf8_keeps_all_that_is_utf8),
        cmocka_unit_test(json_texts_are_what_json_allows),
        cmocka_unit_test(utf8_is_undone_to_the_same_bytes),
        cmocka_unit_test(gnuplot_text_cannot_leave_its_quotes),
        cmocka_unit_test(shell_words_are_quoted_where_needed),
        cmocka_unit_test(bash_reads_back_the_same_bytes),
        cmocka_unit_test(slurm_jobs_have_plain_names),
        cmocka_unit_test(hdf5_takes_percent_signs_as_such),
        cmocka_unit_test(file_names_are_single_and_differ),
        cmocka_unit_test(file_names_are_cut_but_differ),
        cmocka_unit_test(links_are_encoded),
        cmocka_unit_test(base64_matches_the_rfc),
        cmocka_unit_test(characters_are_those_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
