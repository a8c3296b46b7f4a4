#include "analysis/compare/statistics.h"
#include "analysis/report/internal/figures.h"
#include "analysis/report/internal/report_parts.h"

enum { CORRELATION_SEED = 1 };

/* The caption has what the paper says of the same correlation. */
static Err add_scatter(Report *report, Plot *plot, const PaperCorrelation *entry) {
    char caption[256];
    if (report->rehearsal)
        snprintf(caption, sizeof caption, "%s.", entry->label);
    else
        snprintf(caption, sizeof caption, "%s (paper: %s).", entry->label, entry->paper);
    return report_add_figure(report, plot, caption);
}

/* Figures are numbered by experiment and statistic, so that a name stays whatever else is there. */
static Err add_correlation_figures(Report *report, int column) {
    const GridColumn *experiment = &report->board->columns[column];
    int number = column * 100;
    page_grid_begin(&report->page, "narrow");
    for (const PaperCorrelation *entry = report->paper.correlations;
         entry < report->paper.correlations + report->paper.n_correlations; entry++) {
        Points points = statistics_points(&report->outcomes, report->board, column, entry);
        Plot plot;
        number++;
        if (points.n < CORRELATE_MIN) continue;
        TRY(figure_correlation(&plot, &points, entry, experiment, number, &report->paper));
        TRY(add_scatter(report, &plot, entry));
    }
    page_grid_end(&report->page);
    return ERR_NONE;
}

/* Our statistics against the accuracies the paper published, of its 28 datasets as far as they were measured. */
static Err add_published_figures(Report *report) {
    Err err = ERR_NONE;
    DatasetNames *names = malloc(sizeof *names);
    if (!names) return RAISE(ERR_MEMORY, "list of datasets: no memory");
    TRY_OR(done, names_read(names, "paper28"));
    page_grid_begin(&report->page, "narrow");
    for (const PaperCorrelation *entry = report->paper.correlations;
         entry < report->paper.correlations + report->paper.n_correlations; entry++) {
        Points points = statistics_published(&report->outcomes, &report->paper, names, entry);
        Plot plot;
        if (points.n < CORRELATE_MIN) continue;
        TRY_OR(done, figure_published(&plot, &points, entry, names, &report->paper));
        TRY_OR(done, add_scatter(report, &plot, entry));
    }
    page_grid_end(&report->page);
done:
    free(names);
    return err;
}

/* Our statistics are reduced where theirs are not: said beside every such figure. */
static Err add_published(Report *report) {
    Table table = {0};
    TRY(correlations_published_table(&table, &report->outcomes, &report->paper, NULL, CORRELATION_SEED));
    bool any = table.n_rows > 0;
    TRY(report_add_table(report, &table));
    if (any)
        page_remark(&report->page, "note",
                    "REDUCED: statistics at the scale and on the features that the statistics table names, set "
                    "against accuracies of the paper's full runs.");
    if (any) report_add_point_key(report);
    return any ? add_published_figures(report) : ERR_NONE;
}

/* Statistics by themselves, against the paper's accuracies, against ours. */
Err report_statistics(Report *report) {
    Table table = {0};
    page_section(&report->page, "statistics", "Statistics of the datasets");
    TRY(statistics_table(&table, &report->outcomes, &report->paper));
    bool any = table.n_rows > 0;
    if (!any) page_remark(&report->page, "note", "No dataset has been analyzed.");
    TRY(report_add_table(report, &table));
    if (any) {
        TRY(findings_table(&table, &report->outcomes, &report->paper));
        TRY(report_add_table(report, &table));
        if (!report->rehearsal) TRY(add_published(report));
    }
    TRY(correlations_table(&table, &report->outcomes, &report->paper, report->board, CORRELATION_SEED));
    if (table.n_rows == 0)
        page_remark(&report->page, "note",
                    "Fewer than %d datasets have both statistics and an accuracy of ours: no correlation is computed.",
                    CORRELATE_MIN);
    TRY(report_add_table(report, &table));
    for (int c = 0; c < report->board->n_columns; c++)
        if (text_equal(report->board->columns[c].task, "finetune")) TRY(add_correlation_figures(report, c));
    page_section_end(&report->page);
    return ERR_NONE;
}
