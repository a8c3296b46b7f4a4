/* analysis/compare/statements - does what the paper states hold in our figures? Each of its statements, per experiment.
 *
 * "greater": every pre-training of "a" has higher accuracy than every one of "b". True when the 95 % intervals of all
 * differences lie above zero, false when one lies below, undecided otherwise. "chance": true when the interval of the
 * accuracy lies below twice that of guessing, false when above, undecided when it reaches over both: an interval so
 * wide that it holds chance among much else shows nothing. Nothing is decided from missing runs. */
#pragma once

#include "analysis/compare/accuracy_grid.h"
#include "analysis/page/table.h"

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
