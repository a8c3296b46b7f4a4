/* analysis/report/reproduce_figures - the paper's figures: the numbers behind them as tables, and the pictures as
 * files. */
#pragma once

#include "analysis/compare/statistics.h"
#include "analysis/report/reproduce.h"

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
