/* analysis/report/internal/figures - the report's figures: accuracies with intervals, training curves, statistics
 * against accuracy, ours against the paper's. Each function fills a Plot; plot_finish draws it.
 *
 * Colors are Okabe and Ito's, which color-blind readers can tell apart. Points also have the paper's row numbers beside
 * them, so a reader needs no color. */
#pragma once

#include "analysis/compare/accuracy_tables.h"
#include "analysis/compare/statistics.h"
#include "run/plot.h"

/* All experiments on one dataset. */
CHECKED Err figure_accuracy(Plot *plot, const Grid *board, const char *dataset);
/* 0xRRGGBB of the part of the paper that a pre-training belongs to, in all scatter plots. */
unsigned figure_group_color(const Paper *paper, const char *slug);
/* A statistic of ours against our accuracy; `number` names the files. */
CHECKED Err figure_correlation(Plot *plot, const Points *points, const PaperCorrelation *entry,
                               const GridColumn *column, int number, const Paper *paper);
/* A statistic of ours against the paper's published accuracies of the same datasets. */
CHECKED Err figure_published(Plot *plot, const Points *points, const PaperCorrelation *entry, const DatasetNames *names,
                             const Paper *paper);
/* Accuracy against the clips that pre-training saw, on a logarithmic axis, a line a dataset. */
CHECKED Err figure_compute(Plot *plot, const Compute *compute, const GridColumn *column);
/* Points with intervals around zero of a table of analysis/compare/differences. */
CHECKED Err figure_differences(Plot *plot, const Table *table);
/* Bars of the table "fig2": the paper's figures with ours where they have been run; of a rehearsal its own alone. */
CHECKED Err figure_progression(Plot *plot, const Table *table, bool rehearsal);
/* Our accuracy in one experiment against the paper's. */
CHECKED Err figure_against_paper(Plot *plot, const Agreement *agreement, const GridColumn *column,
                                 const PaperExperiment *experiment, const Paper *paper);
/* The loss of every run of a task, on one dataset unless that is NULL; *any false: there are no curves. */
CHECKED Err figure_curves(Plot *plot, bool *any, const Outcomes *outcomes, const Paper *paper, const char *task,
                          const char *dataset);
