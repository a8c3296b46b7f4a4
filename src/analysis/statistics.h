/* analysis/statistics - the statistics of all analyzed datasets as a table, and how they go with accuracy. */
#pragma once

#include "analysis/board.h"
#include "analysis/correlate.h"
#include "analysis/table.h"

enum { STATISTICS_POINTS = BOARD_ROWS };

/* One row a dataset, in the order of the outcomes. */
CHECKED Err statistics_table(Table *table, const Outcomes *outcomes, const Paper *paper);

/* (statistic, accuracy) of every dataset that has both; the reference and the target sets are left out, as in
 * the paper, whose points are generated datasets only. */
typedef struct {
    int n;
    double x[STATISTICS_POINTS], y[STATISTICS_POINTS], y_low[STATISTICS_POINTS], y_high[STATISTICS_POINTS];
    const BoardRow *rows[STATISTICS_POINTS];
} Points;
/* `entry`: one of the paper's "correlations", naming the metric. */
Points statistics_points(const Outcomes *outcomes, const Board *board, int column, const struct cJSON *entry);

/* One row a statistic and experiment with at least CORRELATE_MIN points. */
CHECKED Err correlations_table(Table *table, const Outcomes *outcomes, const Paper *paper, const Board *board,
                               uint64_t seed);
