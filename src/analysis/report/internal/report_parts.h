/* analysis/report/internal/report_parts - the report while it is being written, and its sections, a file each. A
 * section appends to the page and writes its tables and figures beside it. */
#pragma once

#include "analysis/compare/accuracy_grid.h"
#include "analysis/compare/inventory.h"
#include "analysis/compare/statistics.h"
#include "analysis/page/page.h"
#include "analysis/report/report.h"
#include "run/plot.h"

typedef struct {
    const ReportConfig *config;
    const char *out;
    Paper paper;
    Outcomes outcomes;
    DatasetOpen *open; /* reads datasets */
    DatasetList datasets;
    Grid *board;
    Page page;
    char tables[PATH_SIZE], figures[PATH_SIZE];
    int verdicts[4]; /* of the statements, by VerdictKind */
    int n_figures;
    bool no_gnuplot;
    bool rehearsal;   /* nothing but rehearsals: the page shows no figure of the paper */
    int n_rehearsals; /* left out beside anything else */
    bool reduced;     /* any result, of datasets or models, under another protocol than the paper's */
} Report;

/* Cards, navigation and what is reduced. */
CHECKED Err report_header(Report *report);
CHECKED Err report_accuracy(Report *report);
CHECKED Err report_statistics(Report *report);
CHECKED Err report_training(Report *report);

/* ---- for the sections ---- */

/* Onto the page and into files, unless it is empty; frees it. Of a rehearsal without the paper's columns. */
CHECKED Err report_add_table(Report *report, Table *table);
/* Draws and embeds; frees the plot. Nothing is embedded when gnuplot is not there; where a picture could not be drawn
 * the page says so, and why. */
CHECKED Err report_add_figure(Report *report, Plot *plot, const char *caption);
/* The legend of a section's scatter plots: the number and color of each pre-training. */
void report_add_point_key(Report *report);
/* Results of a task. */
int report_count_runs(const Report *report, const char *task);

/* Keeps rehearsals apart: their figures say nothing about the paper's, so a report holds rehearsals alone,
 * and says so, or none. */

/* Takes the paper's columns out of a table and names it a rehearsal's. */
CHECKED Err rehearsed_set_apart(Table *table);
/* For a page of everything: keeps rehearsals only where there is nothing else. True: they were kept. *n_left: how many
 * were left out. */
bool rehearsed_only(Outcomes *outcomes, int *n_left);
