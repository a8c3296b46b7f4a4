/* Runs as the report lists them, and under a fold the record of each: commands, versions, times, deviations. */
#include "analysis/compare/inventory.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/text/escape.h"

#include <cjson/cJSON.h>

static const size_t run_bytes_max = (size_t)16 << 20;

/* "train a1b2c3d4e5f6, test ...": enough digits to find the data again. */
static Err inputs_text(Table *table, int row, int column, const Result *result) {
    Builder text = {0};
    for (int i = 0; i < result->n_inputs; i++)
        builder_add(&text, "%s%s %.12s", i ? ", " : "", result->inputs[i].role, result->inputs[i].digest);
    Err err = builder_check(&text, "inputs");
    if (!err) err = table_text(table, row, column, "%s", text.data ? text.data : "");
    builder_free(&text);
    return err;
}

/* What a reader needs to find a run and to know what went into it. */
Err runtable_make(Table *table, const Outcomes *outcomes) {
    const TableColumn columns[] = {
        {.label = "Run", .kind = COLUMN_TEXT},      {.label = "Task", .kind = COLUMN_TEXT},
        {.label = "Dataset", .kind = COLUMN_TEXT},  {.label = "Pre-training", .kind = COLUMN_TEXT},
        {.label = "Model", .kind = COLUMN_TEXT},    {.label = "Seed", .kind = COLUMN_TEXT},
        {.label = "Protocol", .kind = COLUMN_TEXT}, {.label = "Inputs (first 12 digits)", .kind = COLUMN_TEXT},
    };
    TRY(table_new(table, "runs", "Runs", columns, sizeof columns / sizeof *columns));
    for (int i = 0; i < outcomes->count; i++) {
        const Result *result = &outcomes->items[i].result;
        int row;
        TRY(table_add_row(table, &row));
        TRY(table_text(table, row, 0, "%s", path_base(outcomes->items[i].folder)));
        TRY(table_text(table, row, 1, "%s", result->task));
        TRY(table_text(table, row, 2, "%s", result->dataset));
        TRY(table_text(table, row, 3, "%s", result->pretraining));
        TRY(table_text(table, row, 4, "%s", result->model));
        TRY(table_text(table, row, 5, "%llu", (unsigned long long)result->seed));
        TRY(table_text(table, row, 6, "%s", result->protocol));
        TRY(inputs_text(table, row, 7, result));
    }
    return ERR_NONE;
}

/* A life is one start of the run, to its end or to the stop that the next one went on from. */
static void add_life(Page *page, const cJSON *life) {
    static const char *const shown[] = {"began", "ended", "exit", "hosts", "ranks", "threads", "version"};
    builder_add_text(&page->html, "<p><code>");
    const char *command = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(life, "command"));
    escape_html(&page->html, command ? command : "");
    builder_add_text(&page->html, "</code><br><small>");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(life, shown[i]);
        char number[32];
        if (!value) continue;
        builder_add(&page->html, "%s ", shown[i]);
        escape_html(&page->html, cJSON_IsString(value) ? value->valuestring
                                                       : json_number(number, sizeof number, value->valuedouble));
        builder_add_text(&page->html, "; ");
    }
    builder_add_text(&page->html, "</small></p>\n");
}

/* Why the result does not stand in the paper's tables. */
static void add_deviations(Page *page, const Result *result) {
    if (result->n_deviations == 0) return;
    builder_add_text(&page->html, "<p class=\"caption\">Reduced: ");
    for (int i = 0; i < result->n_deviations; i++) {
        builder_add_text(&page->html, i ? "; " : "");
        escape_html(&page->html, result->deviations[i]);
    }
    builder_add_text(&page->html, "</p>\n");
}

/* A record that cannot be read is a warning on the page: the result beside it counts all the same. */
static Err add_run(Page *page, const Outcome *outcome) {
    char path[PATH_SIZE];
    cJSON *tree = NULL;
    const cJSON *life;
    builder_add_text(&page->html, "<h4>");
    escape_html(&page->html, path_base(outcome->folder));
    builder_add_text(&page->html, "</h4>\n");
    TRY(path_join(path, sizeof path, outcome->folder, "run.json"));
    if (file_exists(path) && json_read(&tree, path, run_bytes_max, ERR_INPUT))
        page_remark(page, "warning", "run.json: %s", err_message());
    cJSON_ArrayForEach(life, cJSON_GetObjectItemCaseSensitive(tree, "lives")) {
        add_life(page, life);
    }
    cJSON_Delete(tree);
    add_deviations(page, &outcome->result);
    return ERR_NONE;
}

/* Folded: of use to whoever wants to do it again. */
Err runtable_add_commands(Page *page, const Outcomes *outcomes) {
    if (outcomes->count == 0) return ERR_NONE;
    page_fold_begin(page, "Commands, versions, times, and every deviation from the paper's protocol");
    for (int i = 0; i < outcomes->count; i++) TRY(add_run(page, &outcomes->items[i]));
    page_fold_end(page);
    return ERR_NONE;
}
