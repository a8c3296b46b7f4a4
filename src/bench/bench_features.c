#include "bench/bench_features.h"

#include "base/failure/shared_err.h"
#include "base/system/clock.h"
#include "base/text/text.h"
#include "bench/internal/bench_beside.h"
#include "features/random_weights.h"
#include "features/tables.h"
#include "math/rng.h"
#include "nn/kernels/kernels.h"

#include <omp.h>
#include <stdlib.h>

enum { FRAMES = 4 };

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
    TRY(random_weights(c->net, 1));
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

/* Seconds a pass of all threads together, by the clock. */
static Err time_threads(double *seconds, const NetCase *c, int threads, int passes) {
    SharedErr failure = SHARED_ERR_INIT;
    double start = 0;
#pragma omp parallel num_threads(threads)
    {
        NetCase own = {.net = c->net};
        Err mine = convnet_scratch_new(&own.scratch, c->net);
        if (!mine) mine = bench_floats(&own.features, FRAMES * (size_t)convnet_dims(c->net), 0, 0);
        if (!mine) net_run(&own);
        shared_err_note(&failure, mine, omp_get_thread_num());
#pragma omp barrier
        if (omp_get_thread_num() == 0) start = clock_wall_s();
#pragma omp barrier
        for (int i = 0; i < passes && !shared_err_failed(&failure); i++) net_run(&own);
#pragma omp barrier
        if (omp_get_thread_num() == 0) *seconds = (clock_wall_s() - start) / passes;
        convnet_scratch_free(&own.scratch);
        free(own.features);
    }
    return shared_err_adopt(&failure);
}

static Err bench_network(BenchBoard *board, const char *name, const char *size, const ConvnetPlan *plan, int items,
                         const char *item, int threads) {
    NetCase c;
    BenchRow row = {.unit = "GFLOP/s", .items = items, .item = item};
    Err err = net_case_new(&c, plan);
    if (!err) err = text_format(row.name, sizeof row.name, "%s, %s", name, size);
    if (!err) err = net_error(&row.error, &c, plan);
    if (!err) {
        double giga = 2e-9 * convnet_products(c.net);
        row.bytes = (double)(convnet_scratch_bytes(c.net) + convnet_weight_bytes(c.net));
        err = bench_board_row(board, &row, &(BenchWork){net_run, &c, giga}, 1e-5);
        if (!err && threads > 1) {
            int passes = 1 + (int)(board->seconds / row.seconds);
            err = time_threads(&row.seconds, &c, threads, passes);
            row.rate = giga * threads / row.seconds;
            row.share = 0;
            row.items = items * threads;
            row.bytes += (threads - 1) * (double)convnet_scratch_bytes(c.net);
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
    TRY(bench_network(board, "Inception", "4 x 299 x 299", &inception, FRAMES, "frames", threads));
    return bench_network(board, "I3D", "16 x 224 x 224", &i3d, 1, "clips", threads);
}

Err bench_features(double seconds, int threads, bool json) {
    BenchBoard board;
    Err err = bench_board_open(&board, seconds, json);
    if (!err) err = network_rows(&board, threads);
    return bench_board_close(&board, err);
}
