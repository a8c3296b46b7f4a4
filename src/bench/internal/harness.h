/* bench/internal/harness - how a case of `synvid bench` is checked and timed, for all topics.
 *
 * A case is one row: work, and the bound that it is measured beside. First its result is checked; a case that is wrong
 * by more than its tolerance, or that cannot be checked, is ERR_INTERNAL and is never timed. Then work and bound take
 * turns,
 *
 *     bound  work  bound  work  bound  ...
 *
 * because machines drift: the share of a repetition is the work's rate over the mean of the two bounds next to it, and
 * the row's share is the median of those. A call that is short is repeated until a repetition is long enough to time.
 */
#pragma once

#include "base/failure/err.h"
#include "nn/layers/model.h"
#include "par/par.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* ---- table: the rows of a topic, as a table or as JSON, from one list of columns ---- */

/* A column says how a value looks in both. The table goes to stdout row by row, so that a long measurement shows what
 * it has; JSON is one list of objects at the end. Only rank 0 shows anything: on the other ranks a table is silent. */

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

/* One call. With many ranks all call it at once; a failure on any of them is agreed on. */
typedef CHECKED Err (*BenchWork)(void *state);

typedef struct {
    BenchWork run;
    void *state;
    double amount; /* what a call of all ranks together does, in the row's unit times seconds */
} BenchLoad;

typedef struct {
    const char *name;
    BenchLoad work, bound; /* bound.run NULL: nothing to compare with */
    /* Finds the error of the work's result on this rank: relative, or 0 and 1 for right and wrong. Never NULL. */
    CHECKED Err (*check)(double *error, void *state);
    double tolerance;    /* the largest error that is right */
    double repetition_s; /* the work is called until so much time is spent; 0: 0.03 s */
    bool wall;           /* the clock on the wall, by the slowest rank; otherwise CPU time of this thread */
} BenchCase;

typedef struct {
    double seconds;     /* of a call, the best */
    double rate;        /* the best */
    double median_rate; /* of the repetitions */
    double bound;       /* rate of the bound, the best; NAN without one */
    double share;       /* of the neighboring bound, median; NAN without one */
    double error;       /* found before timing */
} BenchFound;

/* At least three repetitions, and as many as give the work `seconds`. */
CHECKED Err bench_measure_all(BenchFound *found, const BenchCase *c, double seconds, const Par *par);

/* ERR_INTERNAL, which names the case, unless error <= tolerance: what refuses to time. */
CHECKED Err bench_verdict(const char *name, double error, double tolerance);

/* ---- rows of many ranks: name, rate, unit, bound, share ---- */

/* `what` says what is measured and beside which bound. */
CHECKED Err bench_pairs_open(BenchTable *table, bool json, const char *what, const Par *par);
/* Measures the case by the clock on the wall and shows its row. */
CHECKED Err bench_pairs_row_all(BenchTable *table, BenchCase c, const char *unit, double seconds, const Par *par);
/* Says too how many times the fewest bytes that can be it moves. */
CHECKED Err bench_pairs_row_moved_all(BenchTable *table, BenchCase c, const char *unit, double moved, double seconds,
                                      const Par *par);

/* ---- several threads ---- */

/* Does work for about `seconds` with `threads` threads; how much, and how long it took by the clock on the wall. */
typedef CHECKED Err (*BenchThreadedWork)(double *amount, double *elapsed, void *state, int threads, double seconds);

typedef struct {
    double rate;    /* of all threads */
    double speedup; /* over one thread measured next to it: the median of turns */
} BenchThreaded;

/* NAN and NAN for one thread, without measuring. */
CHECKED Err bench_threads(BenchThreaded *found, BenchThreadedWork work, void *state, int threads, double seconds);

/* ---- yardstick: what arithmetic is measured beside, operands, and rows of topics that measure arithmetic on one
 * thread ---- */

/* Float32: a product of two matrices of 2048 x 2048 on one thread, through the library. Bfloat16, for which there is no
 * library: a loop of products in registers, the peak of the units that multiply. */
typedef struct {
    Precision precision;
    float *a, *b, *c;
} BenchYardstick;

CHECKED Err bench_yardstick_new(BenchYardstick *yardstick, Precision precision);
void bench_yardstick_free(BenchYardstick *yardstick);
const char *bench_yardstick_name(const BenchYardstick *yardstick);
/* GFLOP/s of one call (2 per multiply-add), in the thread's CPU time. */
double bench_yardstick_rate(BenchYardstick *yardstick);

/* A table of rows beside a yardstick. */
typedef struct {
    BenchTable table;
    BenchYardstick yardstick;
    double seconds; /* for each row */
    Par par;        /* this thread alone */
} BenchBoard;

/* What a row shows besides what was found. */
typedef struct {
    const char *unit;       /* of the rate: "GFLOP/s" (of the matrix products), "Gelement/s", "": none */
    const char *items_unit; /* "frames/s"; NULL: not told */
    double items, bytes;    /* of a call: how many, and the memory it takes */
} BenchRowInfo;

/* Starts the table with the float32 yardstick's own row. */
CHECKED Err bench_board_open(BenchBoard *board, double seconds, bool json);
/* The rows from here on are of this precision, beside its own yardstick, which gets a row. */
CHECKED Err bench_board_precision(BenchBoard *board, Precision precision);
/* Checks and times the case, beside the yardstick where its unit is GFLOP/s, and shows the row. */
CHECKED Err bench_board_row(BenchBoard *board, BenchFound *found, BenchCase c, const BenchRowInfo *info);
/* Shows a row that was timed otherwise. */
CHECKED Err bench_board_show(BenchBoard *board, const char *name, const BenchFound *found, const BenchRowInfo *info);
CHECKED Err bench_board_close(BenchBoard *board, Err err);

/* Uniform in +-scale, 64-byte aligned; to be freed. The same for the same `object`. */
CHECKED Err bench_floats(float **out, size_t count, unsigned object, float scale);
/* Norm of the difference over norm of the expectation. */
double bench_distance(const float *found, const float *expected, size_t count);
