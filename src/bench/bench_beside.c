#include "bench/internal/bench_beside.h"

#include "base/config/json.h"
#include "base/system/clock.h"
#include "base/text/text.h"
#include "math/blas.h"
#include "math/rng.h"
#include "math/stats.h"
#include "nn/kernels/kernels.h"

#include <cblas.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <sys/mman.h>

enum { SQUARE = 2048, REPETITIONS_MIN = 3, REPETITIONS_MAX = 200, HUGE_PAGE = 2 << 20, PEAK_STEPS = 1 << 20 };

static void square_run(void *state) {
    BenchYardstick *y = state;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SQUARE, SQUARE, SQUARE, 1, y->a, SQUARE, y->b, SQUARE, 0,
                y->c, SQUARE);
}

static void peak_run(void *state) {
    (void)state;
    kernels_best()->bf16.peak(PEAK_STEPS);
}

static BenchWork work_of(BenchYardstick *y) {
    if (y->precision == PRECISION_BFLOAT16)
        return (BenchWork){peak_run, y, 1e-9 * PEAK_STEPS * kernels_best()->bf16.peak_flops};
    return (BenchWork){square_run, y, 2e-9 * SQUARE * SQUARE * SQUARE};
}

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

/* Seconds a call. */
static double call_seconds(const BenchWork *work, int calls) {
    double start = clock_thread_s();
    for (int i = 0; i < calls; i++) work->run(work->state);
    return (clock_thread_s() - start) / calls;
}

double bench_yardstick_rate(BenchYardstick *y) {
    const BenchWork work = work_of(y);
    return work.giga / call_seconds(&work, 1);
}

static void time_beside(BenchBoard *board, BenchRow *row, const BenchWork *work) {
    double shares[REPETITIONS_MAX], best = INFINITY, spent = 0, one = call_seconds(work, 1);
    double before = bench_yardstick_rate(&board->yardstick);
    int calls = 1 + (int)(0.03 / one), count = 0;
    while (count < REPETITIONS_MAX && (count < REPETITIONS_MIN || spent < board->seconds)) {
        double seconds = call_seconds(work, calls), after = bench_yardstick_rate(&board->yardstick);
        best = fmin(best, seconds);
        spent += seconds * calls;
        shares[count++] = work->giga / seconds / ((before + after) / 2);
        before = after;
    }
    row->seconds = best;
    row->rate = work->giga / best;
    row->share = strcmp(row->unit, "GFLOP/s") == 0 ? order_median(shares, count) : 0;
}

static void show_line(const BenchRow *row) {
    char share[16] = "", rate[24] = "", error[16] = "", bytes[32];
    if (row->share > 0) snprintf(share, sizeof share, "%.1f %%", 100 * row->share);
    if (row->rate > 0) snprintf(rate, sizeof rate, "%.1f", row->rate);
    if (row->rate > 0) snprintf(error, sizeof error, "%.1e", row->error);
    printf("%-42s %10.3f %8s %-10s %8s %9s", row->name, 1e3 * row->seconds, rate, row->unit, share, error);
    if (row->items > 0)
        printf("\n    %.2f %s/s, %s", row->items / row->seconds, row->item,
               text_bytes(bytes, sizeof bytes, row->bytes));
    printf("\n");
    fflush(stdout);
}

void bench_board_show(const BenchBoard *board, const BenchRow *row) {
    if (!board->list) {
        show_line(row);
        return;
    }
    bool rounded = board->yardstick.precision == PRECISION_BFLOAT16;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", row->name);
    cJSON_AddNumberToObject(object, "seconds", row->seconds);
    cJSON_AddNumberToObject(object, "rate", row->rate);
    cJSON_AddStringToObject(object, "unit", row->unit);
    if (row->share > 0) cJSON_AddNumberToObject(object, rounded ? "share_of_peak" : "share_of_sgemm", row->share);
    cJSON_AddNumberToObject(object, "relative_error", row->error);
    if (row->items > 0) cJSON_AddNumberToObject(object, "items_a_second", row->items / row->seconds);
    if (row->bytes > 0) cJSON_AddNumberToObject(object, "bytes", row->bytes);
    cJSON_AddItemToArray(board->list, object);
}

Err bench_board_row(BenchBoard *board, BenchRow *row, const BenchWork *work, double tolerance) {
    if (!(row->error <= tolerance))
        return RAISE(ERR_INTERNAL, "bench %s: differs from the plain version by %g relative, at most %g is expected",
                     row->name, row->error, tolerance);
    time_beside(board, row, work);
    bench_board_show(board, row);
    return ERR_NONE;
}

Err bench_board_precision(BenchBoard *board, Precision precision) {
    bench_yardstick_free(&board->yardstick);
    TRY(bench_yardstick_new(&board->yardstick, precision));
    BenchRow row = {.unit = "GFLOP/s"};
    bool rounded = precision == PRECISION_BFLOAT16;
    TRY(text_copy(row.name, sizeof row.name, rounded ? "bf16 products in registers" : "sgemm 2048 x 2048 x 2048"));
    const BenchWork work = work_of(&board->yardstick);
    return bench_board_row(board, &row, &work, 0);
}

Err bench_board_open(BenchBoard *board, double seconds, bool json) {
    *board = (BenchBoard){.seconds = seconds};
    blas_single_thread();
    if (json)
        board->list = cJSON_CreateArray();
    else
        printf("%-42s %10s %8s %-10s %8s %9s\n", "one thread", "ms", "rate", "", "share", "error");
    return bench_board_precision(board, PRECISION_FLOAT32);
}

Err bench_board_close(BenchBoard *board, Err err) {
    if (board->list && !err) {
        char *text = NULL;
        err = json_print(&text, board->list);
        if (!err) fputs(text, stdout);
        free(text);
    }
    cJSON_Delete(board->list);
    bench_yardstick_free(&board->yardstick);
    *board = (BenchBoard){0};
    return err;
}

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

double bench_distance(const float *found, const float *expected, size_t count) {
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)found[i] - expected[i]) * ((double)found[i] - expected[i]);
        norm += (double)expected[i] * expected[i];
    }
    return sqrt(difference / fmax(norm, 1e-300));
}
