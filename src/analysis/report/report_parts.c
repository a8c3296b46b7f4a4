/* What the sections of the report share: tables with their files, figures as far as they could be drawn. */
#include "analysis/report/internal/report_parts.h"

#include "analysis/report/internal/figures.h"
#include "base/text/escape.h"

/* An empty table is left out. */
Err report_add_table(Report *report, Table *table) {
    Err err = ERR_NONE;
    bool any = table->n_rows > 0;
    if (any && report->rehearsal) err = rehearsed_set_apart(table);
    if (any && !err) {
        page_table(&report->page, table);
        page_table_files(&report->page, table);
        err = table_write_files(table, report->tables);
    }
    table_free(table);
    return err;
}

/* A figure that gnuplot cannot draw is a remark in its place; that there is no gnuplot is said once, at the end. */
Err report_add_figure(Report *report, Plot *plot, const char *caption) {
    char path[PATH_SIZE];
    PlotOutcome outcome = {PLOT_FAILED, ""};
    Err err = plot_finish(&outcome, plot, report->figures);
    bool drawn = outcome.state == PLOT_DRAWN;
    report->n_figures += drawn;
    report->no_gnuplot = report->no_gnuplot || outcome.state == PLOT_NO_GNUPLOT;
    if (!err && outcome.state == PLOT_FAILED)
        page_remark(&report->page, "warning", "The figure %s is missing: %s", plot->name, outcome.why);
    if (!err) err = text_format(path, sizeof path, "%s/%s.svg", report->figures, plot->name);
    if (!err && drawn) err = page_plot_file(&report->page, path, plot, caption);
    plot_free(plot);
    return err;
}

/* Points bear numbers, which have room where names have none; this list says whose they are. */
void report_add_point_key(Report *report) {
    Builder *html = &report->page.html;
    builder_add_text(html, "<p class=\"legend\">");
    for (int i = 0; i < report->paper.n_pretrainings; i++) {
        const PaperPretraining *entry = &report->paper.pretrainings[i];
        builder_add(html, "<span><i style=\"background:#%06x\"></i>%d ",
                    figure_group_color(&report->paper, entry->slug), i);
        escape_html(html, entry->label);
        builder_add_text(html, "</span>");
    }
    builder_add_text(html, "</p>\n");
}

int report_count_runs(const Report *report, const char *task) {
    const OutcomeKey key = {.task = task};
    int count = 0;
    for (int i = 0; i < report->outcomes.count; i++) count += outcomes_match(&report->outcomes.items[i], &key);
    return count;
}

/* ---- rehearsals ---- */

Err rehearsed_set_apart(Table *table) {
    char name[sizeof table->name], title[sizeof table->title];
    TRY(table_drop_paper(table));
    TRY(text_copy(name, sizeof name, table->name));
    TRY(text_copy(title, sizeof title, table->title));
    TRY(text_format(table->name, sizeof table->name, "rehearsal-%s", name));
    TRY(text_format(table->title, sizeof table->title, "Rehearsal: %s", title));
    for (int c = 0; c < table->n_columns; c++)
        if (text_equal(table->columns[c].label, "Ours"))
            TRY(text_copy(table->columns[c].label, sizeof table->columns[c].label, "Rehearsed"));
    return text_copy(table->caption, sizeof table->caption,
                     "Figures of a rehearsal: the paper's experiment with a network, videos and epochs too few to "
                     "say anything. They show which cells get filled.");
}

/* Weights of others are imported in a rehearsal as in the real run: a result without a figure. */
static bool is_import(const Outcome *outcome) {
    return text_equal(outcome->result.task, "import");
}

bool rehearsed_only(Outcomes *outcomes, int *n_left) {
    int n_rehearsals = 0, n_imports = 0;
    for (int i = 0; i < outcomes->count; i++) {
        n_rehearsals += result_is_rehearsal(&outcomes->items[i].result);
        n_imports += is_import(&outcomes->items[i]);
    }
    bool only = n_rehearsals > 0 && n_rehearsals + n_imports == outcomes->count;
    *n_left = only ? 0 : n_rehearsals;
    outcomes_keep_rehearsals(outcomes, only);
    return only;
}
