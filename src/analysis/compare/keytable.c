/* The table beside Figure 5, and its pictures: what principal components of attention keys explain. */
#include "analysis/compare/inventory.h"

#include "base/system/file.h"

/* Shares of variance; what position explains is the figure that the maps only suggest. */
static const struct {
    const char *metric, *label;
} shown[] = {
    {"explained_1", "1st component, %"},
    {"explained_2", "2nd, %"},
    {"explained_3", "3rd, %"},
    {"position_share", "Explained by position, %"},
};
enum { N_SHOWN = sizeof shown / sizeof *shown, FIRST_FIGURE = 2 };

/* A model may have been shown several sets of videos: a row each. A figure that a run lacks stays empty. */
static Err fill_row(Table *table, const Outcome *outcome, const Paper *paper) {
    const Result *result = &outcome->result;
    int row;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, 0, "%s%s", paper_label(paper, result->pretraining),
                   text_equal(result->protocol, PROTOCOL_REDUCED) ? " (reduced)" : ""));
    TRY(table_text(table, row, 1, "%s", result->dataset));
    for (int m = 0; m < N_SHOWN; m++) {
        const ResultMetric *metric = result_metric(result, shown[m].metric);
        if (metric) table_number(table, row, FIRST_FIGURE + m, metric->value);
    }
    return table_text(table, row, FIRST_FIGURE + N_SHOWN, "%s", path_base(outcome->folder));
}

/* A row a run of `synvid keys`. */
Err keytable_make(Table *table, const Outcomes *outcomes, const Paper *paper) {
    TableColumn columns[FIRST_FIGURE + N_SHOWN + 1] = {{.label = "Pre-training", .kind = COLUMN_TEXT},
                                                       {.label = "Videos", .kind = COLUMN_TEXT}};
    const OutcomeKey key = {.task = "keys"};
    for (int m = 0; m < N_SHOWN; m++) {
        columns[FIRST_FIGURE + m] = (TableColumn){.kind = COLUMN_NUMBER, .digits = 1};
        TRY(text_copy(columns[FIRST_FIGURE + m].label, sizeof columns->label, shown[m].label));
    }
    columns[FIRST_FIGURE + N_SHOWN] = (TableColumn){.label = "Run", .kind = COLUMN_TEXT};
    TRY(table_new(table, "fig5", "Figure 5: attention keys of the last layer", columns,
                  sizeof columns / sizeof *columns));
    TRY(text_copy(table->caption, sizeof table->caption,
                  "Principal components of all keys of one model together. The paper shows the maps only: early models "
                  "have patterns of position, late ones follow what is seen; the share that position explains puts a "
                  "number on it. Maps: keys.png of each run."));
    for (int i = 0; i < outcomes->count; i++)
        if (outcomes_match(&outcomes->items[i], &key)) TRY(fill_row(table, &outcomes->items[i], paper));
    return ERR_NONE;
}

/* Made by the runs themselves. */
Err keytable_pictures(Page *page, const Outcomes *outcomes, const Paper *paper) {
    const OutcomeKey key = {.task = "keys"};
    /* a run whose picture was taken away keeps its row in the table */
    page_grid_begin(page, "wide");
    for (int i = 0; i < outcomes->count; i++) {
        const Outcome *outcome = &outcomes->items[i];
        char path[PATH_SIZE], caption[512];
        if (!outcomes_match(outcome, &key)) continue;
        TRY(path_join(path, sizeof path, outcome->folder, "keys.png"));
        if (!file_exists(path)) continue;
        snprintf(caption, sizeof caption, "%s, shown %s: frames, and below them the keys of the last layer.",
                 paper_label(paper, outcome->result.pretraining), outcome->result.dataset);
        TRY(page_picture_file(page, path, caption, caption));
    }
    page_grid_end(page);
    return ERR_NONE;
}
