#include "analysis/report/report.h"

#include "analysis/compare/accuracy_tables.h"
#include "analysis/compare/inventory.h"
#include "analysis/compare/outcomes.h"
#include "analysis/report/internal/report_parts.h"
#include "base/system/file.h"
#include "base/system/log.h"

const Field report_fields[] = {
    FIELD_PATH(ReportConfig, runs, "folder of run folders, searched for result.json", "runs"),
    FIELD_PATH(ReportConfig, data, "folder searched for datasets (contact sheets) and records of ingestion", "data"),
    FIELD_PATH(ReportConfig, media, "folder with the MANIFEST.tsv of fetched photographs and videos", ""),
    FIELD_TEXT(ReportConfig, title, "heading of the page", "Learning video representations without natural videos"),
    FIELD_TEXT(ReportConfig, primary,
               "the read-out that decides, \"TASK:DATASET\" (finetune:standin-motion): first in every table and figure",
               ""),
    FIELD_END,
};

/* ---- sections ---- */

static Err add_statements(Report *report, Table *table) {
    page_section(&report->page, "statements", "Statements");
    TRY(report_add_table(report, table));
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

/* On the page and in the log: a result that does not count must be seen. */
static void add_left_out(Report *report) {
    if (report->n_rehearsals)
        page_remark(&report->page, "note", "%d results of rehearsals are left out: they stand beside nothing else.",
                    report->n_rehearsals);
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
    TRY(report_add_table(report, &table));
    TRY(runtable_make(&table, &report->outcomes));
    TRY(report_add_table(report, &table));
    TRY(runtable_add_commands(&report->page, &report->outcomes));
    page_section_end(&report->page);
    return ERR_NONE;
}

/* ---- the whole ---- */

/* One run that is not the paper's makes the report a reduced one. */
static Err read_inputs(Report *report) {
    const ReportConfig *config = report->config;
    TRY(paper_read(&report->paper, NULL));
    TRY(outcomes_read(&report->outcomes, config->runs));
    report->rehearsal = rehearsed_only(&report->outcomes, &report->n_rehearsals);
    if (report->rehearsal) report->outcomes.protocol = PROTOCOL_REHEARSAL;
    grid_order_outcomes(&report->outcomes, &report->paper);
    for (int i = 0; i < report->outcomes.count; i++)
        report->reduced = report->reduced || !result_is_official(&report->outcomes.items[i].result);
    TRY(datasets_find(&report->datasets, config->data, &report->paper, report->open));
    report->board = malloc(sizeof *report->board);
    if (!report->board) return RAISE(ERR_MEMORY, "report: no memory");
    TRY(grid_make(report->board, &report->outcomes, &report->paper, config->primary));
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
    if (!err) err = report_header(report);
    if (!err) err = report_accuracy(report);
    if (!err) err = add_statements(report, &statements);
    table_free(&statements);
    TRY(err);
    TRY(add_datasets(report));
    TRY(report_statistics(report));
    TRY(report_training(report));
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

/* Whatever failed, everything is freed; the page is written last and whole. */
Err report_run(const ReportConfig *config, const char *out, DatasetOpen *open) {
    Report report = {.config = config, .out = out, .open = open};
    Err err = read_inputs(&report);
    if (!err) err = write_page(&report);
    page_free(&report.page);
    if (report.board) grid_free(report.board);
    free(report.board);
    datasets_free(&report.datasets);
    outcomes_free(&report.outcomes);
    paper_free(&report.paper);
    return err;
}
