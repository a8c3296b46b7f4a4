/* The progression step by step: which steps there are, how they are paired, what stands beside. */
#include "analysis/compare/accuracy_tables.h"
#include "analysis/compare/outcomes.h"
#include "analysis/report/internal/figures.h"

#include "support/fake_runs.h"

enum { VIDEOS = 400, SEEDS_AT = DIFFERENCES_CLEAR + 1, VIDEOS_AT, PAPER_AT };

static char scratch[PATH_SIZE], runs[PATH_SIZE];
static Paper paper;

static bool eighth(int video, uint64_t seed) {
    return (video + (int)seed) % 8 == 0;
}
static bool other_eighth(int video, uint64_t seed) {
    return (video + 3 * (int)seed) % 8 == 1;
}
static bool half(int video, uint64_t seed) {
    return (video + (int)seed) % 2 == 0;
}
static bool most(int video, uint64_t seed) {
    return half(video, seed) || video % 5 == 0;
}

static const struct {
    const char *pretraining;
    bool (*rule)(int video, uint64_t seed);
} stages[] = {{"random-initialization", eighth},
              {"static-circles", other_eighth},
              {"moving-circles", half},
              {"accelerating-shapes", most},
              {"standin-motion", half}};
enum { N_STAGES = sizeof stages / sizeof *stages };

static int setup(void **state) {
    (void)state;
    scratch_make(scratch);
    assert_ok(path_join(runs, sizeof runs, scratch, "runs"));
    for (int i = 0; i < 2 * N_STAGES; i++) {
        char name[32];
        snprintf(name, sizeof name, "run-%d", i);
        fake_answers(runs, name, "finetune", stages[i / 2].pretraining, VIDEOS, (uint64_t)(i % 2 + 1),
                     stages[i / 2].rule);
    }
    fake_run(runs, "probe-1", "probe", "static-circles", 60, 1);
    fake_run(runs, "probe-2", "probe", "moving-circles", 90, 1);
    fake_run(runs, "other", "finetune", "images-300k", 90, 1); /* no stage of the progression */
    return paper_read(&paper, SYNVID_CONFIGS "/analysis/paper.json");
}

static int teardown(void **state) {
    (void)state;
    paper_free(&paper);
    scratch_remove(scratch);
    return 0;
}

static void make_table(Table *table, int column) {
    static Grid board;
    Outcomes outcomes;
    assert_ok(outcomes_read(&outcomes, runs));
    assert_ok(grid_make(&board, &outcomes, &paper, ""));
    assert_ok(differences_table(table, &board, column, &paper));
    grid_free(&board);
    outcomes_free(&outcomes);
}

static const TableCell *cell(const Table *table, int row, int column) {
    return &table->cells[row * table->n_columns + column];
}

static void every_step_is_a_row_and_missing_stages_are_stepped_over(void **state) {
    (void)state;
    static const char *const rows[][3] = {
        {"Random initialization", "Static circles", "undecided"},
        {"Static circles", "Moving circles", "higher"},
        {"Moving circles", "Acc. and transforming shapes", "higher"},
        {"Acc. and transforming shapes", "Pre-training on standin-motion itself", "lower"},
        {"Random initialization", "Acc. and transforming shapes", "higher"},
    };
    static const double points[] = {0, 37.5, 10, -10, 47.5}, in_paper[] = {16.4, 17.4, 2.9, 3.2, 36.7};
    Table table;
    make_table(&table, 0);
    assert_string_equal(table.name, "steps-finetune-standin-motion");
    assert_int_equal(table.n_rows, 5);
    for (int r = 0; r < 5; r++) {
        assert_string_equal(cell(&table, r, DIFFERENCES_FROM)->text, rows[r][0]);
        assert_string_equal(cell(&table, r, DIFFERENCES_TO)->text, rows[r][1]);
        assert_string_equal(cell(&table, r, DIFFERENCES_CLEAR)->text, rows[r][2]);
        const TableCell *found = cell(&table, r, DIFFERENCES_POINTS);
        assert_float_equal(found->value, points[r], 1e-9);
        assert_true(found->low < points[r] && points[r] < found->high);
        assert_float_equal(cell(&table, r, SEEDS_AT)->value, 2, 0);
        assert_float_equal(cell(&table, r, VIDEOS_AT)->value, VIDEOS, 0);
    }
    for (int p = PAPER_AT; p < table.n_columns; p++)
        if (strstr(table.columns[p].label, "UCF101"))
            for (int r = 0; r < 5; r++) assert_float_equal(cell(&table, r, p)->value, in_paper[r], 1e-9);
    table_free(&table);
}

static void without_predictions_a_step_says_that_it_is_not_paired(void **state) {
    (void)state;
    Table table;
    make_table(&table, 1);
    assert_int_equal(table.n_rows, 1);
    assert_string_equal(cell(&table, 0, SEEDS_AT)->text, "not paired");
    assert_float_equal(cell(&table, 0, DIFFERENCES_POINTS)->value, 7.5, 1e-9);
    assert_int_equal(table.n_columns, PAPER_AT + 1); /* the paper probes on UCF101 alone */
    assert_float_equal(cell(&table, 0, PAPER_AT)->value, 2.3, 1e-9);
    table_free(&table);
}

static void the_figure_has_a_point_a_row(void **state) {
    (void)state;
    Table table;
    Plot plot;
    int lines = 0;
    make_table(&table, 0);
    assert_ok(figure_differences(&plot, &table));
    for (const char *at = plot.data.data; *at; at++) lines += *at == '\n';
    assert_int_equal(lines, 5);
    assert_non_null(strstr(plot.script.data, "Static circles → Moving circles"));
    plot_free(&plot);
    table_free(&table);
}

/* The same videos, seeds and ends in the table of gaps: paired, so narrower than as if they had nothing in common. */
static void gaps_are_paired_where_predictions_are(void **state) {
    (void)state;
    static Grid board;
    Outcomes outcomes;
    Table paired, separate;
    assert_ok(outcomes_read(&outcomes, runs));
    assert_ok(grid_make(&board, &outcomes, &paper, ""));
    assert_ok(gap_table(&paired, &board, &paper));
    for (int r = 0; r < board.n_rows; r++)
        for (int c = 0; c < board.n_columns; c++) board.cells[r][c].hits = NULL;
    assert_ok(gap_table(&separate, &board, &paper));
    const TableCell *found = cell(&paired, 2, 1), *other = cell(&separate, 2, 1);
    assert_string_equal(cell(&paired, 2, 0)->text, "Acc. and transforming shapes");
    assert_float_equal(found->value, 100 * 47.5 / 37.5, 1e-9);
    assert_float_equal(other->value, found->value, 1e-9);
    assert_true(found->low < found->value && found->value < found->high);
    assert_true(found->high - found->low < 0.8 * (other->high - other->low));
    table_free(&paired);
    table_free(&separate);
    grid_free(&board);
    outcomes_free(&outcomes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_step_is_a_row_and_missing_stages_are_stepped_over, setup, teardown),
        cmocka_unit_test_setup_teardown(without_predictions_a_step_says_that_it_is_not_paired, setup, teardown),
        cmocka_unit_test_setup_teardown(gaps_are_paired_where_predictions_are, setup, teardown),
        cmocka_unit_test_setup_teardown(the_figure_has_a_point_a_row, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
