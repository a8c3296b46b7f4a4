#include "analysis/report/internal/rehearsed.h"

Err rehearsed_set_apart(Table *table) {
    char name[sizeof table->name], title[sizeof table->title];
    TRY(table_drop_paper(table));
    TRY(text_copy(name, sizeof name, table->name));
    TRY(text_copy(title, sizeof title, table->title));
    TRY(text_format(table->name, sizeof table->name, "rehearsal-%s", name));
    TRY(text_format(table->title, sizeof table->title, "Rehearsal: %s", title));
    for (int c = 0; c < table->n_columns; c++)
        if (text_equal(table->columns[c].label, "Ours"))
            TRY(text_copy(table->columns[c].label, sizeof table->columns[c].label, "Rehearsed"));
    return text_copy(table->caption, sizeof table->caption,
                     "Figures of a rehearsal: the paper's experiment with a network, videos and epochs too few to "
                     "say anything. They show which cells get filled.");
}

/* Weights of others are imported in a rehearsal as in the real run: a result without a figure. */
static bool is_import(const Outcome *outcome) {
    return text_equal(outcome->result.task, "import");
}

bool rehearsed_only(Outcomes *outcomes, int *n_left) {
    int n_rehearsals = 0, n_imports = 0;
    for (int i = 0; i < outcomes->count; i++) {
        n_rehearsals += result_is_rehearsal(&outcomes->items[i].result);
        n_imports += is_import(&outcomes->items[i]);
    }
    bool only = n_rehearsals > 0 && n_rehearsals + n_imports == outcomes->count;
    *n_left = only ? 0 : n_rehearsals;
    outcomes_keep_rehearsals(outcomes, only);
    return only;
}
