/* Our order against the paper's: which rows are points, and what stands in the table. */
#include "analysis/compare/outcomes.h"
#include "analysis/compare/statistics.h"

#include "support/fake_runs.h"

static char scratch[PATH_SIZE], runs[PATH_SIZE];
static Paper paper;
static Outcomes outcomes;
static Grid board;

/* In the paper's order but for one swap; the target set is the upper baseline; one dataset outside the progression, one
 * that the paper does not know. */
static int setup(void **state) {
    (void)state;
    scratch_make(scratch);
    assert_ok(path_join(runs, sizeof runs, scratch, "runs"));
    static const struct {
        const char *pretraining;
        int correct;
    } fakes[] = {{"random", 50},          {"static-circles", 60},       {"moving-circles", 210}, {"moving-shapes", 230},
                 {"standin-motion", 320}, {"transforming-shapes", 220}, {"images-300k", 300},    {"my-own", 100}};
    for (size_t i = 0; i < sizeof fakes / sizeof *fakes; i++)
        fake_run(runs, fakes[i].pretraining, "finetune", fakes[i].pretraining, fakes[i].correct, 1);
    fake_run(runs, "probe", "probe", "moving-circles", 90, 1);
    assert_ok(paper_read(&paper, SYNVID_CONFIGS "/analysis/paper.json"));
    assert_ok(outcomes_read(&outcomes, runs));
    return grid_make(&board, &outcomes, &paper, "");
}

static int teardown(void **state) {
    (void)state;
    grid_free(&board);
    outcomes_free(&outcomes);
    paper_free(&paper);
    scratch_remove(scratch);
    return 0;
}

static void points_are_the_rows_that_both_have(void **state) {
    (void)state;
    Agreement stages, all;
    bool defined;
    const PaperExperiment *ucf = paper_experiment(&paper, "ucf101-finetune");
    assert_ok(agreement_of(&stages, &defined, &board, 0, ucf, AGREEMENT_PROGRESSION));
    assert_true(defined);
    assert_string_equal(stages.rows, "4 stages, random, target");
    assert_int_equal(stages.points.n, 6);
    assert_float_equal(stages.points.x[5], 91.3, 1e-12); /* the target beside UCF101 */
    assert_float_equal(stages.points.y[5], 80, 1e-12);
    /* One swap of neighbors among six: 1 - 6 * 2 / (6 * 35). */
    assert_float_equal(stages.found.rho, 1 - 12.0 / 210, 1e-12);
    assert_true(stages.rho.low < stages.found.rho && stages.rho.high >= stages.found.rho);
    assert_ok(agreement_of(&all, &defined, &board, 0, ucf, AGREEMENT_ALL));
    assert_string_equal(all.rows, "5 datasets, random, target");
    assert_int_equal(all.points.n, 7);
}

static void the_table_has_a_row_a_comparison(void **state) {
    (void)state;
    static const char *const rows[][2] = {{"UCF101 fine-tune", "4 stages, random, target"},
                                          {"UCF101 fine-tune", "5 datasets, random, target"},
                                          {"HMDB51 fine-tune", "4 stages, random, target"}};
    Table table;
    assert_ok(agreement_table(&table, &board, &paper));
    assert_int_equal(table.n_rows, 3); /* one probe is no correlation; HMDB51 has no other datasets */
    for (int r = 0; r < 3; r++) {
        assert_string_equal(table.cells[r * table.n_columns + 1].text, rows[r][0]);
        assert_string_equal(table.cells[r * table.n_columns + 2].text, rows[r][1]);
    }
    table_free(&table);
}

static void constants_and_few_rows_are_undefined(void **state) {
    (void)state;
    Agreement agreement;
    bool defined = true;
    assert_ok(agreement_of(&agreement, &defined, &board, 1, paper_experiment(&paper, "ucf101-probe"), AGREEMENT_ALL));
    assert_false(defined);
    for (int r = 0; r < board.n_rows; r++) board.cells[r][0].value = 50;
    assert_ok(
        agreement_of(&agreement, &defined, &board, 0, paper_experiment(&paper, "ucf101-finetune"), AGREEMENT_ALL));
    assert_false(defined);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_are_the_rows_that_both_have, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_has_a_row_a_comparison, setup, teardown),
        cmocka_unit_test_setup_teardown(constants_and_few_rows_are_undefined, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
