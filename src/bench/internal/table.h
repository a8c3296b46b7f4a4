/* bench/internal/table - the rows of `synvid bench`, as a table or as JSON, from one list of columns.
 *
 * A column says how a value looks in both. The table goes to stdout row by row, so that a long measurement shows what
 * it has; JSON is one list of objects at the end. Only rank 0 shows anything: on the other ranks a table is silent. */
#pragma once

#include "base/failure/err.h"

#include <math.h>
#include <stdbool.h>

struct cJSON;

typedef struct {
    const char *key;     /* in JSON; NULL: only in the table */
    const char *heading; /* in the table; NULL: only in JSON */
    int width;           /* of the table's column; negative: texts to the left */
    char style;          /* of numbers, as in printf: 'f', 'g' or 'e'; 0: the column holds texts */
    int digits;
    double scale;       /* of numbers in the table; 0 means 1 */
    const char *suffix; /* behind numbers in the table; NULL: none */
    bool zero_blank;    /* the table shows nothing for zero */
    bool own_line;      /* the table shows it, if there is something, on a line below the row */
} BenchColumn;

typedef struct {
    const char *text; /* NULL: a number */
    double number;    /* NAN: not there, which is blank in the table and no key in JSON */
} BenchCell;

static inline BenchCell bench_text(const char *text) {
    return (BenchCell){.text = text, .number = NAN};
}
static inline BenchCell bench_number(double number) {
    return (BenchCell){.number = number};
}
/* A number that counts only where `there`. */
static inline BenchCell bench_number_if(bool there, double number) {
    return (BenchCell){.number = there ? number : NAN};
}

typedef struct {
    const BenchColumn *columns;
    int n_columns;
    bool verified, silent; /* "verified": true in every JSON row; nothing is shown */
    struct cJSON *list;    /* NULL: a table */
} BenchTable;

/* `columns` are kept. `title`: lines above the headings, or NULL. */
CHECKED Err bench_table_open(BenchTable *table, const BenchColumn *columns, int n_columns, bool json, bool silent,
                             const char *title);
/* A cell for every column; more are not shown. */
CHECKED Err bench_table_row(BenchTable *table, const BenchCell *cells);
/* Prints the list, if it is one, unless `err`; frees. Returns err or its own. */
CHECKED Err bench_table_close(BenchTable *table, Err err);
