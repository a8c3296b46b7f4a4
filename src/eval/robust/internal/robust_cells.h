/* eval/robust/robust_cells - the outcomes of a robustness test in memory and as files.
 *
 * Cell 0 is the clean test; the others follow in the plan's order, severities of one kind side by side. Rank 0's. */
#pragma once

#include "eval/finetune/score.h"
#include "eval/robust/robust.h"

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
