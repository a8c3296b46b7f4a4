/* The paper's statements on our figures. A statement compares two sets of pre-trainings; every pair of them is a paired
 * difference with its interval, and the verdict is that of all pairs together. */
#include "analysis/compare/accuracy_tables.h"

#include <math.h>

enum { NEAR_CHANCE = 2 };

/* "target" stands for pre-training on the column's own dataset. */
static const Estimate *find_named(const Grid *board, int column, const char *name) {
    return text_equal(name, "target") ? grid_target(board, column) : grid_find(board, column, name);
}

/* "Near chance" means below twice chance, interval included. */
static Verdict chance_verdict(const PaperStatement *statement, const Grid *board, int column) {
    Verdict verdict = {.kind = VERDICT_NOT_RUN};
    const Estimate *estimate = statement->a.n ? find_named(board, column, statement->a.texts[0]) : NULL;
    double chance = board->columns[column].chance;
    if (!estimate || isnan(estimate->low) || isnan(chance)) return verdict;
    verdict.n_compared = 1;
    verdict.n_true = estimate->high < NEAR_CHANCE * chance;
    verdict.kind = verdict.n_true                         ? VERDICT_TRUE
                   : estimate->low > NEAR_CHANCE * chance ? VERDICT_FALSE
                                                          : VERDICT_UNDECIDED;
    snprintf(verdict.detail, sizeof verdict.detail, "%.1f [%.1f, %.1f], chance %.1f", estimate->value, estimate->low,
             estimate->high, chance);
    return verdict;
}

/* False as soon as one pair is clearly the other way; true only while all are clear. */
static void add_difference(Verdict *verdict, const Difference *found) {
    verdict->n_compared++;
    verdict->n_true += found->low > 0;
    if (found->high < 0)
        verdict->kind = VERDICT_FALSE;
    else if (found->low <= 0 && verdict->kind != VERDICT_FALSE)
        verdict->kind = VERDICT_UNDECIDED;
    else if (verdict->kind == VERDICT_NOT_RUN)
        verdict->kind = VERDICT_TRUE;
    snprintf(verdict->detail, sizeof verdict->detail, "%+.1f [%+.1f, %+.1f]", found->value, found->low, found->high);
}

/* Pairs of which one is not run do not count. Disjoint intervals are counted beside, as the older, weaker test. */
static Verdict greater_verdict(const PaperStatement *statement, const Grid *board, int column) {
    Verdict verdict = {.kind = VERDICT_NOT_RUN};
    for (int b = 0; b < statement->b.n; b++) {
        const Estimate *other = find_named(board, column, statement->b.texts[b]);
        for (int a = 0; a < statement->a.n; a++) {
            Difference found;
            const Estimate *one = find_named(board, column, statement->a.texts[a]);
            if (grid_difference(&found, one, other)) add_difference(&verdict, &found);
            verdict.n_disjoint += one && other && one->low > other->high;
        }
    }
    if (verdict.n_compared > 1)
        snprintf(verdict.detail, sizeof verdict.detail, "%d of %d clearly higher (%d with disjoint intervals)",
                 verdict.n_true, verdict.n_compared, verdict.n_disjoint);
    return verdict;
}

/* Unless a statement says otherwise it is about fine-tuning on UCF101. */
static const PaperExperiment *experiment_of(const PaperStatement *statement, const Paper *paper) {
    const char *key = statement->experiment;
    return paper_experiment(paper, key[0] ? key : "ucf101-finetune");
}

/* A statement about the probe says nothing about fine-tuning. */
static bool is_about(const PaperStatement *statement, const Paper *paper, const GridColumn *column) {
    const PaperExperiment *experiment = experiment_of(statement, paper);
    return !statement->experiment[0] || (experiment && text_equal(experiment->task, column->task));
}

/* Against chance, or one set of pre-trainings against another. */
Verdict statement_verdict(const PaperStatement *statement, const Grid *board, int column) {
    return text_equal(statement->test, "chance") ? chance_verdict(statement, board, column)
                                                 : greater_verdict(statement, board, column);
}

const char *verdict_word(VerdictKind kind) {
    static const char *const words[] = {"not run", "true", "false", "undecided"};
    return words[kind];
}

/* The same comparison in the paper's own figures: "holds: +17.4", "does not: -0.4 to +1.2". */
static Err paper_cell(Table *table, int row, int column, const PaperStatement *statement, const Paper *paper) {
    const PaperExperiment *experiment = experiment_of(statement, paper);
    bool at_least = text_equal(statement->test, "at least");
    double low = INFINITY, high = -INFINITY;
    if (text_equal(statement->test, "chance"))
        return table_text(table, row, column, "does not: %.1f of 101 classes", paper_accuracy(experiment, "random"));
    for (int b = 0; b < statement->b.n; b++) {
        const char *other = statement->b.texts[b];
        if (experiment && text_equal(other, "target")) other = experiment->high;
        for (int a = 0; a < statement->a.n; a++) {
            double difference = paper_accuracy(experiment, statement->a.texts[a]) - paper_accuracy(experiment, other);
            low = fmin(low, difference);
            high = fmax(high, difference);
        }
    }
    /* Figures have one decimal: half of it is no difference. */
    const char *word = (at_least ? low > -0.05 : low > 0.05) ? "holds" : "does not";
    if (high - low < 0.05) return table_text(table, row, column, "%s: %+.1f", word, low);
    return table_text(table, row, column, "%s: %+.1f to %+.1f", word, low, high);
}

/* Whether the paper itself has all figures that one side of the statement compares in the experiment. */
static bool paper_has(const PaperTexts *names, const PaperExperiment *experiment) {
    for (int i = 0; i < names->n; i++) {
        bool target = text_equal(names->texts[i], "target");
        if (target && !text_equal(experiment->high, experiment->dataset)) return false;
        if (!target && isnan(paper_accuracy(experiment, names->texts[i]))) return false;
    }
    return true;
}

/* Where the column is one of the paper's experiments: whether the paper itself has the figures that the statement
 * compares there. */
static bool paper_compares(const PaperStatement *statement, const Paper *paper, const GridColumn *column) {
    for (const PaperExperiment *e = paper->experiments; e < paper->experiments + paper->n_experiments; e++)
        if (text_equal(e->task, column->task) && text_equal(e->dataset, column->dataset) &&
            text_equal(e->model, column->model) && !(paper_has(&statement->a, e) && paper_has(&statement->b, e)))
            return false;
    return true;
}

/* A cell an experiment of ours; counts are of all cells, for the header. */
static Err fill_row(Table *table, int counts[4], const PaperStatement *statement, const Grid *board,
                    const Paper *paper) {
    int row;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, 0, "%s", statement->claim));
    for (int c = 0; c < board->n_columns; c++) {
        const GridColumn *about = &board->columns[c];
        if (!is_about(statement, paper, about) || !paper_compares(statement, paper, about)) continue;
        Verdict verdict = statement_verdict(statement, board, c);
        if (counts) counts[verdict.kind]++;
        TRY(table_text(table, row, c + 1, "%s%s%s", verdict_word(verdict.kind), verdict.detail[0] ? ": " : "",
                       verdict.detail));
    }
    return paper_cell(table, row, board->n_columns + 1, statement, paper);
}

Err statements_table(Table *table, int counts[4], const Grid *board, const Paper *paper) {
    TableColumn columns[GRID_COLUMNS + 2] = {{.label = "Statement", .kind = COLUMN_TEXT}};
    for (int c = 0; c < board->n_columns; c++) {
        columns[c + 1] = (TableColumn){.kind = COLUMN_TEXT, .verdict = true};
        grid_column_label(columns[c + 1].label, sizeof columns[c + 1].label, &board->columns[c]);
    }
    columns[board->n_columns + 1] =
        (TableColumn){.label = "In the paper's own figures", .kind = COLUMN_TEXT, .paper = true};
    TRY(table_new(table, "statements", "What the paper states, checked on our figures", columns, board->n_columns + 2));
    TRY(text_copy(
        table->caption, sizeof table->caption,
        "Differences of top-1 accuracy in points with 95 % intervals, paired over seeds and test videos where the "
        "predictions are there. True: the interval lies above zero; "
        "false: below; undecided: it "
        "holds zero; near chance: below twice chance. Reduced runs decide about themselves only, not about the "
        "paper."));
    for (const PaperStatement *statement = paper->statements; statement < paper->statements + paper->n_statements;
         statement++) {
        TRY(fill_row(table, counts, statement, board, paper));
    }
    return ERR_NONE;
}
