#include "analysis/compare/accuracy_tables.h"
#include "analysis/compare/paper.h"

#include "support/unit.h"

#include <math.h>

static Paper paper;

/* The published claims and what their inputs give; two of the paper's figures are cut off, not rounded. */
static void gap_arithmetic_matches_the_published_claims(void **state) {
    (void)state;
    assert_float_equal(paper_gap_closed(51.4, 90.2, 91.3), 97.243, 5e-4);
    assert_float_equal(paper_gap_closed(68.8, 79.1, 80.7), 86.555, 5e-4);
    assert_float_equal(paper_gap_closed(60.5, 74.0, 76.1), 86.538, 5e-4);
    assert_float_equal(paper_gap_closed(8.9, 24.8, 48.0), 40.665, 5e-4);
    assert_float_equal(paper_gap_closed(51.4, 91.3, 91.3), 100, 1e-12);
    assert_float_equal(paper_gap_closed(18.2, 64.1, 63.0), 102.455, 5e-4); /* above 100 is legal */
    assert_true(isnan(paper_gap_closed(50, 60, 50)));
    assert_true(isnan(paper_gap_closed(NAN, 60, 70)));
}

static void remarks_tell_rounded_from_truncated(void **state) {
    (void)state;
    assert_string_equal(gap_remark(97.243, 97.2), "rounded");
    assert_string_equal(gap_remark(86.555, 86.5), "truncated");
    assert_string_equal(gap_remark(40.665, 40.6), "truncated");
    assert_string_equal(gap_remark(86.555, 86.6), "rounded");
    assert_string_equal(gap_remark(50, 60), "differs");
    assert_string_equal(gap_remark(102.455, NAN), "not printed");
}

static void shares_of_the_gap_of_table_1_come_out(void **state) {
    (void)state;
    static const char *const rows[] = {"static-circles",        "moving-circles",      "moving-shapes",
                                       "transforming-shapes",   "accelerating-shapes", "accelerating-textures",
                                       "accelerating-stylegan", "accelerating-images"};
    static const double finetune[] = {41.1, 84.7, 89.0, 91.0, 92.0, 95.2, 97.2, 100.0},
                        hmdb[] = {24.6, 75.4, 84.6, 87.9, 90.8, 98.7, 102.5, 102.5},
                        probe[] = {11.0, 16.9, 29.4, 25.3, 25.6, 30.7, 41.7, 40.7};
    static const char *const experiments[] = {"ucf101-finetune", "hmdb51-finetune", "ucf101-probe"};
    static const double *const expected[] = {finetune, hmdb, probe};
    for (int e = 0; e < 3; e++)
        for (int r = 0; r < 8; r++) {
            double gap = paper_gap_closed(paper_accuracy(paper_experiment(&paper, experiments[e]), "random"),
                                          paper_accuracy(paper_experiment(&paper, experiments[e]), rows[r]),
                                          paper_accuracy(paper_experiment(&paper, experiments[e]), "ucf101"));
            assert_float_equal(gap, expected[e][r], 0.0501);
        }
}

static void every_row_of_every_table_has_a_figure(void **state) {
    (void)state;
    for (const PaperTable *table = paper.tables; table < paper.tables + paper.n_tables; table++)
        for (int e = 0; e < table->experiments.n; e++) {
            const PaperExperiment *experiment = paper_experiment(&paper, table->experiments.texts[e]);
            assert_non_null(experiment);
            for (const PaperRow *row = table->rows; row < table->rows + table->n_rows; row++) {
                assert_false(isnan(paper_accuracy(experiment, row->pretraining)));
                assert_true(paper_order(&paper, row->pretraining) >= 0);
                if (row->counterpart[0]) assert_false(isnan(paper_accuracy(experiment, row->counterpart)));
            }
        }
    assert_true(paper.n_tables > 0 && paper.tables[0].n_rows > 0);
}

/* 34 generated datasets, and a configuration for each. */
static void every_dataset_of_the_paper_has_a_variant(void **state) {
    (void)state;
    int datasets = 0;
    for (const PaperPretraining *entry = paper.pretrainings; entry < paper.pretrainings + paper.n_pretrainings;
         entry++) {
        char path[PATH_SIZE];
        const char *group = entry->group;
        if (text_equal(group, "baseline") || text_equal(group, "target")) continue;
        datasets++;
        assert_ok(text_format(path, sizeof path, "%s/variants/%s.json", SYNVID_CONFIGS, entry->slug));
        if (!file_exists(path)) print_error("no variant for %s\n", entry->slug);
        assert_true(file_exists(path));
    }
    assert_int_equal(datasets, 34);
}

static void names_resolve_to_slugs_and_labels(void **state) {
    (void)state;
    assert_string_equal(paper_slug(&paper, "random-initialization"), "random");
    assert_string_equal(paper_slug(&paper, "standin-motion"), "standin-motion");
    assert_string_equal(paper_label(&paper, "moving-circles"), "Moving circles");
    assert_string_equal(paper_label(&paper, "no-such"), "no-such");
    assert_true(paper_in_progression(&paper, "accelerating-images"));
    assert_false(paper_in_progression(&paper, "random"));
    assert_int_equal(paper_order(&paper, "static-circles"), 1);
    assert_int_equal(paper_order(&paper, "no-such"), -1);
    assert_true(isnan(paper_accuracy(paper_experiment(&paper, "ucf101-finetune"), "no-such")));
}

static void a_foreign_file_is_refused(void **state) {
    (void)state;
    char folder[PATH_SIZE], path[PATH_SIZE];
    Paper foreign;
    scratch_make(folder);
    scratch_write(path, folder, "paper.json", "{\"schema\": \"other\"}");
    assert_fails(paper_read(&foreign, path), ERR_INPUT, "synvid.paper");
    scratch_write(path, folder, "paper.json", "{\"schema\": \"synvid.paper\"}");
    assert_fails(paper_read(&foreign, path), ERR_INPUT, "pretrainings: missing, expected a list");
    scratch_write(path, folder, "paper.json",
                  "{\"schema\": \"synvid.paper\", \"pretrainings\": [{\"slug\": \"a\"}, {\"slug\": 7}]}");
    assert_fails(paper_read(&foreign, path), ERR_INPUT, "pretrainings[1]: slug: expected a text, found 7");
    assert_fails(paper_read(&foreign, "/nowhere/paper.json"), ERR_INPUT, "/nowhere/paper.json");
    scratch_remove(folder);
}

int main(void) {
    if (paper_read(&paper, SYNVID_CONFIGS "/analysis/paper.json")) {
        print_error("%s\n", err_message());
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gap_arithmetic_matches_the_published_claims),
        cmocka_unit_test(remarks_tell_rounded_from_truncated),
        cmocka_unit_test(shares_of_the_gap_of_table_1_come_out),
        cmocka_unit_test(every_row_of_every_table_has_a_figure),
        cmocka_unit_test(every_dataset_of_the_paper_has_a_variant),
        cmocka_unit_test(names_resolve_to_slugs_and_labels),
        cmocka_unit_test(a_foreign_file_is_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    paper_free(&paper);
    return failed;
}
