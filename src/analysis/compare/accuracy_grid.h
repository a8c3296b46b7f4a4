/* analysis/compare/accuracy_grid - our accuracies as a grid: a row for each pre-training, a column for each experiment
 * (task, dataset, model, protocol). Results under the paper's protocol and reduced ones never share a column.
 *
 * Rows are in the paper's order, others behind them. A pre-training on the dataset of a column is that column's target
 * row, the upper end of its gap. One experiment may be primary: it is named before the runs and decides. It is the
 * first column, its title says so, and the other experiments on its dataset follow.
 *
 * An accuracy of several seeds has an interval over seeds and test videos (math/crossed) where every run has its
 * predictions.csv, and Student's over seeds otherwise. An accuracy of one seed has Wilson's over test videos. */
#pragma once

#include "analysis/compare/outcomes.h"
#include "math/interval.h"

/* ---- which test videos the runs of one cell got right ---- */

/* From the predictions.csv beside their result.json: one row a seed, in ascending order, videos in the order of the
 * test set. Two cells with the same test set are compared video by video and seed by seed. */
enum { CORRECTNESS_PROBLEM = 512 };

typedef struct Correctness {
    int n_seeds;
    int64_t n_videos;
    uint64_t seeds[CROSSED_SEEDS];
    uint8_t *right; /* (n_seeds, n_videos) */
    char test[DIGEST_SIZE];
} Correctness;

/* Of the results that match `key`, which have one seed each. Without a predictions.csv beside every one of them, or
 * with more than CROSSED_SEEDS: none (*hits NULL, no error). ERR_INPUT for files that are broken, do not add up to the
 * accuracy in their result.json, or come from different test sets. The caller frees. */
CHECKED Err correctness_read(Correctness **hits, const Outcomes *outcomes, const OutcomeKey *key);
void correctness_free(Correctness **hits); /* fine with NULL in it */
/* The estimate of top-1 for `key` in percent, with its interval over seeds and test videos where there are hits and
 * several seeds; they are lent to it and owned by *hits. Predictions that cannot be used are told in `problem` (kept
 * when it holds something already) and a warning. */
Estimate correctness_estimate(Correctness **hits, char problem[CORRECTNESS_PROBLEM], const Outcomes *outcomes,
                              const OutcomeKey *key);
/* Of the seeds that all `n` cells have; false when there are none, a cell has no hits (NULL), or test sets differ. */
bool correctness_cross(Crossed *out, const Correctness *const *cells, int n);

/* ---- the grid ---- */

enum { GRID_COLUMNS = 16, GRID_ROWS = 64 };

typedef struct {
    char task[32], dataset[NAME_SIZE], model[64], protocol[32];
    double chance;                /* percent; NAN: unknown */
    bool shows_model;             /* another column has the same task and dataset */
    bool shows_protocol;          /* another column differs in nothing else */
    bool primary, beside_primary; /* beside: on the same dataset */
} GridColumn;

typedef struct {
    char slug[NAME_SIZE], label[NAME_SIZE];
    bool progression, target; /* target: of any column */
} GridRow;

typedef struct {
    int n_columns, n_rows;
    GridColumn columns[GRID_COLUMNS];
    GridRow rows[GRID_ROWS];
    Estimate cells[GRID_ROWS][GRID_COLUMNS];    /* top-1, percent */
    Correctness *hits[GRID_ROWS][GRID_COLUMNS]; /* owned; NULL: not known */
    bool several_budgets;              /* some pre-training was run at several lengths; cells are after the longest */
    char problem[CORRECTNESS_PROBLEM]; /* the first cell whose predictions could not be used; "": none */
    int n_reduced;                     /* columns under another protocol than the paper's */
} Grid;

/* Sorts results by the paper's order of what they are about (the dataset of a pre-training or an analysis, the
 * pre-training of anything else), then by folder; names that the paper does not know come last. */
void grid_order_outcomes(Outcomes *outcomes, const Paper *paper);
/* The name that order and labels go by. */
const char *grid_subject(const Result *result);

/* More experiments than GRID_COLUMNS: ERR_INPUT. Estimates point into `outcomes`. `primary`: "TASK:DATASET" with TASK
 * finetune or probe, or "" for none; ERR_USAGE when it is neither. No results of it yet: no column is primary. */
CHECKED Err grid_make(Grid *board, const Outcomes *outcomes, const Paper *paper, const char *primary);
void grid_free(Grid *board);
/* The column of the primary read-out, the first; -1: there is none. */
int grid_primary(const Grid *board);
/* NULL when there is no such row or no figure in it. */
const Estimate *grid_find(const Grid *board, int column, const char *slug);
/* The upper end of the column's gap: pre-training on the column's own dataset. */
const Estimate *grid_target(const Grid *board, int column);
/* The paper's figure for a row in one of its experiments: its upper baseline stands beside our pre-training on the
 * target set. NAN: the paper has none. */
double grid_paper_figure(const PaperExperiment *experiment, const GridRow *row);
/* "standin-motion, fine-tune", with model or protocol where columns differ in nothing else; returns `out`. */
const char *grid_column_title(char *out, size_t size, const GridColumn *column);
/* Reduced or rehearsed. */
bool grid_column_is_reduced(const GridColumn *column);
/* The title, with "(reduced)" behind it: for whatever stands beside figures of the paper. Returns `out`. */
const char *grid_column_label(char *out, size_t size, const GridColumn *column);
/* "finetune-standin-motion": part of a file name, cut to `size`; returns `out`. */
const char *grid_column_key(char *out, size_t size, const GridColumn *column);
/* Its standard error in points; NAN: it has no interval. */
double grid_error(const Estimate *estimate);
/* Where an axis of accuracies that begins at 0 ends: the ten above the largest, percent, at most 100. A task on which
 * every row is low would leave most of an axis to 100 empty. */
double accuracy_axis_end(double largest);
/* The same for all intervals of the columns on a dataset. */
double grid_axis_end(const Grid *board, const char *dataset);

typedef struct {
    double value, low, high; /* points */
    int n_seeds;             /* paired by so many seeds and test videos; 0: from the two intervals, not paired */
    int64_t n_videos;
} Difference;

/* a - b with its 95 % interval; false when one is missing or has no interval. Paired over the test videos and the seeds
 * that both have, where the predictions are there. */
bool grid_difference(Difference *out, const Estimate *a, const Estimate *b);
