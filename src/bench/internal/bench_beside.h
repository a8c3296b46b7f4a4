/* bench/bench_beside - timing next to a yardstick, for bench/bench_kernels and bench/bench_step. See bench/bench_nn.h.
 */
#pragma once

#include "base/failure/err.h"
#include "nn/models/precision.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char name[64];
    const char *unit; /* of rate: "GFLOP/s" (2 per multiply-add of the matrix products), "Gelement/s", "": none */
    double seconds;   /* of one call, the best */
    double rate;      /* the best */
    double share;     /* of the yardstick beside it, median; 0: not comparable */
    double error;     /* relative difference found before timing */
    double items;     /* of a call; with them their rate and `bytes` are shown. 0: not told */
    const char *item; /* "frames" */
    double bytes;     /* of memory */
} BenchRow;

/* run(state) is one call, `giga` its count of operations or elements in billions. */
typedef struct {
    void (*run)(void *state);
    void *state;
    double giga;
} BenchWork;

/* The yardstick: float32, a product of two matrices of 2048 x 2048 on one thread, through the library; bfloat16, for
 * which there is no library, a loop of products in registers: the peak of the units that multiply. */
typedef struct {
    Precision precision;
    float *a, *b, *c;
} BenchYardstick;

CHECKED Err bench_yardstick_new(BenchYardstick *yardstick, Precision precision);
void bench_yardstick_free(BenchYardstick *yardstick);
const char *bench_yardstick_name(const BenchYardstick *yardstick);
/* GFLOP/s of one call, in the thread's CPU time. */
double bench_yardstick_rate(BenchYardstick *yardstick);

typedef struct {
    BenchYardstick yardstick;
    double seconds;     /* for each row */
    struct cJSON *list; /* NULL: a table on stdout */
} BenchBoard;

/* Starts a table, with the yardstick's own row first, or a list. */
CHECKED Err bench_board_open(BenchBoard *board, double seconds, bool json);
/* The rows from here on are of this precision, beside its own yardstick, which gets a row. */
CHECKED Err bench_board_precision(BenchBoard *board, Precision precision);
/* Times the work and shows the row, whose name and error are given. ERR_INTERNAL when error > tolerance. */
CHECKED Err bench_board_row(BenchBoard *board, BenchRow *row, const BenchWork *work, double tolerance);
/* Shows a row that was timed otherwise. */
void bench_board_show(const BenchBoard *board, const BenchRow *row);
/* Prints the list, if it is one, unless `err`; frees. Returns err or its own. */
CHECKED Err bench_board_close(BenchBoard *board, Err err);

/* Uniform in +-scale, 64-byte aligned; to be freed. */
CHECKED Err bench_floats(float **out, size_t count, unsigned object, float scale);
/* Norm of the difference over norm of the expectation. */
double bench_distance(const float *found, const float *expected, size_t count);
