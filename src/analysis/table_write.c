/* The writers of analysis/table for paper, spreadsheet, terminal and programs; HTML is in table_html.c. */
#include "analysis/escape.h"
#include "analysis/table.h"

#include "base/json.h"

#include <cjson/cJSON.h>

#include <math.h>

static const TableCell *cell_of(const Table *table, int row, int column) {
    return &table->cells[(size_t)row * (size_t)table->n_columns + (size_t)column];
}

static bool is_figure(const TableColumn *column) {
    return column->kind != COLUMN_TEXT;
}

/* What a reader sees in a cell, before escaping. */
static void cell_text(Builder *out, const TableColumn *column, const TableCell *cell) {
    if (!is_figure(column) || isnan(cell->value)) {
        builder_add_text(out, cell->text ? cell->text : is_figure(column) ? "-" : "");
        return;
    }
    builder_add(out, "%.*f", column->digits, cell->value);
    if (column->kind == COLUMN_ESTIMATE && !isnan(cell->low))
        builder_add(out, " [%.*f, %.*f]", column->digits, cell->low, column->digits, cell->high);
}

static void escaped_cell(Builder *out, const TableColumn *column, const TableCell *cell,
                         void (*escape)(Builder *, const char *)) {
    Builder text = {0};
    cell_text(&text, column, cell);
    if (text.failed)
        out->failed = true;
    else if (text.data)
        escape(out, text.data);
    builder_free(&text);
}

static void csv_number(Builder *out, double value) {
    char text[32];
    if (!isnan(value)) builder_add_text(out, json_number(text, sizeof text, value));
}

static void csv_header(Builder *out, const TableColumn *column) {
    char label[128];
    escape_csv(out, column->label);
    for (int bound = 0; column->kind == COLUMN_ESTIMATE && bound < 2; bound++) {
        snprintf(label, sizeof label, "%s %s", column->label, bound ? "high" : "low");
        builder_add_text(out, ",");
        escape_csv(out, label);
    }
}

static void csv_cell(Builder *out, const TableColumn *column, const TableCell *cell) {
    if (!is_figure(column) || (isnan(cell->value) && cell->text))
        escape_csv(out, cell->text ? cell->text : "");
    else
        csv_number(out, cell->value);
    if (column->kind != COLUMN_ESTIMATE) return;
    builder_add_text(out, ",");
    csv_number(out, cell->low);
    builder_add_text(out, ",");
    csv_number(out, cell->high);
}

void table_csv(Builder *out, const Table *table) {
    for (int c = 0; c < table->n_columns; c++) {
        if (c > 0) builder_add_text(out, ",");
        csv_header(out, &table->columns[c]);
    }
    builder_add_text(out, "\n");
    for (int r = 0; r < table->n_rows; r++) {
        for (int c = 0; c < table->n_columns; c++) {
            if (c > 0) builder_add_text(out, ",");
            csv_cell(out, &table->columns[c], cell_of(table, r, c));
        }
        builder_add_text(out, "\n");
    }
}

void table_markdown(Builder *out, const Table *table) {
    builder_add(out, "**%s**\n\n|", table->title);
    for (int c = 0; c < table->n_columns; c++) {
        builder_add_text(out, " ");
        escape_markdown(out, table->columns[c].label);
        builder_add_text(out, " |");
    }
    builder_add_text(out, "\n|");
    for (int c = 0; c < table->n_columns; c++) builder_add_text(out, is_figure(&table->columns[c]) ? "---:|" : "---|");
    builder_add_text(out, "\n");
    for (int r = 0; r < table->n_rows; r++) {
        builder_add_text(out, "|");
        for (int c = 0; c < table->n_columns; c++) {
            builder_add_text(out, " ");
            escaped_cell(out, &table->columns[c], cell_of(table, r, c), escape_markdown);
            builder_add_text(out, " |");
        }
        builder_add_text(out, "\n");
    }
    if (table->caption[0]) builder_add(out, "\n%s\n", table->caption);
}

void table_latex(Builder *out, const Table *table) {
    builder_add_text(
        out, "% needs \\usepackage{booktabs} and \\usepackage[T1]{fontenc}\n\\begin{table}\n\\centering\n\\caption{");
    escape_latex(out, table->title);
    if (table->caption[0]) builder_add_text(out, ". ");
    escape_latex(out, table->caption);
    builder_add(out, "}\n\\label{tab:%s}\n\\begin{tabular}{", table->name);
    for (int c = 0; c < table->n_columns; c++) builder_add_text(out, is_figure(&table->columns[c]) ? "r" : "l");
    builder_add_text(out, "}\n\\toprule\n");
    for (int c = 0; c < table->n_columns; c++) {
        if (c > 0) builder_add_text(out, " & ");
        escape_latex(out, table->columns[c].label);
    }
    builder_add_text(out, " \\\\\n\\midrule\n");
    for (int r = 0; r < table->n_rows; r++) {
        if (table->rule_above[r] && r > 0) builder_add_text(out, "\\midrule\n");
        for (int c = 0; c < table->n_columns; c++) {
            if (c > 0) builder_add_text(out, " & ");
            escaped_cell(out, &table->columns[c], cell_of(table, r, c), escape_latex);
        }
        builder_add_text(out, " \\\\\n");
    }
    builder_add_text(out, "\\bottomrule\n\\end{tabular}\n\\end{table}\n");
}

/* Width of a UTF-8 text in characters: continuation bytes do not count. */
static int text_width(const char *text) {
    int width = 0;
    for (; *text; text++) width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* The text of a cell, of the column's label for row -1, or "". */
static void plain_cell(Builder *out, const Table *table, int row, int column) {
    if (row < 0)
        builder_add_text(out, table->columns[column].label);
    else
        cell_text(out, &table->columns[column], cell_of(table, row, column));
}

static int plain_width(const Table *table, int column) {
    int width = 0;
    for (int r = -1; r < table->n_rows; r++) {
        Builder text = {0};
        plain_cell(&text, table, r, column);
        if (text.data && text_width(text.data) > width) width = text_width(text.data);
        builder_free(&text);
    }
    return width;
}

/* A column in which nothing stands is left out: terminals are narrow. */
static bool plain_empty(const Table *table, int column) {
    for (int r = 0; r < table->n_rows; r++) {
        const TableCell *cell = cell_of(table, r, column);
        if ((cell->text && cell->text[0]) || !isnan(cell->value)) return false;
    }
    return table->n_rows > 0;
}

static void plain_column(Builder *rows, const Table *table, int column) {
    int width = plain_width(table, column);
    bool right = is_figure(&table->columns[column]), last = column + 1 == table->n_columns;
    for (int r = -1; r < table->n_rows; r++) {
        Builder text = {0};
        plain_cell(&text, table, r, column);
        int pad = width - (text.data ? text_width(text.data) : 0);
        builder_add(&rows[r + 1], "%*s%s%*s", right ? pad : 0, "", text.data ? text.data : "", right || last ? 0 : pad,
                    "");
        if (!last) builder_add_text(&rows[r + 1], "  ");
        builder_free(&text);
    }
}

void table_plain(Builder *out, const Table *table) {
    Builder *rows = calloc((size_t)table->n_rows + 1, sizeof *rows);
    builder_add(out, "%s\n", table->title);
    for (int c = 0; rows && c < table->n_columns; c++)
        if (!plain_empty(table, c)) plain_column(rows, table, c);
    for (int r = 0; rows && r <= table->n_rows; r++) {
        size_t length = rows[r].length;
        while (length > 0 && rows[r].data[length - 1] == ' ') length--;
        builder_add(out, "%.*s\n", (int)length, rows[r].data ? rows[r].data : "");
        out->failed = out->failed || rows[r].failed;
        builder_free(&rows[r]);
    }
    out->failed = out->failed || !rows;
    free(rows);
    if (table->caption[0]) builder_add_wrapped(out, table->caption, 0, 0, 100);
    if (table->caption[0]) builder_add_text(out, "\n");
}

static bool json_figure(cJSON *object, const TableColumn *column, const TableCell *cell) {
    cJSON *estimate;
    if (column->kind == COLUMN_NUMBER || isnan(cell->low))
        return cJSON_AddNumberToObject(object, column->label, cell->value);
    estimate = cJSON_AddObjectToObject(object, column->label);
    return estimate && cJSON_AddNumberToObject(estimate, "value", cell->value) &&
           cJSON_AddNumberToObject(estimate, "low", cell->low) && cJSON_AddNumberToObject(estimate, "high", cell->high);
}

static bool json_row(cJSON *rows, const Table *table, int row) {
    cJSON *object = cJSON_CreateObject();
    bool complete = object && cJSON_AddItemToArray(rows, object);
    for (int c = 0; complete && c < table->n_columns; c++) {
        const TableCell *cell = cell_of(table, row, c);
        const char *label = table->columns[c].label;
        if (is_figure(&table->columns[c]) && !isnan(cell->value))
            complete = json_figure(object, &table->columns[c], cell);
        else
            complete = cell->text ? cJSON_AddStringToObject(object, label, cell->text)
                                  : cJSON_AddNullToObject(object, label);
    }
    return complete;
}

void table_json(Builder *out, const Table *table) {
    char *text = NULL;
    cJSON *tree = cJSON_CreateObject(), *rows = tree ? cJSON_AddArrayToObject(tree, "rows") : NULL;
    bool complete = rows && cJSON_AddStringToObject(tree, "name", table->name) &&
                    cJSON_AddStringToObject(tree, "title", table->title) &&
                    cJSON_AddStringToObject(tree, "caption", table->caption);
    for (int r = 0; complete && r < table->n_rows; r++) complete = json_row(rows, table, r);
    if (!complete || json_print(&text, tree))
        out->failed = true;
    else
        builder_add_text(out, text);
    free(text);
    cJSON_Delete(tree);
}
