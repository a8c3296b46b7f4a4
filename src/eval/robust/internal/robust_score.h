/* eval/robust/robust_score - from the cells of a robustness test to figures. */
#pragma once

#include "eval/robust/internal/robust_cells.h"
#include "math/interval.h"

typedef struct {
    double value; /* percent */
    Interval interval;
} RobustFigure;

/* One cell: Wilson. */
RobustFigure robust_figure_of_cell(const RobustCells *cells, int cell);
/* The mean over the cells for which `chosen` is set, and a t interval over videos of their mean shares of right
 * answers, since the cells are answers about the same videos; a single cell is Wilson's. */
RobustFigure robust_figure_of_mean(const RobustCells *cells, const bool *chosen);
/* Marks the cells of one kind (place in the list), of a family, or all corrupted ones. Return false when there are
 * none. `chosen` has room for n_cells. */
bool robust_choose_kind(bool *chosen, const RobustCells *cells, int kind);
bool robust_choose_family(bool *chosen, const RobustCells *cells, CorruptFamily family);
bool robust_choose_all(bool *chosen, const RobustCells *cells);

/* Adds the metrics that eval/robust/robust.h lists. */
CHECKED Err robust_into_result(Result *result, const RobustCells *cells);
/* robustness.csv in the folder: corruption, family, severity ("mean" and "clean" too), figures. */
CHECKED Err robust_write_table(const RobustCells *cells, const char *folder);
