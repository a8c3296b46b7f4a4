/* analysis/compare/agreement - does the order of the pre-trainings in our figures agree with the order in the paper's?
 *
 * One point a pre-training that both have a figure of: random initialization, the datasets, and pre-training on the
 * target set beside the paper's upper baseline. Spearman's rho is about the order, Pearson's r about the distances too;
 * intervals count the rows and how sure our figures are (analysis/compare/correlate). */
#pragma once

#include "analysis/compare/statistics.h"

typedef enum { AGREEMENT_PROGRESSION /* stages and baselines */, AGREEMENT_ALL } AgreementRows;

typedef struct {
    Points points; /* x: the paper's, y: ours */
    Correlation found;
    Interval r, rho;
    char rows[64]; /* "8 stages, random, target" */
} Agreement;

/* *defined false: fewer than CORRELATE_MIN rows, or a constant. `experiment`: one of the paper's. */
CHECKED Err agreement_of(Agreement *out, bool *defined, const Grid *board, int column,
                         const PaperExperiment *experiment, AgreementRows rows);
/* One row an experiment of ours, one of the paper's for the same task, and set of rows. */
CHECKED Err agreement_table(Table *table, const Grid *board, const Paper *paper);
/* "rho = 0.93 [0.62, 0.99], r = 0.91 [...], n = 10"; returns `out`. */
const char *agreement_text(char *out, size_t size, const Agreement *agreement);
