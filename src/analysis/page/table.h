/* analysis/page/table - one table, written as LaTeX (booktabs), CSV, Markdown, HTML or JSON.
 *
 * A column has a kind. An estimate is a value with an interval: printed as "55.5 [50.6, 60.3]", and as three columns in
 * CSV. A cell without a value prints its text ("not run", "undefined") or a dash. A rule may set rows apart as a group.
 */
#pragma once

#include "base/text/text.h"

#include <stdbool.h>

typedef enum { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_ESTIMATE } ColumnKind;

typedef struct {
    char label[96];
    ColumnKind kind;
    int digits;             /* after the point; for numbers and estimates */
    bool paper;             /* figures of the paper, set apart from ours */
    bool beside_paper;      /* ours held against the paper's */
    bool verdict;           /* texts that begin with true, false or undecided, marked so in HTML */
    double low, high, mark; /* estimates: range of the drawn interval in HTML and a reference line; low == high: none */
} TableColumn;

typedef struct {
    char *text;              /* TEXT cells, or what to print in place of a missing value; NULL: nothing */
    double value, low, high; /* value NAN: missing; low NAN: no interval */
} TableCell;

typedef struct {
    char name[NAME_SIZE]; /* file name without extension */
    char title[160];
    char caption[2048]; /* what the figures are and how small the runs were */
    TableColumn *columns;
    int n_columns, n_rows;
    TableCell *cells; /* (n_rows, n_columns) */
    bool *rule_above; /* (n_rows) */
} Table;

CHECKED Err table_new(Table *table, const char *name, const char *title, const TableColumn *columns, int n_columns);
void table_free(Table *table);
/* Takes out the columns that hold figures of the paper or compare with them: what is left is ours alone. */
CHECKED Err table_drop_paper(Table *table);
/* A new row of missing cells; its number in *row. */
CHECKED Err table_add_row(Table *table, int *row);
CHECKED Err table_text(Table *table, int row, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void table_number(Table *table, int row, int column, double value);
void table_estimate(Table *table, int row, int column, double value, double low, double high);

void table_csv(Builder *out, const Table *table);
void table_markdown(Builder *out, const Table *table);
void table_latex(Builder *out, const Table *table);
void table_html(Builder *out, const Table *table);
/* For a terminal: columns aligned with blanks. */
void table_plain(Builder *out, const Table *table);
/* {"name", "title", "rows": [{"<column label>": text or number, or {"value", "low", "high"}}]}. */
void table_json(Builder *out, const Table *table);
/* folder/name.tex, .csv and .md, whole files. */
CHECKED Err table_write_files(const Table *table, const char *folder);
