#include "analysis/accuracy.h"

#include <cjson/cJSON.h>
#include <math.h>

/* Text, ours, the paper's. */
enum { N_COLUMNS_MAX = 1 + BOARD_COLUMNS + PAPER_COLUMNS };

/* Labels of the paper's columns, from column `first` on; returns the number of all columns in *n_columns. */
static Err add_paper_columns(TableColumn *columns, int *n_columns, int first, const cJSON **experiments,
                             const Paper *paper) {
    int n = paper_columns(experiments, paper, NULL);
    for (int p = 0; p < n; p++) {
        columns[first + p] = (TableColumn){.kind = COLUMN_NUMBER, .digits = 1, .paper = true};
        TRY(text_format(columns[first + p].label, sizeof columns->label, "Paper: %s",
                        paper_text(experiments[p], "label")));
    }
    *n_columns = first + n;
    return ERR_NONE;
}

static void scale_columns(TableColumn *columns, const Board *board) {
    for (int c = 0; c < board->n_columns; c++) {
        columns[c + 1].mark = board->columns[c].chance;
        columns[c + 1].high = 100;
    }
}

static Err fill_ours(Table *table, int row, const Board *board, int r) {
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
static void add_intervals(Builder *text, const Board *board) {
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

static Err accuracy_caption(Table *table, const Board *board) {
    Builder text = {0};
    builder_add_text(&text, "Top-1 accuracy in percent, mean over seeds, with 95 % intervals: ");
    add_intervals(&text, board);
    builder_add_text(&text, ".");
    if (board->problem[0]) builder_add(&text, " Predictions not used: %s.", board->problem);
    for (int c = 0; c < board->n_columns; c++)
        if (!isnan(board->columns[c].chance) &&
            (c == 0 || !text_equal(board->columns[c].dataset, board->columns[c - 1].dataset)))
            builder_add(&text, " Chance on %s: %.1f.", board->columns[c].dataset, board->columns[c].chance);
    builder_add_text(&text, board->reduced ? " Our columns are REDUCED runs (small model, few clips, stand-in test "
                                             "sets): they show whether the order holds, "
                                             "and are not comparable with the paper's columns."
                                           : " Our columns follow the paper's protocol.");
    Err err = builder_check(&text, "caption");
    if (!err) err = text_copy(table->caption, sizeof table->caption, text.data);
    builder_free(&text);
    return err;
}

Err accuracy_table(Table *table, const Board *board, const Paper *paper) {
    TableColumn columns[N_COLUMNS_MAX] = {{.label = "Pre-training", .kind = COLUMN_TEXT}};
    const cJSON *experiments[PAPER_COLUMNS];
    int n = board->n_columns, n_columns;
    for (int c = 0; c < n; c++) {
        char title[96];
        columns[c + 1] = (TableColumn){.kind = COLUMN_ESTIMATE, .digits = 1};
        board_column_title(title, sizeof title, &board->columns[c]);
        TRY(text_format(columns[c + 1].label, sizeof columns[c + 1].label, "%.80s%s", title,
                        board->reduced ? " (reduced)" : ""));
    }
    scale_columns(columns, board);
    TRY(add_paper_columns(columns, &n_columns, 1 + n, experiments, paper));
    TRY(table_new(table, "accuracy", "Accuracy after pre-training on each dataset", columns, n_columns));
    for (int r = 0; r < board->n_rows; r++) {
        int row;
        TRY(table_add_row(table, &row));
        TRY(table_text(table, row, 0, "%s", board->rows[r].label));
        TRY(fill_ours(table, row, board, r));
        for (int p = 0; 1 + n + p < n_columns; p++)
            table_number(table, row, 1 + n + p, board_paper_figure(paper, experiments[p], &board->rows[r]));
        table->rule_above[row] = r > 0 && board->rows[r].progression != board->rows[r - 1].progression;
    }
    return accuracy_caption(table, board);
}

/* Ends of a column's gap; false when they are missing or not clearly apart. */
static bool gap_ends(double *low, double *high, const Board *board, int column) {
    const Estimate *bottom = board_find(board, column, "random"), *top = board_target(board, column);
    Difference span;
    if (!board_difference(&span, top, bottom) || span.low <= 0) return false;
    *low = bottom->value;
    *high = top->value;
    return true;
}

static Err fill_gap(Table *table, int row, const Board *board, int r, int column) {
    const Estimate *cell = &board->cells[r][column];
    double low, high;
    if (cell->state != ESTIMATE_PRESENT) return table_text(table, row, column + 1, "not run");
    if (!gap_ends(&low, &high, board, column)) return table_text(table, row, column + 1, "undefined");
    table_number(table, row, column + 1, paper_gap_closed(low, cell->value, high));
    return ERR_NONE;
}

static double papers_gap(const Paper *paper, const cJSON *experiment, const char *slug) {
    const char *key = paper_text(experiment, "key");
    return paper_gap_closed(paper_accuracy(paper, key, paper_text(experiment, "low")), paper_accuracy(paper, key, slug),
                            paper_accuracy(paper, key, paper_text(experiment, "high")));
}

Err gap_table(Table *table, const Board *board, const Paper *paper) {
    TableColumn columns[N_COLUMNS_MAX] = {{.label = "Pre-training", .kind = COLUMN_TEXT}};
    const cJSON *experiments[PAPER_COLUMNS];
    int n = board->n_columns, n_columns;
    for (int c = 0; c < n; c++) {
        columns[c + 1] = (TableColumn){.kind = COLUMN_NUMBER, .digits = 1};
        board_column_title(columns[c + 1].label, sizeof columns->label, &board->columns[c]);
    }
    TRY(add_paper_columns(columns, &n_columns, 1 + n, experiments, paper));
    TRY(table_new(table, "gap", "Share of the gap closed", columns, n_columns));
    TRY(text_copy(table->caption, sizeof table->caption,
                  "100 (x - low) / (high - low) in percent: low is random initialization, high is pre-training on the "
                  "target set itself. Values above "
                  "100 are legal. Undefined where the two ends are not clearly apart in our figures."));
    for (int r = 0; r < board->n_rows; r++) {
        int row;
        if (!board->rows[r].progression) continue;
        TRY(table_add_row(table, &row));
        TRY(table_text(table, row, 0, "%s", board->rows[r].label));
        for (int c = 0; c < n; c++) TRY(fill_gap(table, row, board, r, c));
        for (int p = 0; 1 + n + p < n_columns; p++)
            table_number(table, row, 1 + n + p, papers_gap(paper, experiments[p], board->rows[r].slug));
    }
    return ERR_NONE;
}

const char *gap_remark(double computed, double printed) {
    if (isnan(printed)) return "not printed";
    if (fabs(round(10 * computed) / 10 - printed) < 0.01) return "rounded";
    return fabs(floor(10 * computed) / 10 - printed) < 0.01 ? "truncated" : "differs";
}

static double number_of(const cJSON *entry, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(entry, key);
    return cJSON_IsNumber(value) ? value->valuedouble : NAN;
}

/* Ours under the paper's protocol only. */
static double our_figure(const Outcomes *outcomes, const Paper *paper, const char *experiment, const char *slug) {
    const cJSON *entry = paper_experiment(paper, experiment);
    OutcomeKey key = {paper_text(entry, "task"), paper_text(entry, "dataset"), slug, paper_text(entry, "model")};
    Estimate estimate = entry ? outcomes_estimate(outcomes, &key, "top1") : (Estimate){0};
    return estimate.state == ESTIMATE_PRESENT && estimate.first->result.paper_protocol ? estimate.value : NAN;
}

static double our_gap(const Outcomes *outcomes, const Paper *paper, const cJSON *claim) {
    const char *experiment = paper_text(claim, "experiment");
    const cJSON *entry = paper_experiment(paper, experiment);
    return paper_gap_closed(our_figure(outcomes, paper, experiment, paper_text(entry, "low")),
                            our_figure(outcomes, paper, experiment, paper_text(claim, "pretraining")),
                            our_figure(outcomes, paper, experiment, paper_text(entry, "high")));
}

Err gap_claims_table(Table *table, const Outcomes *outcomes, const Paper *paper) {
    const TableColumn columns[] = {
        {.label = "Claim", .kind = COLUMN_TEXT},
        {.label = "Low", .kind = COLUMN_NUMBER, .digits = 1, .paper = true},
        {.label = "Value", .kind = COLUMN_NUMBER, .digits = 1, .paper = true},
        {.label = "High", .kind = COLUMN_NUMBER, .digits = 1, .paper = true},
        {.label = "Computed", .kind = COLUMN_NUMBER, .digits = 3, .paper = true},
        {.label = "Paper", .kind = COLUMN_NUMBER, .digits = 1, .paper = true},
        {.label = "Remark", .kind = COLUMN_TEXT},
        {.label = "Ours", .kind = COLUMN_NUMBER, .digits = 1},
    };
    const cJSON *claim;
    TRY(table_new(table, "gaps", "Share of the gap closed: the paper's claims", columns,
                  sizeof columns / sizeof *columns));
    cJSON_ArrayForEach(claim, paper_list(paper, "gaps")) {
        int row;
        double low = number_of(claim, "low"), value = number_of(claim, "value"), high = number_of(claim, "high");
        double computed = paper_gap_closed(low, value, high), ours = our_gap(outcomes, paper, claim);
        TRY(table_add_row(table, &row));
        TRY(table_text(table, row, 0, "%s", paper_text(claim, "claim")));
        table_number(table, row, 1, low);
        table_number(table, row, 2, value);
        table_number(table, row, 3, high);
        table_number(table, row, 4, computed);
        table_number(table, row, 5, number_of(claim, "printed"));
        TRY(table_text(table, row, 6, "%s", gap_remark(computed, number_of(claim, "printed"))));
        if (isnan(ours)) TRY(table_text(table, row, 7, "not run"));
        table_number(table, row, 7, ours);
    }
    return text_copy(table->caption, sizeof table->caption,
                     "Ours: runs under the paper's protocol only; reduced runs are never compared with these claims.");
}
