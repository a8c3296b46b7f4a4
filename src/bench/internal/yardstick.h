/* bench/internal/yardstick - what arithmetic is measured beside, operands to compute with, and the rows of topics that
 * measure arithmetic on one thread. */
#pragma once

#include "bench/internal/harness.h"
#include "bench/internal/table.h"
#include "nn/layers/model.h"

#include <stddef.h>

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
