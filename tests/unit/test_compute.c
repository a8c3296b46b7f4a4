/* Budgets of pre-training: found from the runs, never mixed, and the curves that come of them. */
#include "analysis/compare/accuracy_tables.h"
#include "analysis/compare/outcomes.h"
#include "analysis/report/internal/figures.h"

#include "nn/layers/model.h"

#include "support/fake_runs.h"

enum { VIDEOS = 400, BATCH = 16 };

static char scratch[PATH_SIZE], runs[PATH_SIZE];
static Paper paper;
static Outcomes outcomes;
static Grid board;
static Compute compute;

static const struct {
    const char *pretraining;
    int steps, correct;
} fakes[] = {{"static-circles", 100, 52}, {"static-circles", 300, 60},  {"static-circles", 900, 64},
             {"moving-circles", 100, 55}, {"moving-circles", 300, 140}, {"moving-circles", 900, 220},
             {"moving-shapes", 300, 200} /* one budget: no curve */};
enum { N_FAKES = sizeof fakes / sizeof *fakes };

static void fake_digest(char out[DIGEST_SIZE], int number) {
    assert_ok(text_format(out, DIGEST_SIZE, "%032d", number));
}

/* A pre-training and the fine-tuning of its weights, which names them by digest alone. */
static void fake_pair(int i) {
    char name[64], path[PATH_SIZE], digest[DIGEST_SIZE];
    Result trained = fake_result("pretrain", fakes[i].pretraining, fakes[i].pretraining, 1),
           tuned = fake_accuracy("finetune", fakes[i].pretraining, fakes[i].correct, VIDEOS, 1);
    fake_digest(digest, i + 1);
    assert_ok(result_add_deviation(&trained, "train.epochs %d instead of 3200", fakes[i].steps));
    assert_ok(result_add_number(&trained, "steps", fakes[i].steps, "steps", 1));
    assert_ok(result_add_input(&trained, "final weights", "ckpt", digest));
    assert_ok(result_add_input(&tuned, "test", "standin-motion", "7e577e577e577e577e577e577e577e57"));
    assert_ok(result_add_input(&tuned, "checkpoint", "moved/elsewhere", digest));
    assert_ok(text_format(name, sizeof name, "pretrain-%d", i));
    fake_write(runs, name, &trained);
    assert_ok(text_format(name, sizeof name, "pretrain-%d/config.json", i));
    scratch_write(path, runs, name,
                  "{\"model\": {\"image_size\": 32, \"n_frames\": 8, \"patch_size\": 8, \"width\": 96, \"depth\": 4, "
                  "\"heads\": 3, \"decoder_width\": 64, \"decoder_depth\": 2, \"decoder_heads\": 2}, "
                  "\"mask_ratio\": 0.75, \"train\": {\"batch\": 16}}");
    assert_ok(text_format(name, sizeof name, "finetune-%d", i));
    fake_write(runs, name, &tuned);
}

static int setup(void **state) {
    (void)state;
    scratch_make(scratch);
    assert_ok(path_join(runs, sizeof runs, scratch, "runs"));
    for (int i = 0; i < N_FAKES; i++) fake_pair(i);
    Result none = fake_accuracy("finetune", "random-initialization", 50, VIDEOS, 1);
    assert_ok(result_add_input(&none, "test", "standin-motion", "7e577e577e577e577e577e577e577e57"));
    fake_write(runs, "none", &none);
    assert_ok(paper_read(&paper, SYNVID_CONFIGS "/analysis/paper.json"));
    assert_ok(outcomes_read(&outcomes, runs));
    assert_ok(grid_make(&board, &outcomes, &paper, ""));
    return compute_make(&compute, &outcomes, &board, 0, &paper);
}

static int teardown(void **state) {
    (void)state;
    compute_free(&compute);
    grid_free(&board);
    outcomes_free(&outcomes);
    paper_free(&paper);
    scratch_remove(scratch);
    return 0;
}

static void budgets_are_found_by_the_digest_of_the_weights(void **state) {
    (void)state;
    ModelConfig model;
    fields_default(&model, model_fields);
    model = (ModelConfig){.image_size = 32,
                          .n_frames = 8,
                          .patch_size = 8,
                          .tubelet_size = model.tubelet_size,
                          .width = 96,
                          .depth = 4,
                          .heads = 3,
                          .decoder_width = 64,
                          .decoder_depth = 2,
                          .decoder_heads = 2,
                          .mlp_ratio = model.mlp_ratio};
    double flops = model_pretrain_flops(&model, 0.75);
    assert_int_equal(outcomes.count, 2 * N_FAKES + 1);
    assert_int_equal(outcomes.n_left_out, 0); /* of one identity, but not of one budget: no rivals */
    for (int i = 0; i < outcomes.count; i++) {
        const Outcome *outcome = &outcomes.items[i];
        const char *base = path_base(outcome->folder), *dash = strchr(base, '-');
        double clips = dash ? BATCH * (double)fakes[strtol(dash + 1, NULL, 10)].steps : 0;
        assert_float_equal(outcome->clips, clips, 0);
        assert_float_equal(outcome->flops, clips * flops, 1e-9 * clips * flops);
    }
}

static void figures_of_several_budgets_are_never_averaged(void **state) {
    (void)state;
    const OutcomeKey circles = {.task = "finetune", .pretraining = "moving-circles"};
    assert_int_equal(outcomes_estimate(&outcomes, &circles, "top1").state, ESTIMATE_MIXED);
    assert_true(board.several_budgets);
    assert_float_equal(grid_find(&board, 0, "moving-circles")->value, 55, 1e-9); /* after the largest */
}

static void curves_rise_by_budget_and_start_from_nothing(void **state) {
    (void)state;
    static const double clips[] = {0, 1600, 4800, 14400, 1600, 4800, 14400},
                        accuracy[] = {12.5, 13, 15, 16, 13.75, 35, 55};
    assert_int_equal(compute.n, 7);
    for (int i = 0; i < 7; i++) {
        assert_float_equal(compute.items[i].clips, clips[i], 0);
        assert_float_equal(compute.items[i].estimate.value, accuracy[i], 1e-9);
    }
    assert_string_equal(compute.items[6].row->slug, "moving-circles");
}

static void the_table_says_where_curves_part(void **state) {
    (void)state;
    Table table;
    Plot plot;
    assert_ok(compute_table(&table, &compute, &board.columns[0]));
    assert_string_equal(table.name, "compute-finetune-standin-motion");
    assert_int_equal(table.n_rows, 7);
    assert_non_null(strstr(table.caption, "Moving circles over Static circles: clearly from 4800 clips on."));
    const TableCell *last = &table.cells[6 * table.n_columns];
    assert_float_equal(last[5].value, 39, 1e-9);
    assert_true(last[5].low > 30);
    assert_true(isnan(table.cells[1 * table.n_columns + 5].value)); /* static circles have none above them */
    assert_ok(figure_compute(&plot, &compute, &board.columns[0]));
    assert_non_null(strstr(plot.data.data, "1600\t13\t"));
    assert_non_null(strstr(plot.script.data, "Random initialization"));
    plot_free(&plot);
    table_free(&table);
}

/* One budget each, as in most folders of runs: nothing to draw. Without the pre-training the budget is unknown. */
static void without_budgets_there_are_no_curves(void **state) {
    (void)state;
    char path[PATH_SIZE];
    compute_free(&compute);
    grid_free(&board);
    outcomes_free(&outcomes);
    for (int i = 0; i < N_FAKES; i++) {
        assert_ok(text_format(path, sizeof path, "%s/pretrain-%d/result.json", runs, i));
        if (i != 5) assert_ok(file_remove(path));
    }
    assert_ok(outcomes_read(&outcomes, runs));
    assert_ok(grid_make(&board, &outcomes, &paper, ""));
    assert_ok(compute_make(&compute, &outcomes, &board, 0, &paper));
    assert_int_equal(compute.n, 0);
    /* Nor are those of results that started from nothing, whatever they are called. */
    Result named = fake_accuracy("finetune", "accelerating-shapes", 80, VIDEOS, 1);
    assert_ok(result_add_input(&named, "test", "standin-motion", "7e577e577e577e577e577e577e577e57"));
    fake_write(runs, "named", &named);
    grid_free(&board);
    outcomes_free(&outcomes);
    assert_ok(outcomes_read(&outcomes, runs));
    assert_ok(grid_make(&board, &outcomes, &paper, ""));
    assert_ok(compute_make(&compute, &outcomes, &board, 0, &paper));
    assert_int_equal(compute.n, 0);
    /* Of unknown length they claim the same: left out, as ever. */
    assert_true(outcomes.n_left_out >= 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(budgets_are_found_by_the_digest_of_the_weights, setup, teardown),
        cmocka_unit_test_setup_teardown(figures_of_several_budgets_are_never_averaged, setup, teardown),
        cmocka_unit_test_setup_teardown(curves_rise_by_budget_and_start_from_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_says_where_curves_part, setup, teardown),
        cmocka_unit_test_setup_teardown(without_budgets_there_are_no_curves, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
