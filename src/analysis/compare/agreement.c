/* Our order of pre-trainings against the paper's: a point a row that both have. The intervals count two things, which
 * rows happen to be there and how sure our figures are; see correlate_uncertain. */
#include "analysis/compare/statistics.h"

#include <math.h>

enum { AGREEMENT_SEED = 1 };

/* ---- one comparison ---- */

/* The progression counts its two ends: random initialization and pre-training on the target. */
static bool belongs(const GridRow *row, AgreementRows rows) {
    return rows == AGREEMENT_ALL || row->progression || row->target || text_equal(row->slug, "random");
}

/* "7 stages, random, target": what n counts. */
static void name_rows(Agreement *out, int n_stages, int n_datasets, bool random, bool target) {
    snprintf(out->rows, sizeof out->rows, "%d %s%s%s", n_datasets ? n_stages + n_datasets : n_stages,
             n_datasets ? "datasets" : "stages", random ? ", random" : "", target ? ", target" : "");
}

/* x the paper's percent, y ours; y_sd our standard errors. */
static void find_points(Agreement *out, double *y_sd, const Grid *board, int column, const PaperExperiment *experiment,
                        AgreementRows rows) {
    Points *points = &out->points;
    int n_stages = 0, n_datasets = 0;
    bool random = false, target = false;
    for (int r = 0; r < board->n_rows; r++) {
        const GridRow *row = &board->rows[r];
        const Estimate *cell = &board->cells[r][column];
        double paper_figure = grid_paper_figure(experiment, row);
        if (cell->state != ESTIMATE_PRESENT || isnan(paper_figure) || !belongs(row, rows)) continue;
        bool is_random = text_equal(row->slug, "random");
        random = random || is_random;
        target = target || row->target;
        n_stages += row->progression;
        n_datasets += !row->progression && !row->target && !is_random;
        y_sd[points->n] = grid_error(cell);
        points->x[points->n] = paper_figure;
        points->y[points->n] = cell->value;
        points->y_low[points->n] = cell->low;
        points->y_high[points->n] = cell->high;
        points->slugs[points->n++] = row->slug;
    }
    name_rows(out, n_stages, n_datasets, random, target);
}

/* *defined false: too few points, or all of one value. */
Err agreement_of(Agreement *out, bool *defined, const Grid *board, int column, const PaperExperiment *experiment,
                 AgreementRows rows) {
    double y_sd[STATISTICS_POINTS];
    *out = (Agreement){0};
    *defined = false;
    find_points(out, y_sd, board, column, experiment, rows);
    const Points *points = &out->points;
    if (points->n < CORRELATE_MIN) return ERR_NONE;
    TRY(correlate(&out->found, points->x, points->y, points->n, AGREEMENT_SEED));
    TRY(correlate_uncertain(&out->r, &out->rho, points->x, points->y, y_sd, points->n, AGREEMENT_SEED));
    *defined = out->found.defined;
    return ERR_NONE;
}

/* Above a scatter plot. */
const char *agreement_text(char *out, size_t size, const Agreement *agreement) {
    const Correlation *found = &agreement->found;
    snprintf(out, size, "rho = %.2f [%.2f, %.2f], r = %.2f [%.2f, %.2f], n = %d", found->rho, agreement->rho.low,
             agreement->rho.high, found->r, agreement->r.low, agreement->r.high, found->n);
    return out;
}

/* ---- the table ---- */

enum { COLUMN_OURS, COLUMN_PAPER, COLUMN_ROWS, COLUMN_N, COLUMN_RHO, COLUMN_RHO_P, COLUMN_R, COLUMN_R_P };

static Err fill_row(Table *table, const char *title, const PaperExperiment *experiment, const Agreement *agreement) {
    const Correlation *found = &agreement->found;
    int row;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, COLUMN_OURS, "%s", title));
    TRY(table_text(table, row, COLUMN_PAPER, "%s", experiment->label));
    TRY(table_text(table, row, COLUMN_ROWS, "%s", agreement->rows));
    table_number(table, row, COLUMN_N, found->n);
    table_estimate(table, row, COLUMN_RHO, found->rho, agreement->rho.low, agreement->rho.high);
    table_number(table, row, COLUMN_RHO_P, found->rho_p);
    table_estimate(table, row, COLUMN_R, found->r, agreement->r.low, agreement->r.high);
    table_number(table, row, COLUMN_R_P, found->r_p);
    return ERR_NONE;
}

/* One row for the progression, and one for all pre-trainings where those are more. */
static Err fill_column(Table *table, const Grid *board, int column, const Paper *paper) {
    const PaperExperiment *experiments[PAPER_COLUMNS];
    int n = paper_columns(experiments, paper, board->columns[column].task), first = table->n_rows;
    char title[128];
    grid_column_label(title, sizeof title, &board->columns[column]);
    for (int p = 0; p < n; p++) {
        Agreement stages, all;
        bool stages_defined, all_defined;
        TRY(agreement_of(&stages, &stages_defined, board, column, experiments[p], AGREEMENT_PROGRESSION));
        TRY(agreement_of(&all, &all_defined, board, column, experiments[p], AGREEMENT_ALL));
        if (stages_defined) TRY(fill_row(table, title, experiments[p], &stages));
        if (all_defined && all.points.n > stages.points.n) TRY(fill_row(table, title, experiments[p], &all));
    }
    if (table->n_rows > first) table->rule_above[first] = true;
    return ERR_NONE;
}

/* rho first: the paper is about an order. */
Err agreement_table(Table *table, const Grid *board, const Paper *paper) {
    const TableColumn rho = {.label = "rho (Spearman)", .kind = COLUMN_ESTIMATE, .digits = 2, .low = -1, .high = 1};
    TableColumn columns[] = {
        [COLUMN_OURS] = {.label = "Ours", .kind = COLUMN_TEXT},
        [COLUMN_PAPER] = {.label = "Paper", .kind = COLUMN_TEXT, .paper = true},
        [COLUMN_ROWS] = {.label = "Rows", .kind = COLUMN_TEXT},
        [COLUMN_N] = {.label = "n", .kind = COLUMN_NUMBER},
        [COLUMN_RHO] = rho,
        [COLUMN_RHO_P] = {.label = "p of rho", .kind = COLUMN_NUMBER, .digits = 3},
        [COLUMN_R] = rho,
        [COLUMN_R_P] = {.label = "p of r", .kind = COLUMN_NUMBER, .digits = 3},
    };
    TRY(text_copy(columns[COLUMN_R].label, sizeof columns->label, "r (Pearson)"));
    TRY(table_new(table, "agreement", "Our figures against the paper's", columns, sizeof columns / sizeof *columns));
    for (int c = 0; c < board->n_columns; c++) TRY(fill_column(table, board, c, paper));
    return text_format(
        table->caption, sizeof table->caption,
        "One point a pre-training that both have. Intervals: percentile bootstrap of %d draws of the rows, with and "
        "without our figures moved by their standard errors, the farther end of the two; p from Student's t with n - 2 "
        "degrees. Stages are those of the "
        "progression; random is random initialization; target is pre-training on the test task's own training set, "
        "beside the paper's on real videos.%s",
        CORRELATE_DRAWS, board->n_reduced ? " REDUCED: an agreement of orders, not of accuracies." : "");
}
