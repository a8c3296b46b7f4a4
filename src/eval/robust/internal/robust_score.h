/* eval/robust/internal/robust_score - from the cells of a robustness test to figures. */
#pragma once

#include "eval/finetune/score.h"
#include "eval/robust/robust.h"
#include "math/interval.h"

/* The outcomes of a robustness test in memory and as files.
 *
 * Cell 0 is the clean test; the others follow in the plan's order, severities of one kind side by side. Rank 0's. */
typedef struct {
    RobustPlan plan;
    int n_cells;
    int64_t n_videos;
    int n_classes;
    uint8_t *hits; /* (n_cells, n_videos) 1: right */
    bool *done;    /* (n_cells) */
} RobustCells;

CHECKED Err robust_cells_new(RobustCells *cells, const RobustPlan *plan, int64_t n_videos, int n_classes);
void robust_cells_free(RobustCells *cells);

static inline int robust_cell(const RobustCells *cells, int kind, int severity) {
    return 1 + kind * cells->plan.n_severities + severity;
}
static inline const uint8_t *robust_hits(const RobustCells *cells, int cell) {
    return cells->hits + (int64_t)cell * cells->n_videos;
}
/* false for the clean cell; otherwise fills kind and severity. */
bool robust_cell_corruption(const RobustCells *cells, int cell, Corruption *corruption);
/* "clean", "gaussian_noise-3". */
CHECKED Err robust_cell_name(char *out, size_t size, const RobustCells *cells, int cell);

/* Writes the cell's file below `folder` (made when missing) and keeps the hits. */
CHECKED Err robust_cell_store(RobustCells *cells, int cell, const Predictions *predictions, const char *folder);
/* Reads the files that are there. ERR_INPUT names one that is not a table of these videos. */
CHECKED Err robust_cells_read(RobustCells *cells, const char *folder);

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
