/* analysis/compare/compute - accuracy against the compute of pre-training: one curve a pre-training dataset that was
 * run at several budgets, in one experiment. */
#pragma once

#include "analysis/compare/accuracy_grid.h"
#include "analysis/page/table.h"

enum { COMPUTE_POINTS = 256 };

typedef struct {
    const GridRow *row;
    double clips, flops; /* pre-training seen; 0: random initialization; flops NAN: not known */
    Estimate estimate;
    Correctness *hits; /* lent to the estimate */
} ComputePoint;

/* Curves in the board's order, each by rising budget; random initialization, if it has a figure, is the first point. */
typedef struct {
    ComputePoint items[COMPUTE_POINTS];
    int n;
    char problem[CORRECTNESS_PROBLEM];
} Compute;

/* None unless some pre-training has two budgets. More than COMPUTE_POINTS points: ERR_INPUT. */
CHECKED Err compute_make(Compute *compute, const Outcomes *outcomes, const Grid *board, int column, const Paper *paper);
void compute_free(Compute *compute);
/* One row a point, with its difference to the curve before it at the same budget; the caption says from where on curves
 * are apart. */
CHECKED Err compute_table(Table *table, const Compute *compute, const GridColumn *column);
