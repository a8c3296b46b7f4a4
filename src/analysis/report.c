#include "analysis/report.h"

#include "analysis/accuracy.h"
#include "analysis/datasets.h"
#include "analysis/figures.h"
#include "analysis/findings.h"
#include "analysis/keytable.h"
#include "analysis/media.h"
#include "analysis/runtable.h"
#include "analysis/scatter.h"
#include "analysis/statements.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/log.h"

#include <cjson/cJSON.h>
#include <math.h>

enum { CORRELATION_SEED = 1 };

const Field report_fields[] = {
    FIELD_PATH(ReportConfig, runs, "folder of run folders, searched for result.json", "runs"),
    FIELD_PATH(ReportConfig, data, "folder searched for datasets (contact sheets) and records of ingestion", "data"),
    FIELD_PATH(ReportConfig, media, "folder with the MANIFEST.tsv of fetched photographs and videos", ""),
    FIELD_TEXT(ReportConfig, title, "heading of the page", "Learning video representations without natural videos"),
    FIELD_END,
};

/* One report being written. */
typedef struct {
    const ReportConfig *config;
    const char *out;
    Paper paper;
    Outcomes outcomes;
    DatasetList datasets;
    Board *board;
    Page page;
    char tables[PATH_SIZE], figures[PATH_SIZE];
    int verdicts[4];
    int n_figures;
    bool no_gnuplot;
    bool reduced; /* any result, of datasets or models, under another protocol than the paper's */
} Report;

/* ---- parts ---- */

static Err add_table(Report *report, Table *table) {
    Err err = ERR_NONE;
    if (table->n_rows > 0) {
        page_table(&report->page, table);
        page_table_files(&report->page, table);
        err = table_write_files(table, report->tables);
    }
    table_free(table);
    return err;
}

/* Draws and embeds; frees the plot. Nothing is embedded when gnuplot is not there. */
static Err add_figure(Report *report, Plot *plot, const char *caption) {
    PlotOutcome outcome;
    char path[PATH_SIZE];
    Err err = plot_finish(&outcome, plot, report->figures);
    if (!err) err = text_format(path, sizeof path, "%s/%s.svg", report->figures, plot->name);
    if (!err && outcome == PLOT_DRAWN) err = page_picture_file(&report->page, path, plot->alt, caption);
    if (!err) report->no_gnuplot = report->no_gnuplot || outcome == PLOT_NO_GNUPLOT;
    if (!err) report->n_figures += outcome == PLOT_DRAWN;
    plot_free(plot);
    return err;
}

static int count_runs(const Report *report, const char *task) {
    const OutcomeKey key = {.task = task};
    int count = 0;
    for (int i = 0; i < report->outcomes.count; i++) count += outcomes_match(&report->outcomes.items[i], &key);
    return count;
}

static void add_card(Page *page, const char *figure, const char *what) {
    builder_add_text(&page->html, "<div><dt>");
    escape_html(&page->html, what);
    builder_add_text(&page->html, "</dt><dd>");
    escape_html(&page->html, figure);
    builder_add_text(&page->html, "</dd></div>\n");
}

/* The paper's largest step in the first experiment that has it: static circles, moving circles, random. */
static void add_headline_cards(Report *report) {
    static const char *const slugs[] = {"random", "static-circles", "moving-circles", "accelerating-images"};
    const Board *board = report->board;
    int column = -1;
    for (int c = 0; c < board->n_columns && column < 0; c++)
        if (text_equal(board->columns[c].task, "finetune") && board_find(board, c, "moving-circles")) column = c;
    for (int s = 0; column >= 0 && s < 4; s++) {
        const Estimate *estimate = board_find(board, column, slugs[s]);
        char figure[32], what[256], title[128];
        if (!estimate) continue;
        snprintf(figure, sizeof figure, "%.1f %%", estimate->value);
        snprintf(what, sizeof what, "%s: %s", paper_label(&report->paper, slugs[s]),
                 board_column_title(title, sizeof title, &board->columns[column]));
        add_card(&report->page, figure, what);
    }
}

static void add_cards(Report *report) {
    char figure[64];
    builder_add_text(&report->page.html, "<dl class=\"cards\">\n");
    add_headline_cards(report);
    snprintf(figure, sizeof figure, "%d / %d / %d", report->verdicts[VERDICT_TRUE], report->verdicts[VERDICT_UNDECIDED],
             report->verdicts[VERDICT_FALSE]);
    add_card(&report->page, figure, "of the paper's statements true / undecided / false in these runs");
    snprintf(figure, sizeof figure, "%d + %d", count_runs(report, "pretrain"),
             count_runs(report, "finetune") + count_runs(report, "probe"));
    add_card(&report->page, figure, "pre-trainings, and fine-tunings and probes of them");
    builder_add_text(&report->page.html, "</dl>\n");
}

static void add_navigation(Page *page) {
    static const char *const parts[][2] = {
        {"accuracy", "Accuracy"},     {"statements", "Statements"}, {"datasets", "Datasets"},
        {"statistics", "Statistics"}, {"training", "Training"},     {"provenance", "Provenance"},
    };
    builder_add_text(&page->html, "<nav aria-label=\"Parts of the report\"><ul>");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        builder_add(&page->html, "<li><a href=\"#%s\">%s</a></li>", parts[i][0], parts[i][1]);
    builder_add_text(&page->html, "</ul></nav>\n");
}

static void add_header(Report *report) {
    Page *page = &report->page;
    builder_add_text(&page->html, "<header>\n");
    if (report->outcomes.count > 0)
        builder_add_text(&page->html, report->reduced ? "<span class=\"pill\">REDUCED SCALE</span>\n"
                                                      : "<span class=\"pill full\">PAPER PROTOCOL</span>\n");
    builder_add_text(&page->html, "<h1>");
    escape_html(&page->html, report->config->title);
    builder_add_text(&page->html, "</h1>\n<p class=\"lead\">Models are pre-trained on synthetic videos of growing "
                                  "complexity, from static circles to moving image crops, "
                                  "then fine-tuned and probed on labelled video. Each section shows what was run, what "
                                  "came out, and how sure that is.</p>\n");
    if (report->reduced)
        page_remark(page, "warning",
                    "Everything here was computed at reduced scale: small models, few clips, short schedules, and "
                    "stand-in test sets where UCF101 is not at "
                    "hand. Figures show whether an effect appears at this scale. They are not results on UCF101 and "
                    "must not be read as such; the paper's "
                    "own figures stand in columns of their own.");
    add_cards(report);
    add_navigation(page);
    builder_add_text(&page->html, "</header>\n<main>\n");
}

/* ---- sections ---- */

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
            TRY(add_figure(report, &plot,
                           "Ours (reduced) against the paper's. Numbers are rows of the progression, 0 is random "
                           "initialization: see the table above."));
        else
            plot_free(&plot);
    }
    page_grid_end(&report->page);
    return ERR_NONE;
}

static Err add_accuracy(Report *report) {
    const Board *board = report->board;
    Table table = {0};
    page_section(&report->page, "accuracy", "Accuracy");
    if (board->n_columns == 0)
        page_remark(&report->page, "note", "No fine-tuning or probe has finished below %s.",
                    path_base(report->config->runs));
    if (board->n_columns > 0) {
        TRY(accuracy_table(&table, board, &report->paper));
        TRY(add_table(report, &table));
        for (int c = 0; c < board->n_columns; c++) {
            Plot plot;
            if (dataset_seen(board, c)) continue;
            TRY(figure_accuracy(&plot, board, board->columns[c].dataset));
            TRY(add_figure(report, &plot,
                           "Accuracies with their 95 % intervals; reduced scale unless the table says otherwise."));
        }
        TRY(gap_table(&table, board, &report->paper));
        TRY(add_table(report, &table));
        TRY(add_against_paper(report));
    }
    page_section_end(&report->page);
    return ERR_NONE;
}

static Err add_statements(Report *report, Table *table) {
    page_section(&report->page, "statements", "Statements");
    TRY(add_table(report, table));
    page_section_end(&report->page);
    return ERR_NONE;
}

static Err add_datasets(Report *report) {
    page_section(&report->page, "datasets", "What the datasets look like");
    if (report->datasets.count == 0)
        page_remark(&report->page, "note", "No stored dataset below %s; videos rendered while training leave no files.",
                    path_base(report->config->data));
    TRY(datasets_add_sheets(&report->page, &report->datasets, &report->paper));
    page_section_end(&report->page);
    return ERR_NONE;
}

/* The plot goes to files through gnuplot, and onto the page as a drawing that names its points. */
static Err add_scatter(Report *report, Plot *plot, const Points *points, const char *y_label, const cJSON *entry) {
    PlotOutcome outcome;
    char caption[256];
    Err err = plot_finish(&outcome, plot, report->figures);
    report->no_gnuplot = report->no_gnuplot || (!err && outcome == PLOT_NO_GNUPLOT);
    report->n_figures += !err && outcome == PLOT_DRAWN;
    plot_free(plot);
    if (err) return err;
    snprintf(caption, sizeof caption, "%s (paper: %s).", paper_text(entry, "label"), paper_text(entry, "paper"));
    return scatter_add(&report->page, points, paper_text(entry, "label"), y_label, &report->paper, caption);
}

static Err add_correlation_figures(Report *report, int column) {
    const cJSON *entry;
    const BoardColumn *experiment = &report->board->columns[column];
    char title[128], y_label[160];
    int number = column * 100;
    snprintf(y_label, sizeof y_label, "%s, %%", board_column_title(title, sizeof title, experiment));
    page_grid_begin(&report->page, "narrow");
    cJSON_ArrayForEach(entry, paper_list(&report->paper, "correlations")) {
        Points points = statistics_points(&report->outcomes, report->board, column, entry);
        Plot plot;
        number++;
        if (points.n < CORRELATE_MIN) continue;
        TRY(figure_correlation(&plot, &points, entry, experiment, number, &report->paper));
        TRY(add_scatter(report, &plot, &points, y_label, entry));
    }
    page_grid_end(&report->page);
    return ERR_NONE;
}

/* Our statistics against the accuracies the paper published, of its 28 datasets as far as they were measured. */
static Err add_published_figures(Report *report) {
    const cJSON *entry;
    Err err = ERR_NONE;
    DatasetNames *names = malloc(sizeof *names);
    if (!names) return RAISE(ERR_MEMORY, "list of datasets: no memory");
    TRY_OR(done, names_read(names, "paper28"));
    page_grid_begin(&report->page, "narrow");
    cJSON_ArrayForEach(entry, paper_list(&report->paper, "correlations")) {
        Points points = statistics_published(&report->outcomes, &report->paper, names, entry);
        Plot plot;
        if (points.n < CORRELATE_MIN) continue;
        TRY_OR(done, figure_published(&plot, &points, entry, names, &report->paper));
        TRY_OR(done, add_scatter(report, &plot, &points, "paper: UCF101 fine-tune, %", entry));
    }
    page_grid_end(&report->page);
done:
    free(names);
    return err;
}

static Err add_published(Report *report) {
    Table table = {0};
    TRY(correlations_published_table(&table, &report->outcomes, &report->paper, NULL, CORRELATION_SEED));
    bool any = table.n_rows > 0;
    TRY(add_table(report, &table));
    if (any)
        page_remark(&report->page, "note",
                    "REDUCED: statistics at the scale and on the features that the statistics table names, set "
                    "against accuracies of the paper's full runs. Point at a dot for its name.");
    if (any) scatter_legend(&report->page);
    return any ? add_published_figures(report) : ERR_NONE;
}

static Err add_statistics(Report *report) {
    Table table = {0};
    page_section(&report->page, "statistics", "Statistics of the datasets");
    TRY(statistics_table(&table, &report->outcomes, &report->paper));
    bool any = table.n_rows > 0;
    if (!any) page_remark(&report->page, "note", "No dataset has been analyzed.");
    TRY(add_table(report, &table));
    if (any) {
        TRY(findings_table(&table, &report->outcomes, &report->paper));
        TRY(add_table(report, &table));
        TRY(add_published(report));
    }
    TRY(correlations_table(&table, &report->outcomes, &report->paper, report->board, CORRELATION_SEED));
    if (table.n_rows == 0)
        page_remark(&report->page, "note",
                    "Fewer than %d datasets have both statistics and an accuracy of ours: no correlation is computed.",
                    CORRELATE_MIN);
    TRY(add_table(report, &table));
    for (int c = 0; c < report->board->n_columns; c++)
        if (text_equal(report->board->columns[c].task, "finetune")) TRY(add_correlation_figures(report, c));
    page_section_end(&report->page);
    return ERR_NONE;
}

static Err add_curve_figure(Report *report, const char *task, const char *dataset, const char *caption) {
    Plot plot;
    bool any;
    TRY(figure_curves(&plot, &any, &report->outcomes, &report->paper, task, dataset));
    if (any) return add_figure(report, &plot, caption);
    plot_free(&plot);
    return ERR_NONE;
}

static Err add_curves(Report *report) {
    TRY(add_curve_figure(report, "pretrain", NULL, "Pre-training: loss on the pixels that were hidden."));
    for (int c = 0; c < report->board->n_columns; c++) {
        const BoardColumn *column = &report->board->columns[c];
        char title[128], caption[192];
        snprintf(caption, sizeof caption, "Training loss of %s, by pre-training.",
                 board_column_title(title, sizeof title, column));
        TRY(add_curve_figure(report, column->task, column->dataset, caption));
    }
    return ERR_NONE;
}

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
    if (count_runs(report, "keys") == 0) return ERR_NONE;
    TRY(keytable_make(&table, &report->outcomes, &report->paper));
    TRY(add_table(report, &table));
    return keytable_pictures(&report->page, &report->outcomes, &report->paper);
}

static Err add_training(Report *report) {
    bool any = count_runs(report, "pretrain") > 0;
    page_section(&report->page, "training", "Training");
    if (!any) page_remark(&report->page, "note", "No pre-training below %s.", path_base(report->config->runs));
    TRY(add_curves(report));
    if (any) builder_add_text(&report->page.html, "<h3>Reconstructions</h3>\n");
    if (any) TRY(add_reconstructions(report));
    TRY(add_keys(report));
    page_section_end(&report->page);
    return ERR_NONE;
}

static void add_left_out(Report *report) {
    for (int i = 0; i < report->outcomes.n_left_out; i++) {
        const OutcomeLeftOut *entry = &report->outcomes.left_out[i];
        page_remark(&report->page, "warning", "Left out: %s: %s", entry->path, entry->reason);
        log_warn("left out of the report: %s: %s", entry->path, entry->reason);
    }
}

static Err add_provenance(Report *report) {
    Table table = {0};
    page_section(&report->page, "provenance", "Provenance");
    add_left_out(report);
    TRY(media_add(&report->page, report->config->data, report->config->media));
    TRY(datasets_table(&table, &report->datasets));
    TRY(add_table(report, &table));
    TRY(runtable_make(&table, &report->outcomes));
    TRY(add_table(report, &table));
    TRY(runtable_add_commands(&report->page, &report->outcomes));
    page_section_end(&report->page);
    return ERR_NONE;
}

/* ---- the whole ---- */

static Err read_inputs(Report *report) {
    const ReportConfig *config = report->config;
    TRY(paper_read(&report->paper, NULL));
    TRY(outcomes_read(&report->outcomes, config->runs));
    board_order_outcomes(&report->outcomes, &report->paper);
    for (int i = 0; i < report->outcomes.count; i++)
        report->reduced = report->reduced || !report->outcomes.items[i].result.paper_protocol;
    TRY(datasets_find(&report->datasets, config->data, &report->paper));
    report->board = malloc(sizeof *report->board);
    if (!report->board) return RAISE(ERR_MEMORY, "report: no memory");
    TRY(board_make(report->board, &report->outcomes, &report->paper));
    TRY(path_join(report->tables, sizeof report->tables, report->out, "tables"));
    TRY(path_join(report->figures, sizeof report->figures, report->out, "figures"));
    return folder_make(report->out);
}

/* Statements come first, because the header counts them. */
static Err write_page(Report *report) {
    char path[PATH_SIZE];
    Table statements = {0};
    Err err = statements_table(&statements, report->verdicts, report->board, &report->paper);
    page_begin(&report->page, report->config->title);
    add_header(report);
    if (!err) err = add_accuracy(report);
    if (!err) err = add_statements(report, &statements);
    table_free(&statements);
    TRY(err);
    TRY(add_datasets(report));
    TRY(add_statistics(report));
    TRY(add_training(report));
    TRY(add_provenance(report));
    if (report->no_gnuplot)
        page_remark(&report->page, "warning",
                    "Figures were not drawn: gnuplot is not installed. Their scripts and data are in figures/.");
    page_end(&report->page, "Written by synvid " SYNVID_VERSION
                            " from the results of the runs named above; it can be rebuilt from them at any time.");
    TRY(path_join(path, sizeof path, report->out, "index.html"));
    TRY(page_write(&report->page, path));
    if (report->no_gnuplot) log_warn("gnuplot is not installed: the report has its tables, but no figures");
    log_info("%d results, %d datasets, %d figures", report->outcomes.count, report->datasets.count, report->n_figures);
    printf("%s\n", path);
    return ERR_NONE;
}

Err report_run(const ReportConfig *config, const char *out) {
    Report report = {.config = config, .out = out};
    Err err = read_inputs(&report);
    if (!err) err = write_page(&report);
    page_free(&report.page);
    free(report.board);
    datasets_free(&report.datasets);
    outcomes_free(&report.outcomes);
    paper_free(&report.paper);
    return err;
}
