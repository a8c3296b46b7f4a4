/* The grid: which experiments and pre-trainings there are, their order, and one estimate a cell. Nothing is averaged
 * that is not the same experiment under one protocol: such a cell says "mixed" instead of a figure. */
#include "analysis/compare/accuracy_grid.h"

#include "base/text/escape.h"
#include "base/text/text.h"

#include <math.h>

/* What a result is about: the videos themselves, or what a model was pre-trained on. */
const char *grid_subject(const Result *result) {
    bool about_data = text_equal(result->task, "pretrain") || text_equal(result->task, "analyze");
    return about_data ? result->dataset : result->pretraining;
}

/* By the paper's order, then by folder: the order of the report whatever order the files were found in. */
static int compare_outcomes(const void *a, const void *b, void *paper) {
    const Outcome *x = a, *y = b;
    /* As unsigned, the -1 of unknown names is the largest. */
    unsigned place_x = (unsigned)paper_order(paper, grid_subject(&x->result));
    unsigned place_y = (unsigned)paper_order(paper, grid_subject(&y->result));
    if (place_x != place_y) return place_x < place_y ? -1 : 1;
    return strcmp(x->folder, y->folder);
}

void grid_order_outcomes(Outcomes *outcomes, const Paper *paper) {
    Paper copy = *paper;
    if (outcomes->count)
        qsort_r(outcomes->items, (size_t)outcomes->count, sizeof *outcomes->items, compare_outcomes, &copy);
}

/* Of a classifier: fine-tuned or probed. */
static bool is_accuracy(const Result *result) {
    return (text_equal(result->task, "finetune") || text_equal(result->task, "probe")) && result_metric(result, "top1");
}

/* A column is an experiment: task, dataset, model and protocol. -1: none yet. */
static int find_column(const Grid *board, const Result *result) {
    for (int c = 0; c < board->n_columns; c++)
        if (text_equal(board->columns[c].task, result->task) &&
            text_equal(board->columns[c].dataset, result->dataset) &&
            text_equal(board->columns[c].model, result->model) &&
            text_equal(board->columns[c].protocol, result->protocol))
            return c;
    return -1;
}

/* A row is a pre-training under the paper's name for it. -1: none yet. */
static int find_row(const Grid *board, const char *slug) {
    for (int r = 0; r < board->n_rows; r++)
        if (text_equal(board->rows[r].slug, slug)) return r;
    return -1;
}

static Err add_column(Grid *board, const Result *result) {
    const ResultMetric *chance = result_metric(result, "chance");
    if (board->n_columns == GRID_COLUMNS)
        return RAISE(ERR_INPUT,
                     "more than %d kinds of accuracy (task, dataset, model) in one folder of runs; report parts of it",
                     GRID_COLUMNS);
    GridColumn *column = &board->columns[board->n_columns++];
    column->chance = chance ? chance->value : NAN;
    TRY(text_copy(column->task, sizeof column->task, result->task));
    TRY(text_copy(column->dataset, sizeof column->dataset, result->dataset));
    TRY(text_copy(column->protocol, sizeof column->protocol, result->protocol));
    board->n_reduced += grid_column_is_reduced(column);
    return text_copy(column->model, sizeof column->model, result->model);
}

static Err add_row(Grid *board, const char *slug, const Paper *paper) {
    if (board->n_rows == GRID_ROWS)
        return RAISE(ERR_INPUT, "more than %d pre-trainings in one folder of runs", GRID_ROWS);
    GridRow *row = &board->rows[board->n_rows++];
    row->progression = paper_in_progression(paper, slug);
    TRY(text_copy(row->slug, sizeof row->slug, slug));
    return text_copy(row->label, sizeof row->label, paper_label(paper, slug));
}

/* Every experiment and pre-training that a result names, in the order of the results. */
static Err add_names(Grid *board, const Outcomes *outcomes, const Paper *paper) {
    for (int i = 0; i < outcomes->count; i++) {
        const Result *result = &outcomes->items[i].result;
        if (!is_accuracy(result)) continue;
        const char *slug = paper_slug(paper, result->pretraining);
        if (find_column(board, result) < 0) TRY(add_column(board, result));
        if (find_row(board, slug) < 0) TRY(add_row(board, slug, paper));
    }
    return ERR_NONE;
}

/* The primary first, then what shares its dataset, then by dataset, task and model. */
static int compare_columns(const void *a, const void *b) {
    const GridColumn *x = a, *y = b;
    if (x->primary != y->primary) return x->primary ? -1 : 1;
    if (x->beside_primary != y->beside_primary) return x->beside_primary ? -1 : 1;
    int by_dataset = strcmp(x->dataset, y->dataset), by_task = strcmp(x->task, y->task);
    int by_model = strcmp(x->model, y->model);
    return by_dataset ? by_dataset : by_task ? by_task : by_model ? by_model : strcmp(x->protocol, y->protocol);
}

static bool same_readout(const GridColumn *x, const GridColumn *y) {
    return text_equal(x->dataset, y->dataset) && text_equal(x->task, y->task);
}

static void mark_likeness(GridColumn *x, const GridColumn *y) {
    bool same_model = text_equal(x->model, y->model);
    x->shows_model |= !same_model;
    x->shows_protocol |= same_model;
}

/* What a column has to say of itself so that no two have one name. */
static void mark_models(Grid *board) {
    for (int c = 0; c < board->n_columns; c++)
        for (int k = 0; k < board->n_columns; k++)
            if (k != c && same_readout(&board->columns[c], &board->columns[k]))
                mark_likeness(&board->columns[c], &board->columns[k]);
}

/* The paper's order; targets behind it, unknown names last. */
static int row_place(const GridRow *row, const Paper *paper) {
    int order = paper_order(paper, row->slug);
    return order >= 0 ? order : row->target ? 1000 : 2000;
}

/* Insertion keeps rows of one place in the order in which they were found. */
static void sort_rows(Grid *board, const Paper *paper) {
    for (int i = 1; i < board->n_rows; i++) {
        GridRow row = board->rows[i];
        int at = i;
        for (; at > 0 && row_place(&board->rows[at - 1], paper) > row_place(&row, paper); at--)
            board->rows[at] = board->rows[at - 1];
        board->rows[at] = row;
    }
}

/* A pre-training that bears the name of a test set was on its training set: the upper end of the gap. */
static Err mark_targets(Grid *board) {
    for (int r = 0; r < board->n_rows; r++)
        for (int c = 0; c < board->n_columns && !board->rows[r].target; c++)
            if (text_equal(board->rows[r].slug, board->columns[c].dataset)) {
                board->rows[r].target = true;
                TRY(text_format(board->rows[r].label, sizeof board->rows[r].label, "Pre-training on %.90s itself",
                                board->columns[c].dataset));
            }
    return ERR_NONE;
}

static bool is_of(const Outcome *outcome, const OutcomeKey *key, const Paper *paper, const char *slug) {
    return outcomes_match(outcome, key) && text_equal(paper_slug(paper, outcome->result.pretraining), slug);
}

/* The largest budget of pre-training where there are several; NAN: one, or none is known. */
static double largest_budget(const Outcomes *outcomes, const OutcomeKey *key, const Paper *paper, const char *slug) {
    double least = NAN, largest = NAN;
    for (int i = 0; i < outcomes->count; i++) {
        if (!is_of(&outcomes->items[i], key, paper, slug)) continue;
        least = fmin(least, outcomes->items[i].clips); /* fmin and fmax pass over NAN */
        largest = fmax(largest, outcomes->items[i].clips);
    }
    return least < largest ? largest : NAN;
}

/* Results may call one pre-training by several names (aliases); figures under two names count as mixed. */
static void fill_cell(Grid *board, int r, int c, const Outcomes *outcomes, const Paper *paper) {
    const GridColumn *column = &board->columns[c];
    const char *slug = board->rows[r].slug;
    Estimate *cell = &board->cells[r][c];
    OutcomeKey key = {
        .task = column->task, .dataset = column->dataset, .model = column->model, .protocol = column->protocol};
    double largest = largest_budget(outcomes, &key, paper, slug);
    if (!isnan(largest)) key.clips = &largest;
    board->several_budgets = board->several_budgets || key.clips;
    *cell = (Estimate){.state = ESTIMATE_NONE, .value = NAN, .low = NAN, .high = NAN};
    for (int i = 0; i < outcomes->count && cell->state != ESTIMATE_MIXED; i++) {
        const char *name = outcomes->items[i].result.pretraining;
        if (!is_of(&outcomes->items[i], &key, paper, slug)) continue;
        OutcomeKey full = key;
        full.pretraining = name;
        if (cell->state == ESTIMATE_NONE)
            *cell = correctness_estimate(&board->hits[r][c], board->problem, outcomes, &full);
        else if (!text_equal(cell->first->result.pretraining, name))
            *cell = (Estimate){.state = ESTIMATE_MIXED, .value = NAN, .low = NAN, .high = NAN, .first = cell->first};
    }
}

void grid_free(Grid *board) {
    for (int r = 0; r < GRID_ROWS; r++)
        for (int c = 0; c < GRID_COLUMNS; c++) correctness_free(&board->hits[r][c]);
}

/* "TASK:DATASET". A column that is not there yet is no error: its runs may still come. */
static Err mark_primary(Grid *board, const char *primary) {
    size_t length = strcspn(primary, ":");
    bool known = (length == 8 && text_starts(primary, "finetune")) || (length == 5 && text_starts(primary, "probe"));
    if (!primary[0]) return ERR_NONE;
    if (!known || !primary[length] || !primary[length + 1])
        return RAISE(ERR_USAGE,
                     "primary: \"%.80s\", expected finetune:DATASET or probe:DATASET, as in "
                     "finetune:standin-motion",
                     primary);
    for (int c = 0; c < board->n_columns; c++) {
        GridColumn *column = &board->columns[c];
        column->beside_primary = text_equal(column->dataset, primary + length + 1);
        column->primary = column->beside_primary && strlen(column->task) == length &&
                          text_starts(primary, column->task);
    }
    return ERR_NONE;
}

/* Sorted to the front, if it is there. */
int grid_primary(const Grid *board) {
    return board->n_columns > 0 && board->columns[0].primary ? 0 : -1;
}

/* 1. names; 2. the order of columns; 3. of rows; 4. cells. Sorting comes before cells, which do not move any more. */
Err grid_make(Grid *board, const Outcomes *outcomes, const Paper *paper, const char *primary) {
    *board = (Grid){0};
    TRY(add_names(board, outcomes, paper));
    TRY(mark_primary(board, primary));
    qsort(board->columns, (size_t)board->n_columns, sizeof *board->columns, compare_columns);
    mark_models(board);
    TRY(mark_targets(board));
    sort_rows(board, paper);
    for (int r = 0; r < board->n_rows; r++)
        for (int c = 0; c < board->n_columns; c++) fill_cell(board, r, c, outcomes, paper);
    return ERR_NONE;
}

/* NULL: no such row, or a cell without one figure. */
const Estimate *grid_find(const Grid *board, int column, const char *slug) {
    int row = find_row(board, slug);
    return row >= 0 && board->cells[row][column].state == ESTIMATE_PRESENT ? &board->cells[row][column] : NULL;
}

/* The upper end of the gap: the run that was pre-trained on the experiment's own dataset. */
const Estimate *grid_target(const Grid *board, int column) {
    return grid_find(board, column, board->columns[column].dataset);
}

/* Our target has its counterpart in the paper's, pre-training on real videos. */
double grid_paper_figure(const PaperExperiment *experiment, const GridRow *row) {
    return paper_accuracy(experiment, row->target ? experiment->high : row->slug);
}

const char *grid_column_title(char *out, size_t size, const GridColumn *column) {
    snprintf(out, size, "%s, %s%s%s%s%s%s", column->dataset,
             text_equal(column->task, "finetune") ? "fine-tune" : column->task, column->shows_model ? ", " : "",
             column->shows_model ? column->model : "", column->shows_protocol ? ", " : "",
             column->shows_protocol ? column->protocol : "", column->primary ? ", primary" : "");
    return out;
}

bool grid_column_is_reduced(const GridColumn *column) {
    return text_equal(column->protocol, PROTOCOL_REDUCED) || text_equal(column->protocol, PROTOCOL_REHEARSAL);
}

const char *grid_column_label(char *out, size_t size, const GridColumn *column) {
    char title[4 * NAME_SIZE];
    const char *word = grid_column_is_reduced(column) ? " (reduced)" : "";
    size_t room = size - strlen(word) - 1; /* a long name may lose its end, the word may not be lost */
    grid_column_title(title, sizeof title, column);
    snprintf(out, size, "%.*s%s", (int)utf8_cut(title, room), title, word);
    return out;
}

const char *grid_column_key(char *out, size_t size, const GridColumn *column) {
    char whole[4 * NAME_SIZE];
    snprintf(whole, sizeof whole, "%s%s%s%s%s-%s", column->shows_model ? column->model : "",
             column->shows_model ? "-" : "", column->shows_protocol ? column->protocol : "",
             column->shows_protocol ? "-" : "", column->task, column->dataset);
    return escape_file_name(out, size, whole);
}

double accuracy_axis_end(double largest) {
    return fmin(10 * (floor(largest / 10) + 1), 100);
}

double grid_axis_end(const Grid *board, const char *dataset) {
    double largest = 0;
    for (int c = 0; c < board->n_columns; c++) {
        if (!text_equal(board->columns[c].dataset, dataset)) continue;
        for (int r = 0; r < board->n_rows; r++) /* fmax passes over NAN */
            largest = fmax(largest, fmax(board->cells[r][c].value, board->cells[r][c].high));
    }
    return accuracy_axis_end(largest);
}

/* From the crossed model where there are predictions; else from the interval, which is +- quantile times the error:
 * Student's over seeds, normal for one seed. */
double grid_error(const Estimate *estimate) {
    const double alone[CROSSED_MEASURES] = {1, 0, 0};
    Crossed crossed;
    if (estimate->n_seeds > 1 && correctness_cross(&crossed, &estimate->hits, 1))
        return 100 * crossed_standard_error(&crossed, alone);
    double quantile = estimate->n_seeds > 1 ? student_quantile_two_sided(0.05, estimate->n_seeds - 1) : INTERVAL_Z;
    return (estimate->high - estimate->low) / (2 * quantile);
}

/* Of the seeds and videos that both have (math/crossed). */
static bool paired_difference(Difference *out, const Estimate *a, const Estimate *b) {
    const Correctness *both[2] = {a->hits, b->hits};
    Crossed crossed;
    if (!correctness_cross(&crossed, both, 2)) return false;
    Interval interval = crossed_difference(&crossed, 0, 1);
    *out = (Difference){100 * (crossed.mean[0] - crossed.mean[1]), 100 * interval.low, 100 * interval.high,
                        crossed.n_seeds, crossed.n_items};
    return true;
}

bool grid_difference(Difference *out, const Estimate *a, const Estimate *b) {
    if (!a || !b || isnan(a->low) || isnan(b->low)) return false;
    if (paired_difference(out, a, b)) return true;
    Interval interval =
        interval_difference(a->value, (Interval){a->low, a->high}, b->value, (Interval){b->low, b->high}, 0);
    *out = (Difference){a->value - b->value, interval.low, interval.high, 0, 0};
    return true;
}
