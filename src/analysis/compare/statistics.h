/* analysis/compare/statistics - the statistics of all analyzed datasets as a table, and how they go with accuracy. */
#pragma once

#include "analysis/compare/accuracy_grid.h"
#include "analysis/compare/internal/correlate.h"
#include "analysis/compare/internal/names.h"
#include "analysis/page/table.h"

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
