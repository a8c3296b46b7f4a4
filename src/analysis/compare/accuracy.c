/* The accuracy table: the grid's cells, and the paper's columns to the right of ours. The caption says what the
 * intervals count, since they are not all of one kind. */
#include "analysis/compare/accuracy_tables.h"

#include <math.h>

/* Text, ours, the paper's. */
enum { N_COLUMNS_MAX = 1 + GRID_COLUMNS + PAPER_COLUMNS };

/* Without intervals: the paper prints none. */
Err accuracy_paper_columns(TableColumn *columns, int *n_columns, int first,
                           const PaperExperiment *experiments[PAPER_COLUMNS], const Paper *paper) {
    int n = paper_columns(experiments, paper, NULL);
    for (int p = 0; p < n; p++) {
        columns[first + p] = (TableColumn){.kind = COLUMN_NUMBER, .digits = 1, .paper = true};
        TRY(text_format(columns[first + p].label, sizeof columns->label, "Paper: %s", experiments[p]->label));
    }
    *n_columns = first + n;
    return ERR_NONE;
}

/* Where a cell draws its interval as a bar: one scale for all experiments on a dataset, with chance marked. */
static void scale_columns(TableColumn *columns, const Grid *board) {
    for (int c = 0; c < board->n_columns; c++) {
        columns[c + 1].mark = board->columns[c].chance;
        columns[c + 1].high = grid_axis_end(board, board->columns[c].dataset);
    }
}

/* Our cells of a row: estimates with intervals; what has no one figure says why. */
static Err fill_ours(Table *table, int row, const Grid *board, int r) {
    for (int c = 0; c < board->n_columns; c++) {
        const Estimate *cell = &board->cells[r][c];
        switch (cell->state) {
        case ESTIMATE_NONE: TRY(table_text(table, row, c + 1, "not run")); break;
        case ESTIMATE_MIXED: TRY(table_text(table, row, c + 1, "mixed protocols")); break;
        case ESTIMATE_PRESENT: table_estimate(table, row, c + 1, cell->value, cell->low, cell->high); break;
        }
    }
    return ERR_NONE;
}

/* What the intervals of the figures count, by how many figures have which. */
static void add_intervals(Builder *text, const Grid *board) {
    int videos = 0, seeds = 0, both = 0;
    for (int r = 0; r < board->n_rows; r++)
        for (int c = 0; c < board->n_columns; c++) {
            const Estimate *cell = &board->cells[r][c];
            if (cell->state != ESTIMATE_PRESENT) continue;
            if (cell->n_seeds == 1)
                videos++;
            else if (cell->hits)
                both++;
            else
                seeds++;
        }
    const char *separator = "";
    if (both) builder_add(text, "over seeds and test videos (crossed random effects; figures: %d)", both);
    if (both) separator = "; ";
    if (seeds)
        builder_add(text, "%sStudent's t over seeds alone, where predictions are missing (figures: %d)", separator,
                    seeds);
    if (seeds) separator = "; ";
    if (videos) builder_add(text, "%sWilson over test videos, of one seed (figures: %d)", separator, videos);
}

/* All that a reader needs to judge a figure: its interval, its budget, chance, and whether runs are the paper's. */
static Err accuracy_caption(Table *table, const Grid *board) {
    Builder text = {0};
    builder_add_text(&text, "Top-1 accuracy in percent, mean over seeds, with 95 % intervals: ");
    add_intervals(&text, board);
    builder_add_text(&text, ".");
    if (board->several_budgets)
        builder_add_text(&text, " Where a pre-training was run at several budgets, the figure is that after the "
                                "largest.");
    if (board->problem[0]) builder_add(&text, " Predictions not used: %s.", board->problem);
    for (int c = 0; c < board->n_columns; c++)
        if (!isnan(board->columns[c].chance) &&
            (c == 0 || !text_equal(board->columns[c].dataset, board->columns[c - 1].dataset)))
            builder_add(&text, " Chance on %s: %.1f.", board->columns[c].dataset, board->columns[c].chance);
    if (board->n_reduced == 0)
        builder_add_text(&text, " Our columns follow the paper's protocol.");
    else
        builder_add(&text,
                    " %s are REDUCED runs (small model, few clips, stand-in test sets): they show whether the order "
                    "holds, and are not comparable with the paper's columns.",
                    board->n_reduced == board->n_columns ? "Our columns" : "Our columns marked so");
    Err err = builder_check(&text, "caption");
    if (!err) err = text_copy(table->caption, sizeof table->caption, text.data);
    builder_free(&text);
    return err;
}

/* Columns: text, ours, the paper's. A rule parts the progression from the other datasets. */
Err accuracy_table(Table *table, const Grid *board, const Paper *paper) {
    TableColumn columns[N_COLUMNS_MAX] = {{.label = "Pre-training", .kind = COLUMN_TEXT}};
    const PaperExperiment *experiments[PAPER_COLUMNS];
    int n = board->n_columns, n_columns;
    for (int c = 0; c < n; c++) {
        columns[c + 1] = (TableColumn){.kind = COLUMN_ESTIMATE, .digits = 1};
        grid_column_label(columns[c + 1].label, sizeof columns->label, &board->columns[c]);
    }
    scale_columns(columns, board);
    TRY(accuracy_paper_columns(columns, &n_columns, 1 + n, experiments, paper));
    TRY(table_new(table, "accuracy", "Accuracy after pre-training on each dataset", columns, n_columns));
    for (int r = 0; r < board->n_rows; r++) {
        int row;
        TRY(table_add_row(table, &row));
        TRY(table_text(table, row, 0, "%s", board->rows[r].label));
        TRY(fill_ours(table, row, board, r));
        for (int p = 0; 1 + n + p < n_columns; p++)
            table_number(table, row, 1 + n + p, grid_paper_figure(experiments[p], &board->rows[r]));
        table->rule_above[row] = r > 0 && board->rows[r].progression != board->rows[r - 1].progression;
    }
    return accuracy_caption(table, board);
}
