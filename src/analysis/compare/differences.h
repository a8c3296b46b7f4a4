/* analysis/compare/differences - the progression step by step in one experiment: how many points each stage adds to the
 * one before it, from random initialization to pre-training on the target set, paired over seeds and test videos. */
#pragma once

#include "analysis/compare/accuracy_grid.h"
#include "analysis/page/table.h"

enum { DIFFERENCES_FROM, DIFFERENCES_TO, DIFFERENCES_POINTS, DIFFERENCES_CLEAR };

/* One row a step between stages that have a figure, in the paper's order (a stage that has none is stepped over), and
 * one from random initialization to the last stage. No rows with fewer than two figures. The columns above are the
 * first; the paper's differences stand in the last. */
CHECKED Err differences_table(Table *table, const Grid *board, int column, const Paper *paper);
