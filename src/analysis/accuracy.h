/* analysis/accuracy - the accuracy table (ours beside the paper's) and the shares of the gap closed. */
#pragma once

#include "analysis/board.h"
#include "analysis/table.h"

/* One row a pre-training in the paper's order, one column an experiment of ours, then the paper's columns. */
CHECKED Err accuracy_table(Table *table, const Board *board, const Paper *paper);
/* The paper's arithmetic on our figures, where random initialization and the target are both there and differ
 * clearly (the interval of their difference does not hold zero); "undefined" otherwise. */
CHECKED Err gap_table(Table *table, const Board *board, const Paper *paper);
/* The paper's claims of gaps closed: computed from its own figures, printed by it, and ours. */
CHECKED Err gap_claims_table(Table *table, const Outcomes *outcomes, const Paper *paper);
/* "rounded", "truncated" (the paper cut digits off), "not printed" or "differs". */
const char *gap_remark(double computed, double printed);
