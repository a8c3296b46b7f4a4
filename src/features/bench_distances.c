#include "base/text.h"
#include "features/bench_features.h"
#include "math/linalg.h"
#include "math/stats.h"
#include "nn/bench_beside.h"

#include <stdlib.h>
#include <time.h>

/* The paper's 34 datasets: 10,000 frames for distances, 1,000 x 16 for the diversity, Inception's dimensions. GROUPS as
 * in analysis/metric_diversity. */
enum { DIMS = 2048, SAMPLES = 10000, SPREAD_SAMPLES = 16000, DATASETS = 34, GROUPS = 10 };

typedef struct {
    float *a, *b; /* (SPREAD_SAMPLES, DIMS) */
    double *covariance;
    double values[DIMS];
    Err err;
} StatisticsCase;

static void covariance_run(void *state) {
    StatisticsCase *c = state;
    Covariance covariance = covariance_view(c->covariance, DIMS);
    Err err = covariance_add_rows(&covariance, c->a, SAMPLES);
    if (err) c->err = err;
}

static void spectrum_run(void *state) {
    StatisticsCase *c = state;
    Err err = linalg_covariance_eigenvalues(c->values, c->a, SPREAD_SAMPLES, DIMS);
    if (err) c->err = err;
}

static void frechet_run(void *state) {
    StatisticsCase *c = state;
    double distance;
    Err err = linalg_frechet_samples(&distance, c->a, SAMPLES, c->b, SAMPLES, DIMS);
    if (err) c->err = err;
}

/* Seconds of one call: these take seconds, and are compared with nothing. */
static Err statistics_row(BenchBoard *board, StatisticsCase *c, double *seconds, const char *name,
                          void (*run)(void *)) {
    BenchRow row = {.unit = ""};
    double start = bench_clock();
    run(c);
    row.seconds = *seconds = bench_clock() - start;
    TRY(c->err);
    TRY(text_copy(row.name, sizeof row.name, name));
    bench_board_show(board, &row);
    return ERR_NONE;
}

/* The distance of each dataset, and its diversity: pooled, of the reference, within videos, and without each group of
 * the jackknife (analysis/metric_diversity). */
static Err statistics_rows(BenchBoard *board, StatisticsCase *c) {
    double covariance, spectrum, frechet;
    BenchRow all = {.unit = ""};
    TRY(bench_floats(&c->a, (size_t)SPREAD_SAMPLES * DIMS, 1, 1));
    TRY(bench_floats(&c->b, (size_t)SAMPLES * DIMS, 2, 1));
    c->covariance = calloc(covariance_doubles(DIMS), sizeof *c->covariance);
    if (!c->covariance) return RAISE(ERR_MEMORY, "bench distances: no memory");
    TRY(statistics_row(board, c, &covariance, "covariance, 10000 x 2048", covariance_run));
    TRY(statistics_row(board, c, &spectrum, "covariance and eigenvalues, 16000 x 2048", spectrum_run));
    TRY(statistics_row(board, c, &frechet, "Frechet distance, 10000 and 10000 x 2048", frechet_run));
    all.seconds = DATASETS * frechet;
    TRY(text_copy(all.name, sizeof all.name, "34 datasets: distances"));
    bench_board_show(board, &all);
    all.seconds = DATASETS * (3 + GROUPS) * spectrum;
    TRY(text_copy(all.name, sizeof all.name, "34 datasets: diversity with its jackknife"));
    bench_board_show(board, &all);
    return ERR_NONE;
}

Err bench_distances(bool json) {
    BenchBoard board;
    StatisticsCase *statistics = calloc(1, sizeof *statistics);
    if (!statistics) return RAISE(ERR_MEMORY, "bench distances: no memory");
    Err err = bench_board_open(&board, 1, json);
    if (!err) err = statistics_rows(&board, statistics);
    free(statistics->a);
    free(statistics->b);
    free(statistics->covariance);
    free(statistics);
    return bench_board_close(&board, err);
}
