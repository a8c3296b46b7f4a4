/* The section of training: curves, reconstructions, and what attention keys look like. */
#include "analysis/compare/inventory.h"
#include "analysis/report/internal/figures.h"
#include "analysis/report/internal/report_parts.h"
#include "base/system/file.h"

/* Nothing where no such run has a curve. */
static Err add_curve_figure(Report *report, const char *task, const char *dataset, const char *caption) {
    Plot plot;
    bool any;
    TRY(figure_curves(&plot, &any, &report->outcomes, &report->paper, task, dataset));
    if (any) return report_add_figure(report, &plot, caption);
    plot_free(&plot);
    return ERR_NONE;
}

static Err add_curves(Report *report) {
    TRY(add_curve_figure(report, "pretrain", NULL, "Pre-training: loss on the pixels that were hidden."));
    for (int c = 0; c < report->board->n_columns; c++) {
        const GridColumn *column = &report->board->columns[c];
        char title[128], caption[192];
        snprintf(caption, sizeof caption, "Training loss of %s, by pre-training.",
                 grid_column_title(title, sizeof title, column));
        TRY(add_curve_figure(report, column->task, column->dataset, caption));
    }
    return ERR_NONE;
}

/* A run whose picture was taken away is passed over. */
static Err add_reconstructions(Report *report) {
    const OutcomeKey key = {.task = "pretrain"};
    page_grid_begin(&report->page, "wide");
    for (int i = 0; i < report->outcomes.count; i++) {
        const Outcome *outcome = &report->outcomes.items[i];
        char path[PATH_SIZE], caption[256];
        if (!outcomes_match(outcome, &key)) continue;
        TRY(path_join(path, sizeof path, outcome->folder, "reconstruction.png"));
        if (!file_exists(path)) continue;
        snprintf(caption, sizeof caption,
                 "%s: input, what the model is shown (gray is hidden), and its reconstruction.",
                 paper_label(&report->paper, outcome->result.dataset));
        TRY(page_picture_file(&report->page, path, caption, caption));
    }
    page_grid_end(&report->page);
    return ERR_NONE;
}

static Err add_keys(Report *report) {
    Table table = {0};
    if (report_count_runs(report, "keys") == 0) return ERR_NONE;
    TRY(keytable_make(&table, &report->outcomes, &report->paper));
    TRY(report_add_table(report, &table));
    return keytable_pictures(&report->page, &report->outcomes, &report->paper);
}

/* The section stands also without a run, and says so. */
Err report_training(Report *report) {
    bool any = report_count_runs(report, "pretrain") > 0;
    page_section(&report->page, "training", "Training");
    if (!any) page_remark(&report->page, "note", "No pre-training below %s.", path_base(report->config->runs));
    TRY(add_curves(report));
    if (any) builder_add_text(&report->page.html, "<h3>Reconstructions</h3>\n");
    if (any) TRY(add_reconstructions(report));
    TRY(add_keys(report));
    page_section_end(&report->page);
    return ERR_NONE;
}
