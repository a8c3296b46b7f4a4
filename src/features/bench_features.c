#include "features/bench_features.h"

#include "base/text.h"
#include "features/tables.h"
#include "math/linalg.h"
#include "math/rng.h"
#include "math/stats.h"
#include "nn/bench_beside.h"
#include "nn/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { FRAMES = 4, DIMS = 2048, SAMPLES = 10000, SPREAD_SAMPLES = 16000, DATASETS = 34, GROUPS = 10 };

/* ---- networks ---- */

static Err draw_weights(Convnet *net) {
    for (int i = 0; i < convnet_layers(net); i++) {
        LayerShape shape = convnet_layer(net, i);
        float *weights = NULL, *bias = NULL;
        if (shape.count == 0) continue;
        float scale = sqrtf(6.0f * (float)shape.out_channels / (float)shape.count);
        Err err = bench_floats(&weights, shape.count, (unsigned)i, scale);
        if (!err) err = bench_floats(&bias, (size_t)shape.out_channels, (unsigned)i, 0.1f);
        if (!err) convnet_set(net, i, weights, bias);
        free(weights);
        free(bias);
        TRY(err);
    }
    return ERR_NONE;
}

typedef struct {
    Convnet *net;
    ConvnetScratch *scratch;
    float *features;
} NetCase;

static void net_case_free(NetCase *c) {
    convnet_scratch_free(&c->scratch);
    convnet_free(&c->net);
    free(c->features);
}

static Err net_case_new(NetCase *c, const ConvnetPlan *plan) {
    *c = (NetCase){0};
    TRY(convnet_new(&c->net, plan));
    TRY(draw_weights(c->net));
    TRY(convnet_scratch_new(&c->scratch, c->net));
    return bench_floats(&c->features, FRAMES * (size_t)convnet_dims(c->net), 0, 0);
}

static void fill_input(ConvnetScratch *scratch) {
    Volume volume;
    float *input = convnet_input(scratch, &volume);
    Rng rng = rng_stream(1, RNG_TEST, 0, 1);
    for (int t = 0; t < volume.size.t; t++)
        for (int y = 0; y < volume.size.y; y++) {
            float *row = input + volume_at(&volume, t, y, 0);
            for (int i = 0; i < 3 * volume.size.x; i++) row[i] = rng_uniform(&rng, -1, 1);
        }
}

/* The input's memory is used up by a pass; what is computed on does not matter to the time. */
static void net_run(void *state) {
    NetCase *c = state;
    convnet_forward(c->scratch, c->features);
}

static Err net_error(double *error, const NetCase *c, const ConvnetPlan *plan) {
    NetCase plain;
    ConvnetPlan with_base = *plan;
    size_t count = (size_t)convnet_dims(c->net) * (plan->by_frame ? (size_t)plan->input.t : 1);
    with_base.kernels = kernels_usable()[0];
    Err err = net_case_new(&plain, &with_base);
    if (!err) {
        fill_input(c->scratch);
        fill_input(plain.scratch);
        convnet_forward(c->scratch, c->features);
        convnet_forward(plain.scratch, plain.features);
        *error = bench_distance(c->features, plain.features, count);
    }
    net_case_free(&plain);
    return err;
}

static double wall_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Seconds a pass of all threads together, by the clock. */
static Err time_threads(double *seconds, const NetCase *c, int threads, int passes) {
    Err err = ERR_NONE;
    double start = 0;
#pragma omp parallel num_threads(threads)
    {
        NetCase own = {.net = c->net};
        Err mine = convnet_scratch_new(&own.scratch, c->net);
        if (!mine) mine = bench_floats(&own.features, FRAMES * (size_t)convnet_dims(c->net), 0, 0);
        if (!mine) net_run(&own);
#pragma omp critical(bench_features_failure)
        if (mine) err = mine;
#pragma omp barrier
#pragma omp master
        start = wall_seconds();
#pragma omp barrier
        for (int i = 0; i < passes && !err; i++) net_run(&own);
#pragma omp barrier
#pragma omp master
        *seconds = (wall_seconds() - start) / passes;
        convnet_scratch_free(&own.scratch);
        free(own.features);
    }
    return err ? RAISE(err, "bench features with %d threads: no memory", threads) : ERR_NONE;
}

static Err bench_network(BenchBoard *board, const char *name, const ConvnetPlan *plan, int items, const char *item,
                         int threads) {
    NetCase c;
    BenchRow row = {.unit = "GFLOP/s", .items = items, .item = item};
    Err err = net_case_new(&c, plan);
    if (!err) err = text_copy(row.name, sizeof row.name, name);
    if (!err) err = net_error(&row.error, &c, plan);
    if (!err) {
        double giga = 2e-9 * convnet_products(c.net);
        row.bytes = (double)convnet_scratch_bytes(c.net);
        err = bench_board_row(board, &row, &(BenchWork){net_run, &c, giga}, 1e-5);
        if (!err && threads > 1) {
            int passes = 1 + (int)(board->seconds / row.seconds);
            err = time_threads(&row.seconds, &c, threads, passes);
            row.rate = giga * threads / row.seconds;
            row.share = 0;
            row.items = items * threads;
            row.bytes *= threads;
            if (!err) err = text_format(row.name, sizeof row.name, "%s, %d threads by the clock", name, threads);
            if (!err) bench_board_show(board, &row);
        }
    }
    net_case_free(&c);
    return err;
}

static Err network_rows(BenchBoard *board, int threads) {
    const ConvnetPlan inception = {.layers = inception_layers,
                                   .n_layers = inception_n_layers,
                                   .last = INCEPTION_LAST,
                                   .by_frame = true,
                                   .input = {FRAMES, INCEPTION_SIZE, INCEPTION_SIZE},
                                   .divisor = 1};
    const ConvnetPlan i3d = {.layers = i3d_layers,
                             .n_layers = i3d_n_layers,
                             .last = I3D_LOGITS,
                             .input = {I3D_FRAMES, I3D_SIZE, I3D_SIZE},
                             .divisor = 1};
    TRY(bench_network(board, "Inception, 4 x 299 x 299", &inception, FRAMES, "frames", threads));
    return bench_network(board, "I3D, 16 x 224 x 224", &i3d, 1, "clips", threads);
}

/* ---- statistics ---- */

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
    double start = wall_seconds();
    run(c);
    row.seconds = *seconds = wall_seconds() - start;
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
    if (!c->covariance) return RAISE(ERR_MEMORY, "bench features: no memory");
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

Err bench_features(double seconds, int threads, bool json) {
    BenchBoard board;
    StatisticsCase *statistics = calloc(1, sizeof *statistics);
    if (!statistics) return RAISE(ERR_MEMORY, "bench features: no memory");
    Err err = bench_board_open(&board, seconds, json);
    if (!err) err = network_rows(&board, threads);
    if (!err) err = statistics_rows(&board, statistics);
    free(statistics->a);
    free(statistics->b);
    free(statistics->covariance);
    free(statistics);
    return bench_board_close(&board, err);
}
