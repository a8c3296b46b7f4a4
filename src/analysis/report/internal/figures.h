/* analysis/report/internal/figures - the report's figures: accuracies with intervals, training curves, statistics
 * against accuracy, ours against the paper's; and the paper's own figures, made again. Each figure_... function fills a
 * Plot; plot_finish draws it.
 *
 * Colors are Okabe and Ito's, which color-blind readers can tell apart. Points also have the paper's row numbers beside
 * them, so a reader needs no color. */
#pragma once

#include "analysis/compare/accuracy_tables.h"
#include "analysis/compare/statistics.h"
#include "analysis/report/reproduce.h"
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

/* labels.c: places for the labels of a scatter plot: beside their points, and over neither points nor each other.
 *
 * Greedy: the most crowded point first, each label as near as there is room. Pure; the same input, the same places. */

typedef struct {
    double x, y; /* pixels, y upward */
} Spot;

/* Boxes of labels are as wide as their text. */
enum { LABEL_CHARACTER = 7, LABEL_HEIGHT = 12, LABEL_DOT = 4 /* half the side of what a point covers */ };

/* labels (n): centers, inside [0, width] x [0, height]; one without room stays on its point. texts are borrowed. */
void labels_place(Spot *labels, const Spot *points, const char *const *texts, int n, double width, double height);

/* reproduce_figures.c: the paper's figures: the numbers behind them as tables, and the pictures as files. */

/* Figure 1: which of the eight datasets of the progression are found below request->data (NULL: none); with `figures`
 * non-empty a strip of frames of each goes to figures/fig1.png. */
CHECKED Err reproduce_figure1(Table *table, const Paper *paper, const ReproduceRequest *request, const char *figures);
/* Figure 2: bars of the table "fig2" as figures/fig2.svg and .pdf; none of a rehearsal that has no figures yet. */
CHECKED Err reproduce_figure2(const Table *table, bool rehearsal, const char *figures);
/* Figure 3: accuracies under the 14 corruptions, mean over severities, of the models it compares; of reduced runs in a
 * table of their own. */
CHECKED Err reproduce_figure3(Table *table, const Outcomes *outcomes, const Paper *paper, bool reduced);
bool reproduce_has_reduced_figure3(const Outcomes *outcomes);
/* Figure 4: one scatter plot a statistic against the paper's accuracies, for the first of the lists. */
CHECKED Err reproduce_figure4(const Outcomes *outcomes, const Paper *paper, const char *lists, const char *figures);
