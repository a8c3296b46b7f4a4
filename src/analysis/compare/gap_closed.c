/* The share of the gap closed, 100 (x - low) / (high - low), of our figures and of the paper's claims. A ratio whose
 * denominator may be zero has no interval in the usual sense. Fieller's is the set of shares q that the data do not
 * refuse: those for which the contrast x - (1 - q) low - q high may be zero. It is a finite interval exactly when high
 * and low are clearly apart, which is asked first. */
#include "analysis/compare/accuracy_tables.h"

#include <math.h>

enum { N_COLUMNS_MAX = 1 + GRID_COLUMNS + PAPER_COLUMNS };

/* ---- in our figures ---- */

/* Three figures of one column; the ends are clearly apart. */
typedef struct {
    const Estimate *low, *value, *high;
} Ends;

static bool find_ends(Ends *ends, const Grid *board, int column, const Estimate *value) {
    *ends = (Ends){grid_find(board, column, "random"), value, grid_target(board, column)};
    Difference span;
    return grid_difference(&span, ends->high, ends->low) && span.low > 0;
}

/* Weights times half widths, joined as of independent figures. */
static double joined_half(const Ends *ends, double of_low, double of_value, double of_high) {
    const Estimate *figures[3] = {ends->low, ends->value, ends->high};
    const double weights[3] = {of_low, of_value, of_high};
    double sum = 0;
    for (int k = 0; k < 3; k++) {
        double half = weights[k] * (figures[k]->high - figures[k]->low) / 2;
        sum += half * half;
    }
    return sqrt(sum);
}

/* As if the three had nothing in common: q may be when value - low - q (high - low) may be zero. */
static bool separate_may_be(const void *context, double q) {
    const Ends *ends = context;
    double contrast = ends->value->value - (1 - q) * ends->low->value - q * ends->high->value;
    return fabs(contrast) <= joined_half(ends, 1 - q, 1, q);
}

/* Share and interval; false when the ends turn out not to be apart in the figures that are paired. */
static bool find_gap(double *share, Interval *interval, const Ends *ends) {
    const Correctness *cells[3] = {ends->low->hits, ends->value->hits, ends->high->hits};
    Crossed crossed;
    if (correctness_cross(&crossed, cells, 3)) {
        *share = paper_gap_closed(crossed.mean[0], crossed.mean[1], crossed.mean[2]);
        *interval = crossed_gap(&crossed, 0, 1, 2);
        interval->low *= 100;
        interval->high *= 100;
        return !isnan(interval->low);
    }
    *share = paper_gap_closed(ends->low->value, ends->value->value, ends->high->value);
    *interval = (Interval){NAN, NAN};
    if (isnan(ends->value->low)) return true;
    if (ends->high->value - ends->low->value <= joined_half(ends, 1, 0, 1)) return false;
    *interval = interval_by_test(separate_may_be, ends, *share / 100);
    interval->low *= 100;
    interval->high *= 100;
    return true;
}

/* A figure without the two ends of its column has no share. */
static Err fill_gap(Table *table, int row, const Grid *board, int r, int column) {
    const Estimate *cell = &board->cells[r][column];
    Ends ends;
    double share;
    Interval interval;
    if (cell->state != ESTIMATE_PRESENT) return table_text(table, row, column + 1, "not run");
    if (!find_ends(&ends, board, column, cell) || !find_gap(&share, &interval, &ends))
        return table_text(table, row, column + 1, "undefined");
    table_estimate(table, row, column + 1, share, interval.low, interval.high);
    return ERR_NONE;
}

static double papers_gap(const PaperExperiment *experiment, const char *slug) {
    return paper_gap_closed(paper_accuracy(experiment, experiment->low), paper_accuracy(experiment, slug),
                            paper_accuracy(experiment, experiment->high));
}

Err gap_table(Table *table, const Grid *board, const Paper *paper) {
    TableColumn columns[N_COLUMNS_MAX] = {{.label = "Pre-training", .kind = COLUMN_TEXT}};
    const PaperExperiment *experiments[PAPER_COLUMNS];
    int n = board->n_columns, n_columns;
    for (int c = 0; c < n; c++) {
        columns[c + 1] = (TableColumn){.kind = COLUMN_ESTIMATE, .digits = 1, .low = 0, .high = 120, .mark = 100};
        grid_column_label(columns[c + 1].label, sizeof columns->label, &board->columns[c]);
    }
    TRY(accuracy_paper_columns(columns, &n_columns, 1 + n, experiments, paper));
    TRY(table_new(table, "gap", "Share of the gap closed", columns, n_columns));
    TRY(text_copy(
        table->caption, sizeof table->caption,
        "100 (x - low) / (high - low) in percent: low is random initialization, high is pre-training on the "
        "target set itself. Values above "
        "100 are legal. Undefined where the two ends are not clearly apart in our figures. 95 % intervals after "
        "Fieller, paired over seeds and test videos where the predictions are there."));
    for (int r = 0; r < board->n_rows; r++) {
        int row;
        if (!board->rows[r].progression) continue;
        TRY(table_add_row(table, &row));
        TRY(table_text(table, row, 0, "%s", board->rows[r].label));
        for (int c = 0; c < n; c++) TRY(fill_gap(table, row, board, r, c));
        for (int p = 0; 1 + n + p < n_columns; p++)
            table_number(table, row, 1 + n + p, papers_gap(experiments[p], board->rows[r].slug));
    }
    return ERR_NONE;
}

/* ---- in the paper's claims ---- */

const char *gap_remark(double computed, double printed) {
    if (isnan(printed)) return "not printed";
    if (fabs(round(10 * computed) / 10 - printed) < 0.01) return "rounded";
    return fabs(floor(10 * computed) / 10 - printed) < 0.01 ? "truncated" : "differs";
}

/* Ours under the paper's protocol only. */
static double our_figure(const Outcomes *outcomes, const Paper *paper, const PaperExperiment *entry, const char *slug) {
    Estimate estimate = outcomes_of_experiment(outcomes, paper, entry, slug);
    return estimate.state == ESTIMATE_PRESENT ? estimate.value : NAN;
}

static double our_gap(const Outcomes *outcomes, const Paper *paper, const PaperGap *claim) {
    const PaperExperiment *entry = paper_experiment(paper, claim->experiment);
    if (!entry) return NAN;
    return paper_gap_closed(our_figure(outcomes, paper, entry, entry->low),
                            our_figure(outcomes, paper, entry, claim->pretraining),
                            our_figure(outcomes, paper, entry, entry->high));
}

/* Why there is no share of ours. */
static const char *why_missing(const Outcomes *outcomes, const Paper *paper, const PaperGap *claim) {
    const PaperExperiment *entry = paper_experiment(paper, claim->experiment);
    if (!entry) return "of another work";
    bool run = !isnan(our_figure(outcomes, paper, entry, entry->low)) &&
               !isnan(our_figure(outcomes, paper, entry, claim->pretraining)) &&
               !isnan(our_figure(outcomes, paper, entry, entry->high));
    return run ? "undefined" : "not run";
}

Err gap_claims_table(Table *table, const Outcomes *outcomes, const Paper *paper) {
    const TableColumn columns[] = {
        {.label = "Claim", .kind = COLUMN_TEXT},
        {.label = "Low", .kind = COLUMN_NUMBER, .digits = 1, .paper = true},
        {.label = "Value", .kind = COLUMN_NUMBER, .digits = 1, .paper = true},
        {.label = "High", .kind = COLUMN_NUMBER, .digits = 1, .paper = true},
        {.label = "Computed", .kind = COLUMN_NUMBER, .digits = 3, .paper = true},
        {.label = "Paper", .kind = COLUMN_NUMBER, .digits = 1, .paper = true},
        {.label = "Remark", .kind = COLUMN_TEXT, .beside_paper = true},
        {.label = "Ours", .kind = COLUMN_NUMBER, .digits = 1},
    };
    TRY(table_new(table, "gaps", "Share of the gap closed: the paper's claims", columns,
                  sizeof columns / sizeof *columns));
    for (const PaperGap *claim = paper->gaps; claim < paper->gaps + paper->n_gaps; claim++) {
        int row;
        double low = claim->low, value = claim->value, high = claim->high;
        double computed = paper_gap_closed(low, value, high), ours = our_gap(outcomes, paper, claim);
        TRY(table_add_row(table, &row));
        TRY(table_text(table, row, 0, "%s", claim->claim));
        table_number(table, row, 1, low);
        table_number(table, row, 2, value);
        table_number(table, row, 3, high);
        table_number(table, row, 4, computed);
        table_number(table, row, 5, claim->printed);
        TRY(table_text(table, row, 6, "%s", gap_remark(computed, claim->printed)));
        if (isnan(ours)) TRY(table_text(table, row, 7, "%s", why_missing(outcomes, paper, claim)));
        table_number(table, row, 7, ours);
    }
    return text_copy(table->caption, sizeof table->caption,
                     "Ours: runs under the paper's protocol only; reduced runs are never compared with these claims.");
}
