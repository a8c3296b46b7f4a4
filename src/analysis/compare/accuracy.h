/* analysis/compare/accuracy - the accuracy table: ours beside the paper's. */
#pragma once

#include "analysis/compare/accuracy_grid.h"
#include "analysis/page/table.h"

/* One row a pre-training in the paper's order, one column an experiment of ours, then the paper's columns. */
CHECKED Err accuracy_table(Table *table, const Grid *board, const Paper *paper);
/* Heads of the paper's columns (paper_columns), from columns[first] on; their experiments, and the number of all
 * columns then. */
CHECKED Err accuracy_paper_columns(TableColumn *columns, int *n_columns, int first,
                                   const PaperExperiment *experiments[PAPER_COLUMNS], const Paper *paper);
