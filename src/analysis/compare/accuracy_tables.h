/* analysis/compare/accuracy_tables - the tables made of accuracies (analysis/compare/accuracy_grid): accuracies, shares
 * of the gap closed, differences from stage to stage, accuracy by compute, and the paper's statements. Each section of
 * this header is one source file. */
#pragma once

#include "analysis/compare/accuracy_grid.h"
#include "analysis/page/table.h"

/* ---- accuracy: ours beside the paper's ---- */

/* One row a pre-training in the paper's order, one column an experiment of ours, then the paper's columns. */
CHECKED Err accuracy_table(Table *table, const Grid *board, const Paper *paper);
/* Heads of the paper's columns (paper_columns), from columns[first] on; their experiments, and the number of all
 * columns then. */
CHECKED Err accuracy_paper_columns(TableColumn *columns, int *n_columns, int first,
                                   const PaperExperiment *experiments[PAPER_COLUMNS], const Paper *paper);

/* ---- gap_closed: 100 (x - low) / (high - low), low random initialization, high pre-training on the target set ---- */

/* The paper's arithmetic on our figures, where random initialization and the target are both there and differ
 * clearly (the interval of their difference does not hold zero); "undefined" otherwise. Intervals after Fieller 1954,
 * paired where the predictions are there (math/crossed), and as of independent figures otherwise. */
CHECKED Err gap_table(Table *table, const Grid *board, const Paper *paper);
/* The paper's claims of gaps closed: computed from its own figures, printed by it, and ours. */
CHECKED Err gap_claims_table(Table *table, const Outcomes *outcomes, const Paper *paper);
/* "rounded", "truncated" (the paper cut digits off), "not printed" or "differs". */
const char *gap_remark(double computed, double printed);

/* ---- differences: how many points each stage of the progression adds to the one before it, paired ---- */

enum { DIFFERENCES_FROM, DIFFERENCES_TO, DIFFERENCES_POINTS, DIFFERENCES_CLEAR };

/* One row a step between stages that have a figure, in the paper's order (a stage that has none is stepped over), and
 * one from random initialization to the last stage. No rows with fewer than two figures. The columns above are the
 * first; the paper's differences stand in the last. */
CHECKED Err differences_table(Table *table, const Grid *board, int column, const Paper *paper);

/* ---- compute: accuracy against the compute of pre-training, one curve a dataset that was run at several budgets ----
 */

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

/* ---- statements: does what the paper states hold in our figures? ---- */

/* "greater": every pre-training of "a" has higher accuracy than every one of "b". True when the 95 % intervals of all
 * differences lie above zero, false when one lies below, undecided otherwise. "chance": true when the interval of the
 * accuracy lies below twice that of guessing, false when above, undecided when it reaches over both: an interval so
 * wide that it holds chance among much else shows nothing. Nothing is decided from missing runs. */
typedef enum { VERDICT_NOT_RUN, VERDICT_TRUE, VERDICT_FALSE, VERDICT_UNDECIDED } VerdictKind;

typedef struct {
    VerdictKind kind;
    int n_true, n_disjoint, n_compared; /* differences above zero; of them with intervals that do not touch */
    char detail[128];                   /* "+41.0 [35.2, 46.3]" */
} Verdict;

Verdict statement_verdict(const PaperStatement *statement, const Grid *board, int column);
const char *verdict_word(VerdictKind kind);

/* One row a statement, one column an experiment of the statement's kind, and whether it holds in the paper's own
 * figures. counts[kind]
 * (may be NULL) gets the number of verdicts of each kind. */
CHECKED Err statements_table(Table *table, int counts[4], const Grid *board, const Paper *paper);
