/* analysis/compare/gap_closed - the share of the gap closed: 100 (x - low) / (high - low), low random initialization,
 * high pre-training on the target set. */
#pragma once

#include "analysis/compare/accuracy_grid.h"
#include "analysis/page/table.h"

/* The paper's arithmetic on our figures, where random initialization and the target are both there and differ
 * clearly (the interval of their difference does not hold zero); "undefined" otherwise. Intervals after Fieller 1954,
 * paired where the predictions are there (math/crossed), and as of independent figures otherwise. */
CHECKED Err gap_table(Table *table, const Grid *board, const Paper *paper);
/* The paper's claims of gaps closed: computed from its own figures, printed by it, and ours. */
CHECKED Err gap_claims_table(Table *table, const Outcomes *outcomes, const Paper *paper);
/* "rounded", "truncated" (the paper cut digits off), "not printed" or "differs". */
const char *gap_remark(double computed, double printed);
