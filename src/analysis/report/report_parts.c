#include "analysis/report/internal/report_parts.h"

#include "analysis/report/internal/scatter.h"

Err report_add_table(Report *report, Table *table) {
    Err err = ERR_NONE;
    if (table->n_rows > 0) {
        page_table(&report->page, table);
        page_table_files(&report->page, table);
        err = table_write_files(table, report->tables);
    }
    table_free(table);
    return err;
}

/* FrameSampling into files. *drawn: false where there is no picture; the page says so, and why, unless gnuplot is not
 * there. */
static Err draw(bool *drawn, Report *report, Plot *plot) {
    PlotOutcome outcome;
    *drawn = false;
    TRY(plot_finish(&outcome, plot, report->figures));
    *drawn = outcome.state == PLOT_DRAWN;
    report->n_figures += *drawn;
    report->no_gnuplot = report->no_gnuplot || outcome.state == PLOT_NO_GNUPLOT;
    if (outcome.state == PLOT_FAILED)
        page_remark(&report->page, "warning", "The figure %s is missing: %s", plot->name, outcome.why);
    return ERR_NONE;
}

Err report_add_figure(Report *report, Plot *plot, const char *caption) {
    bool drawn;
    char path[PATH_SIZE];
    Err err = draw(&drawn, report, plot);
    if (!err) err = text_format(path, sizeof path, "%s/%s.svg", report->figures, plot->name);
    if (!err && drawn) err = page_picture_file(&report->page, path, plot->alt, caption);
    plot_free(plot);
    return err;
}

Err report_add_scatter(Report *report, Plot *plot, const Points *points, const ReportScatter *words) {
    bool drawn;
    Err err = draw(&drawn, report, plot);
    plot_free(plot);
    TRY(err);
    return scatter_add(&report->page, points, words->x_label, words->y_label, &report->paper, words->heading,
                       words->caption);
}

int report_count_runs(const Report *report, const char *task) {
    const OutcomeKey key = {.task = task};
    int count = 0;
    for (int i = 0; i < report->outcomes.count; i++) count += outcomes_match(&report->outcomes.items[i], &key);
    return count;
}
