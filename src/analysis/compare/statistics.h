/* analysis/compare/statistics - the statistics of all analyzed datasets as a table, their correlations with accuracy
 * over lists of datasets, and whether the paper's findings hold in them. */
#pragma once

#include "analysis/compare/accuracy_tables.h"
#include "base/text/text.h"
#include "math/interval.h"

/* ---- correlate: how strongly a property of datasets goes with accuracy ---- */

enum { CORRELATE_MIN = 3, CORRELATE_DRAWS = 2000 };

typedef struct {
    int n;
    bool defined; /* false: x or y is constant; every figure below is NAN */
    double r, r_p, rho, rho_p, slope, intercept;
    Interval fisher, bootstrap;
    Interval without_one; /* least and largest r with one point left out; NAN below CORRELATE_MIN + 1 points */
    int decisive;         /* the point whose absence changes r most; -1: none */
} Correlation;

CHECKED Err correlate(Correlation *out, const double *x, const double *y, int n, uint64_t seed);
/* Percentile bootstrap of r and rho that counts the rows and what is not known about y: each draw takes n rows with
 * replacement and moves their y by a normal error of `y_sd` (NAN: exact). As y holds its errors once already, these
 * draws lie low; each end is therefore the farther one of the draws with and without moving. NAN bounds when undefined.
 */
CHECKED Err correlate_uncertain(Interval *r, Interval *rho, const double *x, const double *y, const double *y_sd, int n,
                                uint64_t seed);
/* Ranks 1..n, ties averaged. */
CHECKED Err correlate_ranks(double *ranks, const double *values, int n);

/* ---- names: lists of datasets, as configs/analysis/paper28.json: which of them a correlation is over, and why ---- */

enum { NAMES_MAX = 128 };

typedef struct {
    char name[64]; /* "paper28" */
    char title[160], reason[512];
    int count;
    char slugs[NAMES_MAX][NAME_SIZE];
} DatasetNames;

/* `name`: of a file in configs/analysis, or a path. Unknown members, doubles and empty lists are ERR_INPUT. */
CHECKED Err names_read(DatasetNames *names, const char *name);

/* ---- statistics ---- */

enum { STATISTICS_POINTS = NAMES_MAX };

/* One row a dataset, in the order of the outcomes. */
CHECKED Err statistics_table(Table *table, const Outcomes *outcomes, const Paper *paper);

/* (statistic, accuracy) of every dataset that has both; the reference and the target sets are left out, as in
 * the paper, whose points are generated datasets only. */
typedef struct {
    int n;
    double x[STATISTICS_POINTS], y[STATISTICS_POINTS], y_low[STATISTICS_POINTS], y_high[STATISTICS_POINTS];
    const char *slugs[STATISTICS_POINTS];
    bool reduced; /* a statistic among them is of a reduced analysis */
} Points;
/* `entry`: one of the paper's "correlations", naming the metric. */
Points statistics_points(const Outcomes *outcomes, const Grid *board, int column, const PaperCorrelation *entry);

/* The same against the accuracies the paper published (UCF101 fine-tune), of the datasets on the list. */
Points statistics_published(const Outcomes *outcomes, const Paper *paper, const DatasetNames *names,
                            const PaperCorrelation *entry);
/* A dataset's statistic; state as for accuracies: none, mixed (two datasets of one name, or two protocols), present. */
Estimate statistics_of(const Outcomes *outcomes, const char *dataset, const char *metric);
/* The dataset that others are compared with. */
bool statistics_is_reference(const Result *result);

/* One row a statistic and experiment with at least CORRELATE_MIN points. */
CHECKED Err correlations_table(Table *table, const Outcomes *outcomes, const Paper *paper, const Grid *board,
                               uint64_t seed);
/* One row a statistic and list of configs/analysis: paper28, paper31, all34, against the paper's accuracies. `lists`:
 * comma-separated names, or NULL for these three. */
CHECKED Err correlations_published_table(Table *table, const Outcomes *outcomes, const Paper *paper, const char *lists,
                                         uint64_t seed);
#define STATISTICS_LISTS "paper28,paper31,all34"

/* ---- agreement: does the order of the pre-trainings in our figures agree with the order in the paper's? ---- */

/* One point a pre-training that both have a figure of: random initialization, the datasets, and pre-training on the
 * target set beside the paper's upper baseline. Spearman's rho is about the order, Pearson's r about the distances too;
 * intervals count the rows and how sure our figures are (correlate_uncertain). */
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

/* ---- findings: does what the paper says of its datasets hold in our statistics? ---- */

/* "a" above "b": means over the two groups of datasets, with Welch's 95 % interval of their difference: true above
 * zero, false below, undecided when it holds zero. Where a group is a single dataset every pair is compared: true when
 * all hold, false when none does. "range": true when all of "a" lie inside, false when none does. A group may be
 * "reference" or a list of configs/analysis. Nothing is decided from missing statistics. */
CHECKED Err findings_table(Table *table, const Outcomes *outcomes, const Paper *paper);
