/* Cells are (row, column) in one array that grows by rows. A cell is a text, a number or an estimate, and the column
 * says which is shown and how: no writer asks what a table is about. */
#include "analysis/page/table.h"

#include "base/system/file.h"

#include <math.h>
#include <stdarg.h>

/* Columns are copied, so that they may be a function's own. */
Err table_new(Table *table, const char *name, const char *title, const TableColumn *columns, int n_columns) {
    *table = (Table){.n_columns = n_columns};
    TRY(text_copy(table->name, sizeof table->name, name));
    TRY(text_copy(table->title, sizeof table->title, title));
    table->columns = malloc((size_t)n_columns * sizeof *table->columns);
    if (!table->columns) return RAISE(ERR_MEMORY, "table %s: no memory", name);
    memcpy(table->columns, columns, (size_t)n_columns * sizeof *columns);
    return ERR_NONE;
}

void table_free(Table *table) {
    for (int i = 0; i < table->n_rows * table->n_columns; i++) free(table->cells[i].text);
    free(table->cells);
    free(table->columns);
    free(table->rule_above);
    *table = (Table){0};
}

/* In place: every cell moves to the left, never past one that has not moved yet. */
Err table_drop_paper(Table *table) {
    int kept = 0, n = table->n_columns;
    int *from = malloc((size_t)n * sizeof *from);
    if (!from) return RAISE(ERR_MEMORY, "table %s: no memory", table->name);
    for (int c = 0; c < n; c++)
        if (!table->columns[c].paper && !table->columns[c].beside_paper) from[kept++] = c;
    for (int r = 0; r < table->n_rows; r++)
        for (int c = 0, k = 0; c < n; c++) {
            TableCell *cell = &table->cells[(size_t)r * (size_t)n + (size_t)c];
            if (k < kept && from[k] == c)
                table->cells[(size_t)r * (size_t)kept + (size_t)k++] = *cell;
            else
                free(cell->text);
        }
    for (int k = 0; k < kept; k++) table->columns[k] = table->columns[from[k]];
    table->n_columns = kept;
    free(from);
    return ERR_NONE;
}

/* Empty: no text, and numbers that are NAN, which every writer shows as missing. */
Err table_add_row(Table *table, int *row) {
    size_t columns = (size_t)table->n_columns, rows = (size_t)table->n_rows;
    TableCell *cells = realloc(table->cells, (rows + 1) * columns * sizeof *cells);
    if (cells) table->cells = cells;
    bool *rules = realloc(table->rule_above, (rows + 1) * sizeof *rules);
    if (rules) table->rule_above = rules;
    if (!cells || !rules) return RAISE(ERR_MEMORY, "table %s: no memory", table->name);
    for (size_t i = 0; i < columns; i++) cells[rows * columns + i] = (TableCell){NULL, NAN, NAN, NAN};
    rules[rows] = false;
    *row = table->n_rows++;
    return ERR_NONE;
}

/* Outside of the table is a mistake of ours. */
static TableCell *cell_at(const Table *table, int row, int column) {
    ASSERT(row >= 0 && row < table->n_rows && column >= 0 && column < table->n_columns);
    return &table->cells[(size_t)row * (size_t)table->n_columns + (size_t)column];
}

/* A text that was there is replaced. */
Err table_text(Table *table, int row, int column, const char *format, ...) {
    TableCell *cell = cell_at(table, row, column);
    va_list arguments;
    va_start(arguments, format);
    free(cell->text);
    int length = vasprintf(&cell->text, format, arguments);
    va_end(arguments);
    if (length >= 0) return ERR_NONE;
    cell->text = NULL;
    return RAISE(ERR_MEMORY, "table %s: no memory", table->name);
}

void table_number(Table *table, int row, int column, double value) {
    cell_at(table, row, column)->value = value;
}

void table_estimate(Table *table, int row, int column, double value, double low, double high) {
    TableCell *cell = cell_at(table, row, column);
    cell->value = value;
    cell->low = low;
    cell->high = high;
}

/* One form of the table, whole or not at all. */
static Err write_one(const Table *table, const char *folder, const char *extension,
                     void (*writer)(Builder *, const Table *)) {
    char path[PATH_SIZE];
    Builder text = {0};
    writer(&text, table);
    Err err = builder_check(&text, table->name);
    if (!err) err = text_format(path, sizeof path, "%s/%s.%s", folder, table->name, extension);
    if (!err) err = file_write_whole(path, text.data, text.length);
    builder_free(&text);
    return err;
}

/* The forms that a paper, a spreadsheet and a repository want. */
Err table_write_files(const Table *table, const char *folder) {
    TRY(folder_make(folder));
    TRY(write_one(table, folder, "tex", table_latex));
    TRY(write_one(table, folder, "csv", table_csv));
    return write_one(table, folder, "md", table_markdown);
}
