/* Printing the parts of analysis/report/reproduce, and writing their files. */
#include "analysis/compare/accuracy_tables.h"
#include "analysis/compare/inventory.h"
#include "analysis/compare/outcomes.h"
#include "analysis/compare/statistics.h"
#include "analysis/report/internal/figures.h"
#include "analysis/report/internal/report_parts.h"
#include "analysis/report/reproduce.h"
#include "base/system/file.h"

typedef struct {
    const ReproduceRequest *request;
    const Paper *paper;
    const Outcomes *outcomes;
    Grid *board;
    char tables[PATH_SIZE], figures[PATH_SIZE];
    Builder out;
    bool first;
} Printer;

/* Asked for by --protocol rehearsal. */
static bool rehearsal(const Printer *printer) {
    return printer->request->protocol && text_equal(printer->request->protocol, PROTOCOL_REHEARSAL);
}

/* Prints and writes the table unless making it failed; frees it. */
static Err print_table(Printer *printer, Table *table, Err made) {
    static void (*const writers[])(Builder *, const Table *) = {table_plain, table_json, table_csv, table_markdown,
                                                                table_latex};
    ReproduceFormat format = printer->request->format;
    if (!made && rehearsal(printer)) made = rehearsed_set_apart(table);
    if (!made && !printer->first) builder_add_text(&printer->out, format == REPRODUCE_JSON ? "," : "\n");
    if (!made) writers[format](&printer->out, table);
    if (!made && printer->tables[0]) made = table_write_files(table, printer->tables);
    printer->first = false;
    table_free(table);
    return made;
}

/* Figure 2 is one of the paper's tables, drawn as well. */
static Err print_papers_table(Printer *printer, const PaperTable *entry) {
    Table table = {0};
    Err err = reproduce_table(&table, entry, printer->outcomes, printer->paper);
    if (!err && printer->figures[0] && text_equal(entry->name, "fig2"))
        err = reproduce_figure2(&table, rehearsal(printer), printer->figures);
    return print_table(printer, &table, err);
}

/* Reduced runs have no place in the paper's table; they get one of their own below it. */
static Err print_reduced(Printer *printer) {
    Table table = {0};
    if (!printer->board->n_reduced) return ERR_NONE;
    return print_table(printer, &table, accuracy_table(&table, printer->board, printer->paper));
}

static Err print_figure1(Printer *printer) {
    Table table = {0};
    return print_table(printer, &table, reproduce_figure1(&table, printer->paper, printer->request, printer->figures));
}

/* The paper's, and another for reduced runs where there are any. */
static Err print_figure3(Printer *printer) {
    Table table = {0};
    const Outcomes *outcomes = printer->outcomes;
    TRY(print_table(printer, &table, reproduce_figure3(&table, outcomes, printer->paper, false)));
    if (!reproduce_has_reduced_figure3(outcomes)) return ERR_NONE;
    return print_table(printer, &table, reproduce_figure3(&table, outcomes, printer->paper, true));
}

/* All that is beside the figure in the paper: the statistics, what is said of them, and both correlations. */
static Err print_figure4(Printer *printer) {
    Table table = {0};
    const Outcomes *outcomes = printer->outcomes;
    const Paper *paper = printer->paper;
    const char *lists = printer->request->lists;
    TRY(print_table(printer, &table, statistics_table(&table, outcomes, paper)));
    TRY(print_table(printer, &table, findings_table(&table, outcomes, paper)));
    TRY(print_table(printer, &table, correlations_table(&table, outcomes, paper, printer->board, 1)));
    if (rehearsal(printer)) return ERR_NONE; /* nothing of a rehearsal is held against the paper's accuracies */
    TRY(print_table(printer, &table, correlations_published_table(&table, outcomes, paper, lists, 1)));
    return printer->figures[0] ? reproduce_figure4(outcomes, paper, lists, printer->figures) : ERR_NONE;
}

/* A table an experiment, unless it has no two stages to compare. */
static Err print_steps(Printer *printer) {
    for (int c = 0; c < printer->board->n_columns; c++) {
        Table table = {0};
        Err err = differences_table(&table, printer->board, c, printer->paper);
        if (!err && table.n_rows == 0)
            table_free(&table);
        else
            TRY(print_table(printer, &table, err));
    }
    return ERR_NONE;
}

/* A table for each experiment with several budgets. */
static Err print_compute(Printer *printer) {
    const Grid *board = printer->board;
    Compute *compute = calloc(1, sizeof *compute);
    Err err = compute ? ERR_NONE : RAISE(ERR_MEMORY, "reproduce: no memory");
    for (int c = 0; c < board->n_columns && !err; c++) {
        Table table = {0};
        err = compute_make(compute, printer->outcomes, board, c, printer->paper);
        if (!err && compute->n > 0)
            err = print_table(printer, &table, compute_table(&table, compute, &board->columns[c]));
        compute_free(compute);
    }
    free(compute);
    return err;
}

static bool wanted(const char *part, const char *name) {
    return text_equal(part, "all") || text_equal(part, name);
}

/* In the order of the paper. */
static Err print_part(Printer *printer, const char *part) {
    Table table = {0};
    const Paper *paper = printer->paper;
    const Outcomes *outcomes = printer->outcomes;
    if (wanted(part, "fig1")) TRY(print_figure1(printer));
    for (const PaperTable *entry = paper->tables; entry < paper->tables + paper->n_tables; entry++) {
        if (wanted(part, entry->name)) TRY(print_papers_table(printer, entry));
    }
    if (wanted(part, "table1") && !rehearsal(printer)) TRY(print_reduced(printer));
    if (wanted(part, "fig3")) TRY(print_figure3(printer));
    if (wanted(part, "fig4")) TRY(print_figure4(printer));
    if (wanted(part, "fig5")) TRY(print_table(printer, &table, keytable_make(&table, outcomes, paper)));
    if (wanted(part, "statements"))
        TRY(print_table(printer, &table, statements_table(&table, NULL, printer->board, paper)));
    if (wanted(part, "agreement") && !rehearsal(printer))
        TRY(print_table(printer, &table, agreement_table(&table, printer->board, paper)));
    if (wanted(part, "steps")) TRY(print_steps(printer));
    if (wanted(part, "compute")) TRY(print_compute(printer));
    if (wanted(part, "gaps")) TRY(print_table(printer, &table, gap_claims_table(&table, outcomes, paper)));
    if (!wanted(part, "settings")) return ERR_NONE;
    for (const PaperSettings *entry = paper->settings; entry < paper->settings + paper->n_settings; entry++) {
        TRY(print_table(printer, &table, reproduce_settings(&table, entry, outcomes)));
    }
    return ERR_NONE;
}

/* Before anything is read: a part that is misspelled costs nothing. */
static Err check_part(const char *part) {
    static const char *const parts[] = {"table1",  "table2",  "table3",   "table4",     "table9", "table10",
                                        "table11", "table12", "fig1",     "fig2",       "fig3",   "fig4",
                                        "fig5",    "gaps",    "settings", "statements", "steps",  "agreement",
                                        "compute", "all",     NULL};
    for (int i = 0; parts[i]; i++)
        if (text_equal(part, parts[i])) return ERR_NONE;
    const char *nearest = text_nearest(part, parts);
    return RAISE(ERR_USAGE,
                 "reproduce: no part \"%.60s\"%s%s%s; parts are table1-4, table9-12, fig1-5, statements, steps, "
                 "agreement, compute, gaps, settings, all",
                 part, nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* Printed at once, so that a failure leaves no half a table. */
static Err print_all(Printer *printer, const char *part) {
    bool list = printer->request->format == REPRODUCE_JSON;
    if (list) builder_add_text(&printer->out, "[");
    TRY(print_part(printer, part));
    if (list) builder_add_text(&printer->out, "]\n");
    TRY(builder_check(&printer->out, "reproduce"));
    fputs(printer->out.data ? printer->out.data : "", stdout);
    return ERR_NONE;
}

/* Without --out nothing is written and no figure drawn. */
static Err prepare(Printer *printer) {
    const char *out = printer->request->out;
    printer->board = malloc(sizeof *printer->board);
    if (!printer->board) return RAISE(ERR_MEMORY, "board: no memory");
    TRY(grid_make(printer->board, printer->outcomes, printer->paper, printer->request->primary));
    if (!out) return ERR_NONE;
    TRY(path_join(printer->tables, sizeof printer->tables, out, "tables"));
    return path_join(printer->figures, sizeof printer->figures, out, "figures");
}

/* Without runs the parts are printed too: the paper's figures, with ours not run. */
Err reproduce_print(const char *part, const ReproduceRequest *request) {
    Paper paper = {0};
    Outcomes outcomes = {0};
    TRY(check_part(part));
    Err err = paper_read(&paper, NULL);
    if (!err && file_is_directory(request->runs)) err = outcomes_read(&outcomes, request->runs);
    outcomes.protocol = request->protocol;
    outcomes_keep_rehearsals(&outcomes, request->protocol && text_equal(request->protocol, PROTOCOL_REHEARSAL));
    grid_order_outcomes(&outcomes, &paper);
    Printer printer = {.request = request, .paper = &paper, .outcomes = &outcomes, .first = true};
    if (!err) err = prepare(&printer);
    if (!err) err = print_all(&printer, part);
    builder_free(&printer.out);
    if (printer.board) grid_free(printer.board);
    free(printer.board);
    outcomes_free(&outcomes);
    paper_free(&paper);
    return err;
}
