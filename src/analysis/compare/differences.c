/* Steps of the progression: stages that have a figure, each less the one before it. Differences are paired
 * (grid_difference), which is why they can be clear where the intervals of two accuracies overlap. */
#include "analysis/compare/accuracy_tables.h"

#include <math.h>

enum { SEEDS = DIFFERENCES_CLEAR + 1, VIDEOS, PAPERS, N_COLUMNS_MAX = PAPERS + PAPER_COLUMNS, STAGES_MAX = GRID_ROWS };

/* ---- the stages that have a figure ---- */

typedef struct {
    const GridRow *row;
    const Estimate *figure;
} Stage;

/* A stage without a figure is passed over: its neighbors are compared instead. */
static void add_stage(Stage *stages, int *n, const Grid *board, int column, int r) {
    if (board->cells[r][column].state == ESTIMATE_PRESENT)
        stages[(*n)++] = (Stage){&board->rows[r], &board->cells[r][column]};
}

/* Rows of the board are in the paper's order. */
static int find_stages(Stage stages[STAGES_MAX], const Grid *board, int column) {
    int n = 0;
    for (int r = 0; r < board->n_rows; r++)
        if (board->rows[r].progression || text_equal(board->rows[r].slug, "random"))
            add_stage(stages, &n, board, column, r);
    for (int r = 0; r < board->n_rows; r++)
        if (text_equal(board->rows[r].slug, board->columns[column].dataset)) add_stage(stages, &n, board, column, r);
    return n;
}

/* ---- rows ---- */

/* Without predictions on both sides the figures are compared as if independent, which is said. */
static Err fill_step(Table *table, const Stage *from, const Stage *to, const PaperExperiment *const *experiments) {
    Difference found;
    int row;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, DIFFERENCES_FROM, "%s", from->row->label));
    TRY(table_text(table, row, DIFFERENCES_TO, "%s", to->row->label));
    for (int p = 0; PAPERS + p < table->n_columns; p++)
        table_number(table, row, PAPERS + p,
                     grid_paper_figure(experiments[p], to->row) - grid_paper_figure(experiments[p], from->row));
    if (!grid_difference(&found, to->figure, from->figure)) return ERR_NONE;
    table_estimate(table, row, DIFFERENCES_POINTS, found.value, found.low, found.high);
    TRY(table_text(table, row, DIFFERENCES_CLEAR, "%s",
                   found.low > 0    ? "higher"
                   : found.high < 0 ? "lower"
                                    : "undecided"));
    if (found.n_seeds == 0) return table_text(table, row, SEEDS, "not paired");
    table_number(table, row, SEEDS, found.n_seeds);
    table_number(table, row, VIDEOS, (double)found.n_videos);
    return ERR_NONE;
}

/* Intervals are drawn on one scale around zero. */
static void scale_points(Table *table) {
    double reach = 1;
    for (int r = 0; r < table->n_rows; r++) {
        const TableCell *cell = &table->cells[r * table->n_columns + DIFFERENCES_POINTS];
        reach = fmax(reach, fmax(fabs(cell->low), fabs(cell->high))); /* fmax passes over NAN */
    }
    table->columns[DIFFERENCES_POINTS].low = -reach;
    table->columns[DIFFERENCES_POINTS].high = reach;
}

/* The paper's own steps of the same task stand to the right. */
static Err new_table(Table *table, const GridColumn *column, const PaperExperiment *const *experiments,
                     int n_experiments) {
    const TableColumn points = {.kind = COLUMN_ESTIMATE, .digits = 1, .mark = 0};
    TableColumn columns[N_COLUMNS_MAX] = {
        [DIFFERENCES_FROM] = {.label = "From", .kind = COLUMN_TEXT},
        [DIFFERENCES_TO] = {.label = "To", .kind = COLUMN_TEXT},
        [DIFFERENCES_POINTS] = points,
        [DIFFERENCES_CLEAR] = {.label = "Clearly", .kind = COLUMN_TEXT},
        [SEEDS] = {.label = "Seeds", .kind = COLUMN_NUMBER},
        [VIDEOS] = {.label = "Videos", .kind = COLUMN_NUMBER},
    };
    char name[96], key[40], title[160], experiment[128];
    const char *word = grid_column_is_reduced(column) ? "Points (reduced)" : "Points";
    TRY(text_copy(columns[DIFFERENCES_POINTS].label, sizeof columns->label, word));
    for (int p = 0; p < n_experiments; p++) {
        columns[PAPERS + p] = (TableColumn){.kind = COLUMN_NUMBER, .digits = 1, .paper = true};
        TRY(text_format(columns[PAPERS + p].label, sizeof columns->label, "Paper: %s", experiments[p]->label));
    }
    grid_column_title(experiment, sizeof experiment, column);
    TRY(text_format(title, sizeof title, "What each stage adds: %.120s", experiment));
    TRY(text_format(name, sizeof name, "steps-%s", grid_column_key(key, sizeof key, column)));
    return table_new(table, name, title, columns, PAPERS + n_experiments);
}

/* Each stage less the one before; below a rule the last less random initialization, the whole way. */
Err differences_table(Table *table, const Grid *board, int column, const Paper *paper) {
    const PaperExperiment *experiments[PAPER_COLUMNS];
    Stage stages[STAGES_MAX];
    int n_experiments = paper_columns(experiments, paper, board->columns[column].task),
        n = find_stages(stages, board, column);
    TRY(new_table(table, &board->columns[column], experiments, n_experiments));
    for (int i = 0; i + 1 < n; i++) TRY(fill_step(table, &stages[i], &stages[i + 1], experiments));
    int last = n - 1 - (n > 0 && stages[n - 1].row->target);
    if (last > 1 && text_equal(stages[0].row->slug, "random")) {
        TRY(fill_step(table, &stages[0], &stages[last], experiments));
        table->rule_above[table->n_rows - 1] = true;
    }
    scale_points(table);
    return text_copy(
        table->caption, sizeof table->caption,
        "Differences of top-1 accuracy in points with 95 % intervals, paired over the seeds and test videos that both "
        "have; \"not paired\" where predictions are missing: then the interval joins those of the two accuracies. Many "
        "differences are looked at: one in forty of those that are really zero will seem clearly higher, and as many "
        "clearly lower.");
}
