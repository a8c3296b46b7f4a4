/* Table and JSON differ in three ways: the table rounds and scales, leaves columns without a heading out, and shows a
 * row at once. Everything else follows from the columns, so that neither can have a row that the other lacks. */
#include "bench/internal/harness.h"

#include "base/config/json.h"
#include "base/config/record.h"
#include "base/text/text.h"

#include <stdlib.h>

enum { CELL_SIZE = 128 };

/* Pads `text` to the column's width; the first column has no space before it. */
static void print_cell(const BenchTable *table, const BenchColumn *column, const char *text) {
    printf("%s%*s", column == table->columns ? "" : " ", column->width, text);
}

/* The cell's value as the table shows it; one that is not there is a blank. */
static Err cell_text(char *out, const BenchColumn *column, const BenchCell *cell) {
    double shown = cell->number * (column->scale != 0 ? column->scale : 1);
    const char *suffix = column->suffix ? column->suffix : "";
    if (!column->style) return text_copy(out, CELL_SIZE, cell->text ? cell->text : "");
    if (isnan(cell->number) || (column->zero_blank && cell->number == 0)) return text_copy(out, CELL_SIZE, "");
    switch (column->style) {
    case 'e': return text_format(out, CELL_SIZE, "%.*e%s", column->digits, shown, suffix);
    case 'g': return text_format(out, CELL_SIZE, "%.*g%s", column->digits, shown, suffix);
    default: return text_format(out, CELL_SIZE, "%.*f%s", column->digits, shown, suffix);
    }
}

/* Flushed: a measurement of minutes shows each row when it has it. */
static Err print_row(const BenchTable *table, const BenchCell *cells) {
    for (int i = 0; i < table->n_columns; i++) {
        char text[CELL_SIZE];
        if (!table->columns[i].heading) continue;
        TRY(cell_text(text, &table->columns[i], &cells[i]));
        if (!table->columns[i].own_line)
            print_cell(table, &table->columns[i], text);
        else if (text[0])
            printf("\n    %s", text);
    }
    printf("\n");
    fflush(stdout);
    return ERR_NONE;
}

/* Numbers unscaled and unrounded; what is not there has no key. */
static Err add_row(const BenchTable *table, const BenchCell *cells) {
    cJSON *row = cJSON_CreateObject();
    bool whole = row && cJSON_AddItemToArray(table->list, row);
    for (int i = 0; i < table->n_columns && whole; i++) {
        const char *key = table->columns[i].key;
        if (!key) continue;
        if (!table->columns[i].style)
            whole = !cells[i].text || record_put_text(row, key, cells[i].text);
        else if (!isnan(cells[i].number))
            whole = record_put_double(row, key, cells[i].number);
    }
    if (whole && table->verified) whole = cJSON_AddTrueToObject(row, "verified") != NULL;
    return whole ? ERR_NONE : RAISE(ERR_MEMORY, "bench: no memory for a row");
}

/* A silent table has neither list nor lines. */
Err bench_table_open(BenchTable *table, const BenchColumn *columns, int n_columns, bool json, bool silent,
                     const char *title) {
    *table = (BenchTable){.columns = columns, .n_columns = n_columns, .silent = silent};
    if (silent) return ERR_NONE;
    if (json) {
        table->list = cJSON_CreateArray();
        return table->list ? ERR_NONE : RAISE(ERR_MEMORY, "bench: no memory for a list");
    }
    if (title) printf("%s\n", title);
    for (int i = 0; i < n_columns; i++)
        if (columns[i].heading && !columns[i].own_line) print_cell(table, &columns[i], columns[i].heading);
    printf("\n");
    return ERR_NONE;
}

Err bench_table_row(BenchTable *table, const BenchCell *cells) {
    if (table->silent) return ERR_NONE;
    return table->list ? add_row(table, cells) : print_row(table, cells);
}

/* After a failure nothing is printed: half a list would be read as a whole one. */
Err bench_table_close(BenchTable *table, Err err) {
    if (table->list && !err) {
        char *text = NULL;
        err = json_print(&text, table->list);
        if (!err) fputs(text, stdout);
        free(text);
    }
    cJSON_Delete(table->list);
    *table = (BenchTable){0};
    return err;
}
