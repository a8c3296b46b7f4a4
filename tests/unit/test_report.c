#include "analysis/compare/accuracy_tables.h"
#include "analysis/compare/outcomes.h"
#include "analysis/compare/statistics.h"
#include "analysis/page/page.h"
#include "analysis/report/report.h"
#include "analysis/report/reproduce.h"

#include "gen/dataset/sources.h"
#include "support/fake_runs.h"

#include <cjson/cJSON.h>
#include <glob.h>

static char scratch[PATH_SIZE], runs[PATH_SIZE];
static Paper paper;

static void fake_statistics(const char *dataset, double distance, const char *digest) {
    Result result = fake_result("analyze", dataset, "", 1);
    assert_ok(result_add_number(&result, "FFD-VideoMAE", distance, "", 500));
    assert_ok(result_add_input(&result, "dataset", dataset, digest));
    assert_ok(result_add_input(&result, "reference", "natural", "00000000000000000000000000000000"));
    char name[NAME_SIZE];
    assert_ok(text_format(name, sizeof name, "analyze-%.60s", dataset));
    fake_write(runs, name, &result);
}

/* Random near chance, static circles too, moving stages far above, the target higher still; fewer is more: tails of the
 * progression are not run. */
static int setup(void **state) {
    (void)state;
    scratch_make(scratch);
    assert_ok(path_join(runs, sizeof runs, scratch, "runs"));
    fake_run(runs, "f0", "finetune", "random-initialization", 50, 1);
    fake_run(runs, "f1", "finetune", "static-circles", 56, 1);
    fake_run(runs, "f2", "finetune", "moving-circles", 210, 1);
    fake_run(runs, "f3", "finetune", "moving-shapes", 214, 1);
    fake_run(runs, "f4", "finetune", "transforming-shapes", 150, 1);
    fake_run(runs, "f9", "finetune", "standin-motion", 320, 1);
    fake_run(runs, "p2", "probe", "moving-circles", 90, 1);
    fake_statistics("static-circles", 9, "11111111111111111111111111111111");
    fake_statistics("moving-circles", 7, "22222222222222222222222222222222");
    fake_statistics("moving-shapes", 6, "33333333333333333333333333333333");
    fake_statistics("natural", 0, "00000000000000000000000000000000");
    return paper_read(&paper, SYNVID_CONFIGS "/analysis/paper.json");
}

static int teardown(void **state) {
    (void)state;
    paper_free(&paper);
    scratch_remove(scratch);
    return 0;
}

typedef struct {
    Outcomes outcomes;
    Grid board;
} Loaded;

static Loaded *load_with(const char *primary) {
    Loaded *loaded = malloc(sizeof *loaded);
    assert_ok(outcomes_read(&loaded->outcomes, runs));
    grid_order_outcomes(&loaded->outcomes, &paper);
    assert_ok(grid_make(&loaded->board, &loaded->outcomes, &paper, primary));
    return loaded;
}

static Loaded *load(void) {
    return load_with("");
}

static void unload(Loaded *loaded) {
    grid_free(&loaded->board);
    outcomes_free(&loaded->outcomes);
    free(loaded);
}

static void the_board_is_in_the_papers_order_with_the_target_last(void **state) {
    (void)state;
    Loaded *loaded = load();
    static const char *const rows[] = {"random",        "static-circles",      "moving-circles",
                                       "moving-shapes", "transforming-shapes", "standin-motion"};
    assert_int_equal(loaded->board.n_rows, 6);
    for (int i = 0; i < 6; i++) assert_string_equal(loaded->board.rows[i].slug, rows[i]);
    assert_true(loaded->board.rows[5].target);
    assert_int_equal(loaded->board.n_reduced, 2);
    assert_int_equal(loaded->board.n_columns, 2);
    assert_string_equal(loaded->board.columns[0].task, "finetune");
    assert_float_equal(grid_find(&loaded->board, 0, "moving-circles")->value, 52.5, 1e-9);
    assert_null(grid_find(&loaded->board, 1, "random"));
    unload(loaded);
}

/* The target's interval is the longest: 80.0 [75.8, 83.6]. */
static void an_axis_ends_at_the_ten_above_the_longest_interval(void **state) {
    (void)state;
    Loaded *loaded = load();
    assert_float_equal(grid_axis_end(&loaded->board, "standin-motion"), 90, 0);
    assert_float_equal(grid_axis_end(&loaded->board, "another"), 10, 0);
    assert_float_equal(accuracy_axis_end(100), 100, 0);
    unload(loaded);
}

static void columns_that_differ_in_the_model_alone_show_it(void **state) {
    (void)state;
    char title[128];
    Result larger = fake_accuracy("finetune", "moving-circles", 240, 400, 1);
    assert_ok(text_copy(larger.model, sizeof larger.model, "larger"));
    fake_write(runs, "larger", &larger);
    Loaded *loaded = load();
    assert_int_equal(loaded->board.n_columns, 3);
    assert_string_equal(grid_column_title(title, sizeof title, &loaded->board.columns[0]),
                        "standin-motion, fine-tune, larger");
    assert_string_equal(grid_column_title(title, sizeof title, &loaded->board.columns[2]), "standin-motion, probe");
    unload(loaded);
}

/* What decides comes first and says so; one that has not been run is no mistake, one that cannot be is. */
static void the_primary_readout_is_the_first_column(void **state) {
    (void)state;
    char title[128];
    Loaded *loaded = load_with("probe:standin-motion");
    assert_int_equal(grid_primary(&loaded->board), 0);
    assert_string_equal(grid_column_title(title, sizeof title, &loaded->board.columns[0]),
                        "standin-motion, probe, primary");
    assert_string_equal(grid_column_title(title, sizeof title, &loaded->board.columns[1]), "standin-motion, fine-tune");
    assert_float_equal(grid_find(&loaded->board, 0, "moving-circles")->value, 22.5, 1e-9);
    unload(loaded);
    loaded = load_with("finetune:standin-actions");
    assert_int_equal(grid_primary(&loaded->board), -1);
    assert_string_equal(grid_column_title(title, sizeof title, &loaded->board.columns[0]), "standin-motion, fine-tune");
    static const char *const wrong[] = {"finetune", "finetune:", "tune:standin-motion", ":standin-motion", "probes:x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(grid_make(&loaded->board, &loaded->outcomes, &paper, wrong[i]), ERR_USAGE);
    unload(loaded);
}

static VerdictKind verdict_of(const Grid *board, int column, const char *claim) {
    for (const PaperStatement *statement = paper.statements; statement < paper.statements + paper.n_statements;
         statement++) {
        if (strstr(statement->claim, claim)) return statement_verdict(statement, board, column).kind;
    }
    fail_msg("no statement %s", claim);
    return VERDICT_NOT_RUN;
}

static void statements_are_true_false_undecided_or_not_run(void **state) {
    (void)state;
    Loaded *loaded = load();
    const Grid *board = &loaded->board;
    assert_int_equal(verdict_of(board, 0, "near chance"), VERDICT_TRUE);
    assert_int_equal(verdict_of(board, 0, "Static circles already help"), VERDICT_UNDECIDED);
    assert_int_equal(verdict_of(board, 0, "Moving circles beat static circles"), VERDICT_TRUE);
    assert_int_equal(verdict_of(board, 0, "Every moving stage beats random"), VERDICT_TRUE);
    assert_int_equal(verdict_of(board, 0, "Moving shapes beat moving circles"), VERDICT_UNDECIDED);
    assert_int_equal(verdict_of(board, 0, "Transforming shapes beat"), VERDICT_FALSE);
    assert_int_equal(verdict_of(board, 0, "Textures beat"), VERDICT_NOT_RUN);
    assert_int_equal(verdict_of(board, 1, "Moving circles beat static circles"), VERDICT_NOT_RUN);
    unload(loaded);
}

static void near_chance_is_below_twice_of_guessing_for_sure(void **state) {
    (void)state;
    const struct {
        int correct; /* of 400; chance is 50 */
        VerdictKind expected;
    } cases[] = {{60, VERDICT_TRUE}, {95, VERDICT_UNDECIDED}, {150, VERDICT_FALSE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_run(runs, "f0", "finetune", "random-initialization", cases[i].correct, 1);
        Loaded *loaded = load();
        assert_int_equal(verdict_of(&loaded->board, 0, "near chance"), cases[i].expected);
        unload(loaded);
    }
}

static void our_gap_uses_our_own_ends_and_is_undefined_without_them(void **state) {
    (void)state;
    Loaded *loaded = load();
    Table table;
    assert_ok(gap_table(&table, &loaded->board, &paper));
    const TableCell *ours = &table.cells[1 * table.n_columns + 1], *probe = ours + 1, *published = ours + 2;
    assert_string_equal(table.cells[1 * table.n_columns].text, "Moving circles");
    assert_float_equal(ours->value, 100 * (52.5 - 12.5) / (80 - 12.5), 1e-9);
    assert_string_equal(probe->text, "undefined");
    assert_float_equal(published->value, 84.7, 0.05);
    /* Not paired here: Fieller's quadratic in q with the half widths of the three. */
    double h[3], squares[3] = {50, 210, 320};
    for (int k = 0; k < 3; k++) {
        Interval interval = interval_wilson(squares[k], 400);
        h[k] = 50 * (interval.high - interval.low);
        squares[k] = h[k] * h[k];
    }
    double N = 40, D = 67.5, a = D * D - squares[0] - squares[2], b = N * D - squares[0],
           c = N * N - squares[1] - squares[0];
    assert_float_equal(ours->low, 100 * (b - sqrt(b * b - a * c)) / a, 1e-6);
    assert_float_equal(ours->high, 100 * (b + sqrt(b * b - a * c)) / a, 1e-6);
    table_free(&table);
    unload(loaded);
}

static const PaperCorrelation *correlation_entry(const char *metric) {
    for (const PaperCorrelation *entry = paper.correlations; entry < paper.correlations + paper.n_correlations;
         entry++) {
        if (text_equal(entry->metric, metric)) return entry;
    }
    fail_msg("no correlation of %s", metric);
    return NULL;
}

static void the_reference_and_the_target_are_no_points(void **state) {
    (void)state;
    Loaded *loaded = load();
    Points points = statistics_points(&loaded->outcomes, &loaded->board, 0, correlation_entry("FFD-VideoMAE"));
    assert_int_equal(points.n, 3);
    assert_float_equal(points.x[0], 9, 0);
    assert_float_equal(points.y[0], 14, 0);
    unload(loaded);
}

static bool says(const Table *table, const char *text) {
    static void (*const writers[])(Builder *, const Table *) = {table_plain,    table_json,  table_csv,
                                                                table_markdown, table_latex, table_html};
    bool found = false;
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        Builder out = {0};
        writers[i](&out, table);
        found = found || strstr(out.data, text);
        builder_free(&out);
    }
    return found;
}

/* A fine-tuning of ViT-B on UCF101 that is not the paper's, in every table and every form. */
static void check_kept_out(const char *protocol) {
    Result other = fake_result("finetune", "ucf101", "moving-circles", 1);
    assert_ok(text_copy(other.protocol, sizeof other.protocol, protocol));
    assert_ok(text_copy(other.model, sizeof other.model, "ViT-B/16 16x224"));
    assert_ok(result_add_metric(&other, "top1", 33.3, "%", 100, (Interval){25, 43}, "Wilson 95%"));
    fake_write(runs, "ucf", &other);
    Loaded *loaded = load();
    for (const PaperTable *entry = paper.tables; entry < paper.tables + paper.n_tables; entry++) {
        Table table;
        assert_ok(reproduce_table(&table, entry, &loaded->outcomes, &paper));
        assert_false(says(&table, "33.3"));
        assert_true(says(&table, "not run"));
        table_free(&table);
    }
    Table gaps;
    assert_ok(gap_claims_table(&gaps, &loaded->outcomes, &paper));
    assert_false(says(&gaps, "33.3"));
    table_free(&gaps);
    unload(loaded);
}

static void reduced_results_never_enter_the_papers_tables(void **state) {
    (void)state;
    check_kept_out(PROTOCOL_REDUCED);
}

static void rehearsals_never_enter_the_papers_tables(void **state) {
    (void)state;
    check_kept_out(PROTOCOL_REHEARSAL);
}

/* In tables of its own a rehearsal stands alone: no figure of the paper's, nothing held against one. */
static void a_rehearsals_tables_show_none_of_the_papers_figures(void **state) {
    (void)state;
    Result rehearsed = fake_result("finetune", "ucf101", "moving-circles", 1);
    assert_ok(text_copy(rehearsed.protocol, sizeof rehearsed.protocol, PROTOCOL_REHEARSAL));
    assert_ok(text_copy(rehearsed.model, sizeof rehearsed.model, "ViT-B/16 16x224"));
    assert_ok(result_add_metric(&rehearsed, "top1", 33.3, "%", 100, (Interval){25, 43}, "Wilson 95%"));
    fake_write(runs, "ucf", &rehearsed);
    Loaded *loaded = load();
    Table table;
    loaded->outcomes.protocol = PROTOCOL_REHEARSAL;
    assert_ok(reproduce_table(&table, &paper.tables[0], &loaded->outcomes, &paper));
    assert_true(says(&table, "33.3") && says(&table, "85.2"));
    assert_ok(table_drop_paper(&table));
    assert_true(says(&table, "33.3"));
    assert_false(says(&table, "85.2") || says(&table, "Difference") || says(&table, "-51.9"));
    table_free(&table);
    unload(loaded);
}

/* The longest name a table can have has room for what stands before it in a rehearsal: one file a model. */
static void a_rehearsals_tables_of_two_models_are_written(void **state) {
    (void)state;
    static const char *const models[] = {"ViT-B/16 16x224", "ViT-L/16 16x224"};
    static const char *const stages[] = {"static-circles", "moving-circles"};
    char out[PATH_SIZE], pattern[PATH_SIZE], name[NAME_SIZE];
    for (int i = 0; i < 4; i++) {
        Result rehearsed = fake_result("finetune", "kinetics400", stages[i % 2], 1);
        assert_ok(text_copy(rehearsed.protocol, sizeof rehearsed.protocol, PROTOCOL_REHEARSAL));
        assert_ok(text_copy(rehearsed.model, sizeof rehearsed.model, models[i / 2]));
        assert_ok(result_add_metric(&rehearsed, "top1", 33.3, "%", 100, (Interval){25, 43}, "Wilson 95%"));
        assert_ok(text_format(name, sizeof name, "long-%d", i));
        fake_write(runs, name, &rehearsed);
    }
    assert_ok(path_join(out, sizeof out, scratch, "out"));
    const ReproduceRequest request = {.runs = runs, .primary = "", .out = out, .protocol = PROTOCOL_REHEARSAL};
    assert_ok(reproduce_print("steps", &request));
    for (int i = 0; i < 2; i++) {
        glob_t found;
        assert_ok(text_format(pattern, sizeof pattern, "%s/tables/rehearsal-steps-ViT-%c*.csv", out, "BL"[i]));
        assert_int_equal(glob(pattern, 0, NULL, &found), 0);
        assert_int_equal(found.gl_pathc, 1);
        globfree(&found);
    }
}

static void results_under_the_papers_protocol_do(void **state) {
    (void)state;
    Result full = fake_result("finetune", "ucf101", "moving-circles", 1);
    full.n_deviations = 0;
    assert_ok(text_copy(full.protocol, sizeof full.protocol, PROTOCOL_PAPER));
    assert_ok(text_copy(full.model, sizeof full.model, "ViT-B/16 16x224"));
    assert_ok(result_add_metric(&full, "top1", 84.9, "%", 3783, (Interval){83.7, 86.0}, "Wilson 95%"));
    fake_write(runs, "ucf", &full);
    Loaded *loaded = load();
    Table table;
    Builder text = {0};
    assert_ok(reproduce_table(&table, &paper.tables[0], &loaded->outcomes, &paper));
    table_csv(&text, &table);
    assert_non_null(strstr(text.data, "\nMoving circles,UCF101 fine-tune,85.2,84.9,83.7,86,-0.2"));
    builder_free(&text);
    table_free(&table);
    unload(loaded);
}

static void the_page_is_self_contained_and_names_what_is_reduced(void **state) {
    (void)state;
    char out[PATH_SIZE], path[PATH_SIZE], *page;
    size_t length;
    ReportConfig config = {0};
    fields_default(&config, report_fields);
    assert_ok(text_copy(config.runs, sizeof config.runs, runs));
    assert_ok(text_copy(config.data, sizeof config.data, ""));
    assert_ok(text_copy(config.title, sizeof config.title, "A <b>title</b> & more"));
    assert_ok(path_join(out, sizeof out, scratch, "report"));
    assert_ok(report_run(&config, out, dataset_source_open));
    assert_ok(path_join(path, sizeof path, out, "index.html"));
    assert_ok(file_read(&page, &length, path, (size_t)64 << 20));
    assert_non_null(strstr(page, "REDUCED SCALE"));
    assert_non_null(strstr(page, "A &lt;b&gt;title&lt;/b&gt; &amp; more"));
    assert_null(strstr(page, "<script ")); /* none from outside */
    const char *script = strstr(page, "<script>\n");
    assert_non_null(script);
    assert_ptr_equal(script + strlen("<script>\n"), strstr(page, page_script));
    assert_null(strstr(script + 1, "<script"));
    assert_null(strstr(page, "src=\"http"));
    assert_null(strstr(page, "href=\"http"));
    assert_null(strstr(page, "A <b>title"));
    assert_non_null(strstr(page, "Moving circles"));
    assert_non_null(strstr(page, "No natural photograph or video"));
    assert_non_null(strstr(page, "</html>"));
    free(page);
    assert_ok(path_join(path, sizeof path, out, "tables/accuracy.tex"));
    assert_true(file_size(path) > 100);
    assert_ok(path_join(path, sizeof path, out, "figures/accuracy-standin-motion.gp"));
    assert_true(file_size(path) > 100);
}

static void without_gnuplot_the_page_is_written_and_says_so(void **state) {
    (void)state;
    char out[PATH_SIZE], path[PATH_SIZE], *page, *kept = strdup(getenv("PATH"));
    size_t length;
    ReportConfig config = {0};
    fields_default(&config, report_fields);
    assert_ok(text_copy(config.runs, sizeof config.runs, runs));
    assert_ok(path_join(out, sizeof out, scratch, "report"));
    setenv("PATH", "/nowhere", 1);
    Err err = report_run(&config, out, dataset_source_open);
    setenv("PATH", kept, 1);
    free(kept);
    assert_int_equal(err, ERR_NONE);
    assert_ok(path_join(path, sizeof path, out, "index.html"));
    assert_ok(file_read(&page, &length, path, (size_t)64 << 20));
    assert_non_null(strstr(page, "gnuplot is not installed"));
    assert_null(strstr(page, "image/svg+xml"));
    free(page);
}

static void an_empty_folder_gives_a_page_that_says_so(void **state) {
    (void)state;
    char out[PATH_SIZE], path[PATH_SIZE], *page;
    size_t length;
    ReportConfig config = {0};
    fields_default(&config, report_fields);
    assert_ok(path_join(config.runs, sizeof config.runs, scratch, "empty"));
    assert_ok(folder_make(config.runs));
    assert_ok(path_join(out, sizeof out, scratch, "report"));
    assert_ok(report_run(&config, out, dataset_source_open));
    assert_ok(path_join(path, sizeof path, out, "index.html"));
    assert_ok(file_read(&page, &length, path, (size_t)64 << 20));
    assert_non_null(strstr(page, "No fine-tuning or probe has finished"));
    free(page);
}

/* Against the paper's accuracies only the listed datasets count, and the reference never does. */
static void published_accuracies_are_paired_by_the_list(void **state) {
    (void)state;
    Loaded *loaded = load();
    static DatasetNames names = {
        .name = "mine", .count = 4, .slugs = {"moving-circles", "static-circles", "natural", "images-300k"}};
    Points points = statistics_published(&loaded->outcomes, &paper, &names, correlation_entry("FFD-VideoMAE"));
    assert_int_equal(points.n, 2);
    assert_string_equal(points.slugs[0], "moving-circles");
    assert_float_equal(points.x[0], 7, 0);
    assert_float_equal(points.y[0], 85.2, 1e-12);
    unload(loaded);
}

/* One name for two sets of videos: their statistics are never averaged, and no correlation uses them. */
static void two_datasets_of_one_name_are_marked_and_left_out(void **state) {
    (void)state;
    Result other = fake_result("analyze", "moving-circles", "", 1);
    assert_ok(result_add_number(&other, "FFD-VideoMAE", 5, "", 500));
    assert_ok(result_add_input(&other, "dataset", "elsewhere", "99999999999999999999999999999999"));
    assert_ok(result_add_input(&other, "reference", "natural", "00000000000000000000000000000000"));
    fake_write(runs, "analyze-again", &other);
    Loaded *loaded = load();
    Table table;
    assert_int_equal(statistics_of(&loaded->outcomes, "moving-circles", "FFD-VideoMAE").state, ESTIMATE_MIXED);
    assert_int_equal(statistics_points(&loaded->outcomes, &loaded->board, 0, correlation_entry("FFD-VideoMAE")).n, 2);
    assert_ok(statistics_table(&table, &loaded->outcomes, &paper));
    bool marked = false;
    for (int i = 0; i < table.n_rows * table.n_columns; i++)
        marked = marked || (table.cells[i].text && text_equal(table.cells[i].text, "mixed protocols"));
    assert_true(marked);
    table_free(&table);
    unload(loaded);
}

/* The other way round: one set of videos under two names is said below the table. */
static void one_dataset_of_two_names_is_said(void **state) {
    (void)state;
    fake_statistics("images-300k", 9, "11111111111111111111111111111111");
    Loaded *loaded = load();
    Table table;
    assert_ok(statistics_table(&table, &loaded->outcomes, &paper));
    assert_non_null(strstr(table.caption, "static-circles and images-300k are the same videos"));
    table_free(&table);
    unload(loaded);
}

/* An accuracy that is not a number never becomes a figure: the file is left out with its reason. */
static void an_accuracy_that_is_not_a_number_is_left_out(void **state) {
    (void)state;
    char path[PATH_SIZE];
    scratch_write(
        path, runs, "broken/result.json",
        "{\"schema\": \"synvid.result\", \"schema_version\": 1, \"identity\": {\"task\": \"finetune\", "
        "\"dataset\": \"standin-motion\", \"pretraining\": \"moving-circles\", \"model\": \"tiny\", \"seed\": 2}, "
        "\"protocol\": {\"name\": \"reduced\", \"deviations\": []}, \"metrics\": [{\"name\": \"top1\", "
        "\"value\": null, \"unit\": \"%\", \"count\": 400}], \"inputs\": []}\n");
    Loaded *loaded = load();
    assert_int_equal(loaded->outcomes.n_left_out, 1);
    assert_non_null(strstr(loaded->outcomes.left_out[0].path, "broken"));
    assert_float_equal(grid_find(&loaded->board, 0, "moving-circles")->value, 52.5, 1e-9);
    unload(loaded);
}

static void findings_are_decided_on_groups_of_datasets(void **state) {
    (void)state;
    fake_statistics("accelerating-shapes", 8, "44444444444444444444444444444444");
    fake_statistics("accelerating-images", 1, "55555555555555555555555555555555");
    fake_statistics("accelerating-textures", 2, "66666666666666666666666666666666");
    Loaded *loaded = load();
    Table table;
    int decided = 0;
    assert_ok(findings_table(&table, &loaded->outcomes, &paper));
    for (int row = 0; row < table.n_rows; row++) {
        const TableCell *cells = &table.cells[row * table.n_columns];
        bool measured = text_equal(cells[1].text, "FFD-VideoMAE");
        if (measured) assert_int_equal(strncmp(cells[2].text, "true: ", 6), 0);
        if (measured) assert_string_equal(cells[3].text, "6 of 11");
        if (!measured) assert_string_equal(cells[2].text, "not run");
        decided += measured;
    }
    assert_int_equal(decided, 1);
    table_free(&table);
    unload(loaded);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_board_is_in_the_papers_order_with_the_target_last, setup, teardown),
        cmocka_unit_test_setup_teardown(an_axis_ends_at_the_ten_above_the_longest_interval, setup, teardown),
        cmocka_unit_test_setup_teardown(columns_that_differ_in_the_model_alone_show_it, setup, teardown),
        cmocka_unit_test_setup_teardown(the_primary_readout_is_the_first_column, setup, teardown),
        cmocka_unit_test_setup_teardown(statements_are_true_false_undecided_or_not_run, setup, teardown),
        cmocka_unit_test_setup_teardown(near_chance_is_below_twice_of_guessing_for_sure, setup, teardown),
        cmocka_unit_test_setup_teardown(our_gap_uses_our_own_ends_and_is_undefined_without_them, setup, teardown),
        cmocka_unit_test_setup_teardown(the_reference_and_the_target_are_no_points, setup, teardown),
        cmocka_unit_test_setup_teardown(findings_are_decided_on_groups_of_datasets, setup, teardown),
        cmocka_unit_test_setup_teardown(an_accuracy_that_is_not_a_number_is_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(one_dataset_of_two_names_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(two_datasets_of_one_name_are_marked_and_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(published_accuracies_are_paired_by_the_list, setup, teardown),
        cmocka_unit_test_setup_teardown(reduced_results_never_enter_the_papers_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(rehearsals_never_enter_the_papers_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rehearsals_tables_show_none_of_the_papers_figures, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rehearsals_tables_of_two_models_are_written, setup, teardown),
        cmocka_unit_test_setup_teardown(results_under_the_papers_protocol_do, setup, teardown),
        cmocka_unit_test_setup_teardown(the_page_is_self_contained_and_names_what_is_reduced, setup, teardown),
        cmocka_unit_test_setup_teardown(without_gnuplot_the_page_is_written_and_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_folder_gives_a_page_that_says_so, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
