/* analysis/report/reproduce_figures - the paper's figures: the numbers behind them as tables, and the pictures as
 * files. */
#pragma once

#include "analysis/compare/statistics.h"

/* Figure 1: which of the eight datasets of the progression are found below `data` (NULL: none); with `figures`
 * non-empty a strip of frames of each goes to figures/fig1.png. */
CHECKED Err reproduce_figure1(Table *table, const Paper *paper, const char *data, const char *figures);
/* Figure 2: bars of the table "fig2" as figures/fig2.svg and .pdf. */
CHECKED Err reproduce_figure2(const Table *table, const char *figures);
/* Figure 3: accuracies under the 14 corruptions, mean over severities, of the models it compares. */
CHECKED Err reproduce_figure3(Table *table, const Outcomes *outcomes, const Paper *paper);
/* Figure 4: one scatter plot a statistic against the paper's accuracies, for the first of the lists. */
CHECKED Err reproduce_figure4(const Outcomes *outcomes, const Paper *paper, const char *lists, const char *figures);
