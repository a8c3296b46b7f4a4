/* Accuracy by compute. Points come grouped by pre-training in the grid's order, each group by rising budget: a curve is
 * a run of points with one row, found again wherever it is needed by walking to its ends. */
#include "analysis/compare/accuracy_tables.h"

#include <math.h>

/* ---- points ---- */

/* By the paper's name: runs may call the same pre-training differently. */
static bool belongs(const Outcome *outcome, const OutcomeKey *key, const Paper *paper, const char *slug) {
    return outcomes_match(outcome, key) && !isnan(outcome->clips) &&
           text_equal(paper_slug(paper, outcome->result.pretraining), slug);
}

/* The result of the least budget above `clips`, NULL: none. */
static const Outcome *next_budget(const Outcomes *outcomes, const OutcomeKey *key, const Paper *paper, const char *slug,
                                  double clips) {
    const Outcome *next = NULL;
    for (int i = 0; i < outcomes->count; i++) {
        const Outcome *outcome = &outcomes->items[i];
        if (!belongs(outcome, key, paper, slug) || outcome->clips <= clips) continue;
        if (!next || outcome->clips < next->clips) next = outcome;
    }
    return next;
}

/* Budgets from the least on: each is asked for by what is above the one before it. */
static Err add_curve(Compute *compute, const Outcomes *outcomes, const Grid *board, int r, int c, const Paper *paper) {
    const GridColumn *column = &board->columns[c];
    OutcomeKey key = {
        .task = column->task, .dataset = column->dataset, .model = column->model, .protocol = column->protocol};
    const Outcome *at;
    for (double clips = -1; (at = next_budget(outcomes, &key, paper, board->rows[r].slug, clips)); clips = at->clips) {
        OutcomeKey full = key;
        full.pretraining = at->result.pretraining;
        full.clips = &at->clips;
        if (compute->n == COMPUTE_POINTS)
            return RAISE(ERR_INPUT, "more than %d budgets of pre-training in one experiment", COMPUTE_POINTS);
        ComputePoint *point = &compute->items[compute->n];
        *point = (ComputePoint){.row = &board->rows[r], .clips = at->clips, .flops = at->flops};
        point->estimate = correctness_estimate(&point->hits, compute->problem, outcomes, &full);
        compute->n += point->estimate.state == ESTIMATE_PRESENT;
    }
    return ERR_NONE;
}

void compute_free(Compute *compute) {
    for (int i = 0; i < compute->n; i++) correctness_free(&compute->items[i].hits);
    compute->n = 0;
}

/* Points of one budget are no curve, but random initialization is where all of them start. Returns the number of
 * curves.
 */
static int drop_points_without_curve(Compute *compute) {
    int kept = 0, n_curves = 0;
    for (int i = 0, end; i < compute->n; i = end) {
        for (end = i + 1; end < compute->n && compute->items[end].row == compute->items[i].row;) end++;
        bool keep = end - i > 1 || text_equal(compute->items[i].row->slug, "random");
        n_curves += end - i > 1;
        for (int k = i; k < end; k++) {
            if (keep)
                compute->items[kept++] = compute->items[k];
            else
                correctness_free(&compute->items[k].hits);
        }
    }
    compute->n = kept;
    return n_curves;
}

/* Curve by curve in the order of the grid. */
Err compute_make(Compute *compute, const Outcomes *outcomes, const Grid *board, int column, const Paper *paper) {
    Err err = ERR_NONE;
    *compute = (Compute){0};
    for (int r = 0; r < board->n_rows && !err; r++) err = add_curve(compute, outcomes, board, r, column, paper);
    if (err || drop_points_without_curve(compute) == 0) compute_free(compute);
    return err;
}

/* ---- between curves ---- */

/* The curve before that of point i, random initialization aside: its first point, -1: none. */
static int curve_before(const Compute *compute, int i) {
    int first = i;
    while (first > 0 && compute->items[first - 1].row == compute->items[i].row) first--;
    if (first == 0 || compute->items[first - 1].clips == 0) return -1;
    int before = first - 1;
    while (before > 0 && compute->items[before - 1].row == compute->items[first - 1].row) before--;
    return before;
}

/* Point i less that of the curve before at the same budget. */
static bool find_step(Difference *out, const Compute *compute, int i) {
    int before = curve_before(compute, i);
    if (before < 0) return false;
    for (const GridRow *row = compute->items[before].row; compute->items[before].row == row; before++)
        if (compute->items[before].clips == compute->items[i].clips)
            return grid_difference(out, &compute->items[i].estimate, &compute->items[before].estimate);
    return false;
}

/* From which budget on a curve stays clearly above the one before it. */
static void add_parting(Builder *text, const Compute *compute, int first, int end) {
    double from = NAN;
    int before = curve_before(compute, first);
    if (before < 0) return;
    for (int i = first; i < end; i++) {
        Difference step;
        if (!find_step(&step, compute, i)) continue;
        bool above = step.low > 0;
        if (above && isnan(from)) from = compute->items[i].clips;
        if (!above) from = NAN;
    }
    builder_add(text, " %s over %s: ", compute->items[first].row->label, compute->items[before].row->label);
    if (isnan(from))
        builder_add_text(text, "not clearly at the largest budget.");
    else
        builder_add(text, "clearly from %.0f clips on.", from);
}

/* ---- the table ---- */

enum { COLUMN_NAME, COLUMN_CLIPS, COLUMN_FLOPS, COLUMN_ACCURACY, COLUMN_SEEDS, COLUMN_STEP };

/* One row of the table. */
static Err fill_point(Table *table, const Compute *compute, int i) {
    const ComputePoint *point = &compute->items[i];
    Difference step;
    int row;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, COLUMN_NAME, "%s", point->row->label));
    table_number(table, row, COLUMN_CLIPS, point->clips);
    table_number(table, row, COLUMN_FLOPS, point->flops / 1e12);
    table_estimate(table, row, COLUMN_ACCURACY, point->estimate.value, point->estimate.low, point->estimate.high);
    table_number(table, row, COLUMN_SEEDS, point->estimate.n_seeds);
    if (find_step(&step, compute, i)) table_estimate(table, row, COLUMN_STEP, step.value, step.low, step.high);
    table->rule_above[row] = i > 0 && compute->items[i - 1].row != point->row;
    return ERR_NONE;
}

/* What the table says, in words: from which budget on each curve is clearly above the one before. */
static Err fill_caption(Table *table, const Compute *compute) {
    Builder text = {0};
    builder_add_text(&text, "Top-1 accuracy in percent by the clips that pre-training saw, and the arithmetic of its "
                            "matrix products; 95 % intervals over test videos, and over seeds where there are several. "
                            "The last column is the difference to the dataset above at the same budget, in points, "
                            "paired where predictions are there.");
    for (int i = 0, end; i < compute->n; i = end) {
        for (end = i + 1; end < compute->n && compute->items[end].row == compute->items[i].row;) end++;
        add_parting(&text, compute, i, end);
    }
    if (compute->problem[0]) builder_add(&text, " Predictions not used: %s.", compute->problem);
    Err err = builder_check(&text, "caption");
    if (!err) snprintf(table->caption, sizeof table->caption, "%s", text.data);
    builder_free(&text);
    return err;
}

Err compute_table(Table *table, const Compute *compute, const GridColumn *column) {
    double largest = 0;
    for (int i = 0; i < compute->n; i++) /* fmax passes over NAN */
        largest = fmax(largest, fmax(compute->items[i].estimate.value, compute->items[i].estimate.high));
    const TableColumn columns[] = {
        [COLUMN_NAME] = {.label = "Pre-training", .kind = COLUMN_TEXT},
        [COLUMN_CLIPS] = {.label = "Clips seen", .kind = COLUMN_NUMBER},
        [COLUMN_FLOPS] = {.label = "TFLOP", .kind = COLUMN_NUMBER, .digits = 1},
        [COLUMN_ACCURACY] = {.label = "Accuracy",
                             .kind = COLUMN_ESTIMATE,
                             .digits = 1,
                             .high = accuracy_axis_end(largest),
                             .mark = column->chance},
        [COLUMN_SEEDS] = {.label = "Seeds", .kind = COLUMN_NUMBER},
        [COLUMN_STEP] = {.label = "Over the one above", .kind = COLUMN_ESTIMATE, .digits = 1, .mark = NAN},
    };
    char name[48], key[40], title[160], experiment[128];
    grid_column_title(experiment, sizeof experiment, column);
    TRY(text_format(title, sizeof title, "Accuracy by the compute of pre-training: %.110s", experiment));
    TRY(text_format(name, sizeof name, "compute-%s", grid_column_key(key, sizeof key, column)));
    TRY(table_new(table, name, title, columns, sizeof columns / sizeof *columns));
    for (int i = 0; i < compute->n; i++) TRY(fill_point(table, compute, i));
    return fill_caption(table, compute);
}
