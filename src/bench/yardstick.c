/* What arithmetic is measured beside: in float32 the product of the system's BLAS, the rate that a reader can repeat
 * elsewhere; in bfloat16, which it does not have, the peak of the units that multiply. */
#include "bench/internal/harness.h"

#include "base/system/clock.h"
#include "base/text/text.h"
#include "math/blas.h"
#include "math/rng.h"
#include "nn/kernels/kernels.h"

#include <cblas.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { SQUARE = 2048, HUGE_PAGE = 2 << 20, PEAK_STEPS = 1 << 20 };

/* ---- the yardsticks ---- */

/* The peak needs no operands. */
Err bench_yardstick_new(BenchYardstick *y, Precision precision) {
    size_t count = (size_t)SQUARE * SQUARE;
    *y = (BenchYardstick){.precision = precision};
    if (precision == PRECISION_BFLOAT16) return ERR_NONE;
    TRY(bench_floats(&y->a, count, 1, 1));
    TRY(bench_floats(&y->b, count, 2, 1));
    return bench_floats(&y->c, count, 3, 1);
}

void bench_yardstick_free(BenchYardstick *y) {
    free(y->a);
    free(y->b);
    free(y->c);
    *y = (BenchYardstick){0};
}

const char *bench_yardstick_name(const BenchYardstick *y) {
    return y->precision == PRECISION_BFLOAT16 ? "bf16 peak" : "sgemm";
}

/* Operations of one call, in billions: 2 a multiply-add. */
static double giga_of(const BenchYardstick *y) {
    if (y->precision == PRECISION_BFLOAT16) return 1e-9 * PEAK_STEPS * kernels_best()->bf16.peak_flops;
    return 2e-9 * SQUARE * SQUARE * SQUARE;
}

/* beta 0: what c held does not matter. */
static void call(BenchYardstick *y) {
    if (y->precision == PRECISION_BFLOAT16)
        kernels_best()->bf16.peak(PEAK_STEPS);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SQUARE, SQUARE, SQUARE, 1, y->a, SQUARE, y->b, SQUARE, 0,
                    y->c, SQUARE);
}

double bench_yardstick_rate(BenchYardstick *y) {
    double start = clock_thread_s();
    call(y);
    return giga_of(y) / (clock_thread_s() - start);
}

static Err yardstick_run(void *state) {
    call(state);
    return ERR_NONE;
}

/* A row of the product against sums in double precision. The peak has no result. */
static Err yardstick_check(double *error, void *state) {
    BenchYardstick *y = state;
    float expected[SQUARE];
    if (y->precision == PRECISION_BFLOAT16) return ERR_NONE;
    call(y);
    for (int j = 0; j < SQUARE; j++) {
        double sum = 0;
        for (int k = 0; k < SQUARE; k++) sum += (double)y->a[k] * y->b[(size_t)k * SQUARE + (size_t)j];
        expected[j] = (float)sum;
    }
    *error = bench_distance(y->c, expected, SQUARE);
    return ERR_NONE;
}

/* ---- the board ---- */

static const BenchColumn board_columns[] = {
    {.key = "name", .heading = "one thread", .width = -42},
    {.key = "seconds", .heading = "ms", .width = 10, .style = 'f', .digits = 3, .scale = 1e3},
    {.key = "rate", .heading = "rate", .width = 8, .style = 'f', .digits = 1, .zero_blank = true},
    {.key = "unit", .heading = "", .width = -10},
    {.heading = "share", .width = 8, .style = 'f', .digits = 1, .scale = 100, .suffix = " %"},
    {.key = "share_of_sgemm", .style = 'f'},
    {.key = "share_of_peak", .style = 'f'},
    {.key = "relative_error", .heading = "error", .width = 9, .style = 'e', .digits = 1},
    {.key = "items_a_second", .style = 'f'},
    {.key = "bytes", .style = 'f'},
    {.heading = "items a second, memory", .own_line = true},
};
enum { N_BOARD_COLUMNS = sizeof board_columns / sizeof board_columns[0] };

/* "17.52 frames/s, 136 MB", or nothing. */
static Err note_text(char *out, size_t size, const BenchFound *found, const BenchRowInfo *info) {
    char bytes[32];
    if (!info->items_unit) return text_copy(out, size, "");
    return text_format(out, size, "%.2f %s, %s", info->items / found->seconds, info->items_unit,
                       text_bytes(bytes, sizeof bytes, info->bytes));
}

/* Shares go under the name of the yardstick in JSON, so that nobody compares those of two precisions. */
Err bench_board_show(BenchBoard *board, const char *name, const BenchFound *found, const BenchRowInfo *info) {
    char note[96];
    bool rounded = board->yardstick.precision == PRECISION_BFLOAT16, told = info->items_unit;
    TRY(note_text(note, sizeof note, found, info));
    const BenchCell cells[] = {
        bench_text(name),
        bench_number(found->seconds),
        bench_number(found->rate),
        bench_text(info->unit),
        bench_number(found->share),
        bench_number_if(!rounded, found->share),
        bench_number_if(rounded, found->share),
        bench_number(found->error),
        bench_number_if(told, info->items / found->seconds),
        bench_number_if(told, info->bytes),
        bench_text(note),
    };
    return bench_table_row(&board->table, cells);
}

/* What is no matrix product has no bound here. */
Err bench_board_row(BenchBoard *board, BenchFound *found, BenchCase c, const BenchRowInfo *info) {
    if (text_equal(info->unit, "GFLOP/s"))
        c.bound = (BenchLoad){yardstick_run, &board->yardstick, giga_of(&board->yardstick)};
    TRY(bench_measure_all(found, &c, board->seconds, &board->par));
    return bench_board_show(board, c.name, found, info);
}

/* The yardstick's own row: its rate, and that its product is right. */
Err bench_board_precision(BenchBoard *board, Precision precision) {
    BenchFound found;
    bench_yardstick_free(&board->yardstick);
    TRY(bench_yardstick_new(&board->yardstick, precision));
    const BenchCase itself = {.name = precision == PRECISION_BFLOAT16 ? "bf16 products in registers"
                                                                      : "sgemm 2048 x 2048 x 2048",
                              .work = {yardstick_run, &board->yardstick, giga_of(&board->yardstick)},
                              .check = yardstick_check,
                              .tolerance = 3e-6};
    return bench_board_row(board, &found, itself, &(BenchRowInfo){.unit = "GFLOP/s"});
}

/* BLAS on one thread: shares are of one. */
Err bench_board_open(BenchBoard *board, double seconds, bool json) {
    *board = (BenchBoard){.seconds = seconds, .par = par_serial(1)};
    blas_single_thread();
    TRY(bench_table_open(&board->table, board_columns, N_BOARD_COLUMNS, json, false, NULL));
    return bench_board_precision(board, PRECISION_FLOAT32);
}

Err bench_board_close(BenchBoard *board, Err err) {
    bench_yardstick_free(&board->yardstick);
    return bench_table_close(&board->table, err);
}

/* ---- operands ---- */

/* Large arrays lie in huge pages, as training's do: with small ones the yardstick's columns, 8 KiB apart, run out of
 * translations, and by how much changes from run to run. */
Err bench_floats(float **out, size_t count, unsigned object, float scale) {
    size_t bytes = count * sizeof(float), unit = bytes < HUGE_PAGE ? 64 : HUGE_PAGE;
    size_t whole = (bytes + unit - 1) / unit * unit;
    *out = aligned_alloc(unit, whole);
    if (!*out) return RAISE(ERR_MEMORY, "bench: no memory for %zu floats", count);
    if (unit == HUGE_PAGE) (void)madvise(*out, whole, MADV_HUGEPAGE); /* a kernel without them is slower, not wrong */
    Rng rng = rng_stream(1, RNG_TEST, 0, object);
    for (size_t i = 0; i < count; i++) (*out)[i] = rng_uniform(&rng, -scale, scale);
    return ERR_NONE;
}

/* Relative in the norm, so that a single small element cannot decide. An expectation of zeros gives infinity, or 0. */
double bench_distance(const float *found, const float *expected, size_t count) {
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)found[i] - expected[i]) * ((double)found[i] - expected[i]);
        norm += (double)expected[i] * expected[i];
    }
    return sqrt(difference / fmax(norm, 1e-300));
}
