#include "analysis/compare/statements.h"

#include <cjson/cJSON.h>
#include <math.h>

enum { NEAR_CHANCE = 2 };

static const cJSON *names_of(const cJSON *statement, const char *side) {
    return cJSON_GetObjectItemCaseSensitive(statement, side);
}

/* "target" stands for pre-training on the column's own dataset. */
static const Estimate *find_named(const Grid *board, int column, const cJSON *name) {
    if (!cJSON_IsString(name)) return NULL;
    return text_equal(name->valuestring, "target") ? grid_target(board, column)
                                                   : grid_find(board, column, name->valuestring);
}

static Verdict chance_verdict(const cJSON *statement, const Grid *board, int column) {
    Verdict verdict = {.kind = VERDICT_NOT_RUN};
    const Estimate *estimate = find_named(board, column, cJSON_GetArrayItem(names_of(statement, "a"), 0));
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

static Verdict greater_verdict(const cJSON *statement, const Grid *board, int column) {
    Verdict verdict = {.kind = VERDICT_NOT_RUN};
    const cJSON *name, *against;
    cJSON_ArrayForEach(against, names_of(statement, "b")) {
        const Estimate *other = find_named(board, column, against);
        cJSON_ArrayForEach(name, names_of(statement, "a")) {
            Difference found;
            const Estimate *one = find_named(board, column, name);
            if (grid_difference(&found, one, other)) add_difference(&verdict, &found);
            verdict.n_disjoint += one && other && one->low > other->high;
        }
    }
    if (verdict.n_compared > 1)
        snprintf(verdict.detail, sizeof verdict.detail, "%d of %d clearly higher (%d with disjoint intervals)",
                 verdict.n_true, verdict.n_compared, verdict.n_disjoint);
    return verdict;
}

static const cJSON *experiment_of(const cJSON *statement, const Paper *paper) {
    const char *key = paper_text(statement, "experiment");
    return paper_experiment(paper, key[0] ? key : "ucf101-finetune");
}

/* A statement about the probe says nothing about fine-tuning. */
static bool is_about(const cJSON *statement, const Paper *paper, const GridColumn *column) {
    return !paper_text(statement, "experiment")[0] ||
           text_equal(paper_text(experiment_of(statement, paper), "task"), column->task);
}

Verdict statement_verdict(const cJSON *statement, const Grid *board, int column) {
    return text_equal(paper_text(statement, "test"), "chance") ? chance_verdict(statement, board, column)
                                                               : greater_verdict(statement, board, column);
}

const char *verdict_word(VerdictKind kind) {
    static const char *const words[] = {"not run", "true", "false", "undecided"};
    return words[kind];
}

/* The same comparison in the paper's own figures: "holds: +17.4", "does not: -0.4 to +1.2". */
static Err paper_cell(Table *table, int row, int column, const cJSON *statement, const Paper *paper) {
    const cJSON *name, *other, *experiment = experiment_of(statement, paper);
    const char *key = paper_text(experiment, "key");
    bool at_least = text_equal(paper_text(statement, "test"), "at least");
    double low = INFINITY, high = -INFINITY;
    if (text_equal(paper_text(statement, "test"), "chance"))
        return table_text(table, row, column, "does not: %.1f of 101 classes", paper_accuracy(paper, key, "random"));
    cJSON_ArrayForEach(other, names_of(statement, "b")) {
        const char *base = text_equal(other->valuestring, "target") ? paper_text(experiment, "high")
                                                                    : other->valuestring;
        cJSON_ArrayForEach(name, names_of(statement, "a")) {
            double difference = paper_accuracy(paper, key, name->valuestring) - paper_accuracy(paper, key, base);
            low = fmin(low, difference);
            high = fmax(high, difference);
        }
    }
    /* Figures have one decimal: half of it is no difference. */
    const char *word = (at_least ? low > -0.05 : low > 0.05) ? "holds" : "does not";
    if (high - low < 0.05) return table_text(table, row, column, "%s: %+.1f", word, low);
    return table_text(table, row, column, "%s: %+.1f to %+.1f", word, low, high);
}

/* Where the column is one of the paper's experiments: whether the paper itself has the figures that the statement
 * compares there. */
static bool paper_compares(const cJSON *statement, const Paper *paper, const GridColumn *column) {
    const cJSON *experiment, *name;
    cJSON_ArrayForEach(experiment, paper_list(paper, "experiments")) {
        if (!text_equal(paper_text(experiment, "task"), column->task) ||
            !text_equal(paper_text(experiment, "dataset"), column->dataset) ||
            !text_equal(paper_text(experiment, "model"), column->model))
            continue;
        for (int side = 0; side < 2; side++) cJSON_ArrayForEach(name, names_of(statement, side ? "b" : "a")) {
                bool target = text_equal(name->valuestring, "target");
                if (target && !text_equal(paper_text(experiment, "high"), column->dataset)) return false;
                if (!target && isnan(paper_accuracy(paper, paper_text(experiment, "key"), name->valuestring)))
                    return false;
            }
    }
    return true;
}

static Err fill_row(Table *table, int counts[4], const cJSON *statement, const Grid *board, const Paper *paper) {
    int row;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, 0, "%s", paper_text(statement, "claim")));
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
    const cJSON *statement;
    for (int c = 0; c < board->n_columns; c++) {
        columns[c + 1] = (TableColumn){.kind = COLUMN_TEXT, .verdict = true};
        grid_column_title(columns[c + 1].label, sizeof columns[c + 1].label, &board->columns[c]);
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
    cJSON_ArrayForEach(statement, paper_list(paper, "statements")) {
        TRY(fill_row(table, counts, statement, board, paper));
    }
    return ERR_NONE;
}
