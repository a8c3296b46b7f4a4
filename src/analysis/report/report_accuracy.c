/* The section of accuracies: the table, and what it says together, whether our order is the paper's, what a stage adds,
 * whether more pre-training helps, how much of the gap is closed. */
#include "analysis/compare/accuracy_tables.h"
#include "analysis/report/internal/figures.h"
#include "analysis/report/internal/report_parts.h"

/* A figure has all experiments on one dataset, so each dataset has one. */
static bool dataset_seen(const Grid *board, int column) {
    for (int c = 0; c < column; c++)
        if (text_equal(board->columns[c].dataset, board->columns[column].dataset)) return true;
    return false;
}

static Err add_scatter(Report *report, int column, const PaperExperiment *experiment, bool *any) {
    const GridColumn *ours = &report->board->columns[column];
    char title[128], caption[256];
    Agreement agreement;
    Plot plot;
    TRY(agreement_of(&agreement, any, report->board, column, experiment, AGREEMENT_ALL));
    if (!*any) return ERR_NONE;
    grid_column_label(title, sizeof title, ours);
    snprintf(caption, sizeof caption, "%s against the paper's %s: %s.", title, experiment->label, agreement.rows);
    TRY(figure_against_paper(&plot, &agreement, ours, experiment, &report->paper));
    return report_add_figure(report, &plot, caption);
}

/* A column of ours beside each of the paper's of the same task. */
static Err add_scatters(Report *report) {
    bool any = false;
    page_grid_begin(&report->page, "wide");
    for (int c = 0; c < report->board->n_columns; c++) {
        const PaperExperiment *experiments[PAPER_COLUMNS];
        int n = paper_columns(experiments, &report->paper, report->board->columns[c].task);
        for (int p = 0; p < n; p++) {
            bool added;
            TRY(add_scatter(report, c, experiments[p], &added));
            any = any || added;
        }
    }
    page_grid_end(&report->page);
    if (any) report_add_point_key(report);
    return ERR_NONE;
}

static Err add_agreement(Report *report) {
    Table table;
    TRY(agreement_table(&table, report->board, &report->paper));
    TRY(report_add_table(report, &table));
    return add_scatters(report);
}

static Err add_differences(Report *report) {
    for (int c = 0; c < report->board->n_columns; c++) {
        Table table;
        Plot plot = {0};
        TRY(differences_table(&table, report->board, c, &report->paper));
        bool any = table.n_rows > 0;
        Err err = any ? figure_differences(&plot, &table) : ERR_NONE;
        if (err) table_free(&table);
        TRY(err);
        TRY(report_add_table(report, &table));
        if (any)
            TRY(report_add_figure(report, &plot,
                                  "What each stage adds, with its 95 % interval; right of the line is better."));
    }
    return ERR_NONE;
}

/* Only experiments whose pre-trainings were run at several budgets have it. */
static Err add_compute_of(Report *report, Compute *compute, int column) {
    const GridColumn *experiment = &report->board->columns[column];
    Table table;
    Plot plot;
    TRY(compute_make(compute, &report->outcomes, report->board, column, &report->paper));
    if (compute->n == 0) return ERR_NONE;
    TRY(compute_table(&table, compute, experiment));
    TRY(report_add_table(report, &table));
    TRY(figure_compute(&plot, compute, experiment));
    return report_add_figure(report, &plot,
                             "Accuracy by the clips that pre-training saw, with 95 % intervals; the "
                             "dotted line is random initialization.");
}

static Err add_compute(Report *report) {
    Compute *compute = calloc(1, sizeof *compute);
    Err err = compute ? ERR_NONE : RAISE(ERR_MEMORY, "report: no memory");
    for (int c = 0; c < report->board->n_columns && !err; c++) {
        err = add_compute_of(report, compute, c);
        compute_free(compute);
    }
    free(compute);
    return err;
}

/* From the figures to what follows from them. */
Err report_accuracy(Report *report) {
    const Grid *board = report->board;
    Table table = {0};
    page_section(&report->page, "accuracy", "Accuracy");
    if (board->n_columns == 0)
        page_remark(&report->page, "note", "No fine-tuning or probe has finished below %s.",
                    path_base(report->config->runs));
    if (board->n_columns > 0) {
        TRY(accuracy_table(&table, board, &report->paper));
        TRY(report_add_table(report, &table));
        for (int c = 0; c < board->n_columns; c++) {
            Plot plot;
            if (dataset_seen(board, c)) continue;
            TRY(figure_accuracy(&plot, board, board->columns[c].dataset));
            char caption[192];
            snprintf(caption, sizeof caption, "Accuracies on %.100s with their 95 %% intervals%s.",
                     board->columns[c].dataset, board->n_reduced ? ", at reduced scale" : "");
            TRY(report_add_figure(report, &plot, caption));
        }
        if (!report->rehearsal) TRY(add_agreement(report));
        TRY(add_differences(report));
        TRY(add_compute(report));
        TRY(gap_table(&table, board, &report->paper));
        TRY(report_add_table(report, &table));
    }
    page_section_end(&report->page);
    return ERR_NONE;
}
