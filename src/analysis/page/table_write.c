/* The writers of analysis/page/table for paper, spreadsheet, terminal and programs; HTML is in table_html.c. */
#include "analysis/page/table.h"
#include "base/text/escape.h"

#include "base/config/json.h"

#include <cjson/cJSON.h>

#include <math.h>

static const TableCell *cell_of(const Table *table, int row, int column) {
    return &table->cells[(size_t)row * (size_t)table->n_columns + (size_t)column];
}

/* Figures are to the right, texts to the left. */
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

/* Through `escape`, which is each form's own. */
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

/* The same on a terminal. */
static void plain_cell(Builder *out, const TableColumn *column, const TableCell *cell) {
    escaped_cell(out, column, cell, escape_line);
}

static void csv_number(Builder *out, double value) {
    char text[32];
    if (!isnan(value)) builder_add_text(out, json_number(text, sizeof text, value));
}

/* An estimate takes three columns: value, low, high. */
static void csv_header(Builder *out, const TableColumn *column) {
    char label[128];
    escape_csv(out, column->label);
    for (int bound = 0; column->kind == COLUMN_ESTIMATE && bound < 2; bound++) {
        snprintf(label, sizeof label, "%s %s", column->label, bound ? "high" : "low");
        builder_add_text(out, ",");
        escape_csv(out, label);
    }
}

/* Numbers as exactly as they are, for programs; a missing one is empty. */
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

/* As GitHub reads it: no rules between rows. */
void table_markdown(Builder *out, const Table *table) {
    builder_add_text(out, "**");
    escape_markdown(out, table->title);
    builder_add_text(out, "**\n\n|");
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
    if (!table->caption[0]) return;
    builder_add_text(out, "\n");
    escape_markdown(out, table->caption);
    builder_add_text(out, "\n");
}

/* booktabs: rules above, below and between groups of rows. */
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

/* Longest word of a label: headings are broken at blanks, so that a narrow column stays narrow. */
static int longest_word(const char *label) {
    int longest = 0, width = 0;
    for (; *label; label++) {
        width = *label == ' ' ? 0 : width + ((*label & 0xC0) != 0x80);
        if (width > longest) longest = width;
    }
    return longest;
}

/* Of a column on the terminal: its widest cell, or the longest word of its heading. */
static int plain_width(const Table *table, int column, const char *label) {
    int width = longest_word(label);
    for (int r = 0; r < table->n_rows; r++) {
        Builder text = {0};
        plain_cell(&text, &table->columns[column], cell_of(table, r, column));
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

enum { HEADING_LINES = 6 };

/* Breaks a label into at most HEADING_LINES lines of `width`; returns their number. */
static int break_label(char lines[HEADING_LINES][128], const char *label, int width) {
    int n = 0;
    lines[0][0] = 0;
    while (*label) {
        size_t length = strcspn(label, " "), used = strlen(lines[n]);
        bool fits = used == 0 || (int)(used + 1 + length) <= width || n == HEADING_LINES - 1;
        if (!fits) lines[++n][0] = 0;
        used = strlen(lines[n]);
        snprintf(lines[n] + used, sizeof lines[n] - used, "%s%.*s", used ? " " : "", (int)length, label);
        label += length;
        label += strspn(label, " ");
    }
    return n + 1;
}

/* rows[0 .. HEADING_LINES-1]: the heading, bottom-aligned; then one a row. */
static void plain_piece(Builder *row, const char *text, int width, bool right) {
    int pad = width - text_width(text);
    builder_add(row, "%*s%s%*s", right && pad > 0 ? pad : 0, "", text, right || pad < 0 ? 2 : pad + 2, "");
}

/* Writes a column into all lines at once, so that its width is found once. */
static void plain_column(Builder *rows, const Table *table, int column) {
    char lines[HEADING_LINES][128];
    Builder heading = {0};
    escape_line(&heading, table->columns[column].label);
    const char *label = heading.data ? heading.data : "";
    int width = plain_width(table, column, label), n = break_label(lines, label, width);
    bool right = is_figure(&table->columns[column]);
    for (int i = 0; i < HEADING_LINES; i++) {
        int line = i - (HEADING_LINES - n);
        plain_piece(&rows[i], line < 0 ? "" : lines[line], width, right);
    }
    builder_free(&heading);
    for (int r = 0; r < table->n_rows; r++) {
        Builder text = {0};
        plain_cell(&text, &table->columns[column], cell_of(table, r, column));
        plain_piece(&rows[HEADING_LINES + r], text.data ? text.data : "", width, right);
        builder_free(&text);
    }
}

/* Without the blanks at its end; heading lines that are empty are left out. */
static void plain_line(Builder *out, const Builder *row, bool heading) {
    size_t length = row->length;
    while (length > 0 && row->data[length - 1] == ' ') length--;
    if (length > 0 || !heading) builder_add(out, "%.*s\n", (int)length, row->data ? row->data : "");
    out->failed = out->failed || row->failed;
}

/* Lines are filled column by column, then printed one after another. */
void table_plain(Builder *out, const Table *table) {
    int n_lines = HEADING_LINES + table->n_rows;
    Builder *rows = calloc((size_t)n_lines, sizeof *rows);
    escape_line(out, table->title);
    builder_add_text(out, "\n");
    for (int c = 0; rows && c < table->n_columns; c++)
        if (!plain_empty(table, c)) plain_column(rows, table, c);
    for (int i = 0; rows && i < n_lines; i++) {
        plain_line(out, &rows[i], i < HEADING_LINES);
        builder_free(&rows[i]);
    }
    out->failed = out->failed || !rows;
    free(rows);
    Builder caption = {0};
    escape_line(&caption, table->caption);
    if (caption.length) builder_add_wrapped(out, caption.data, 0, 0, 100);
    if (caption.length) builder_add_text(out, "\n");
    out->failed = out->failed || caption.failed;
    builder_free(&caption);
}

/* An estimate is an object of three numbers; one without an interval is a number. */
static bool json_figure(cJSON *object, const TableColumn *column, const TableCell *cell) {
    cJSON *estimate;
    if (column->kind == COLUMN_NUMBER || isnan(cell->low))
        return cJSON_AddNumberToObject(object, column->label, cell->value);
    estimate = cJSON_AddObjectToObject(object, column->label);
    return estimate && cJSON_AddNumberToObject(estimate, "value", cell->value) &&
           cJSON_AddNumberToObject(estimate, "low", cell->low) && cJSON_AddNumberToObject(estimate, "high", cell->high);
}

/* False: no memory. A cell that is not there is null, so that every row has the same keys. */
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
