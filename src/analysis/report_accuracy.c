#include "analysis/accuracy.h"
#include "analysis/figures.h"
#include "analysis/report_parts.h"
#include "base/file.h"

static bool dataset_seen(const Board *board, int column) {
    for (int c = 0; c < column; c++)
        if (text_equal(board->columns[c].dataset, board->columns[column].dataset)) return true;
    return false;
}

static Err add_against_paper(Report *report) {
    page_grid_begin(&report->page, "narrow");
    for (int c = 0; c < report->board->n_columns; c++) {
        Plot plot;
        bool any;
        TRY(figure_against_paper(&plot, &any, report->board, c, &report->paper));
        if (any)
            TRY(report_add_figure(
                report, &plot,
                "Ours (reduced) against the paper's. Numbers are rows of the progression, 0 is random "
                "initialization: see the table above."));
        else
            plot_free(&plot);
    }
    page_grid_end(&report->page);
    return ERR_NONE;
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

Err report_accuracy(Report *report) {
    const Board *board = report->board;
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
                     board->columns[c].dataset, board->reduced ? ", at reduced scale" : "");
            TRY(report_add_figure(report, &plot, caption));
        }
        TRY(add_differences(report));
        TRY(gap_table(&table, board, &report->paper));
        TRY(report_add_table(report, &table));
        TRY(add_against_paper(report));
    }
    page_section_end(&report->page);
    return ERR_NONE;
}
