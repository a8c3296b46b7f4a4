/* How fast frames and clips are turned into features: Inception and I3D with random weights, by CPU time of one thread
 * beside a plain sgemm, with the memory for weights and activations; with more threads also by the clock, a network's
 * batch each. Features are compared with those of the plainest kernels. */
#include "base/failure/shared_err.h"
#include "base/system/clock.h"
#include "base/text/text.h"
#include "bench/internal/harness.h"
#include "bench/internal/topics.h"
#include "features/network.h"
#include "features/tables.h"
#include "math/rng.h"
#include "nn/kernels/kernels.h"

#include <omp.h>
#include <stdlib.h>

enum { FRAMES = 4 };

typedef struct {
    const ConvnetPlan *plan;
    Convnet *net;
    ConvnetScratch *scratch;
    float *features;
} NetCase;

/* Of a case that was made in part, too. */
static void net_case_free(NetCase *c) {
    convnet_scratch_free(&c->scratch);
    convnet_free(&c->net);
    free(c->features);
}

/* Memory of the features is taken for frames; a clip's vector is shorter. */
static Err net_case_new(NetCase *c, const ConvnetPlan *plan) {
    *c = (NetCase){.plan = plan};
    TRY(convnet_new(&c->net, plan));
    TRY(random_weights(c->net, 1));
    TRY(convnet_scratch_new(&c->scratch, c->net));
    return bench_floats(&c->features, FRAMES * (size_t)convnet_dims(c->net), 0, 0);
}

/* Uniform in +-1, as normalized frames are. */
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
static Err net_run(void *state) {
    NetCase *c = state;
    convnet_forward(c->scratch, c->features);
    return ERR_NONE;
}

/* The best kernels against the plainest that this machine has, on the same random weights and frames. */
static Err net_check(double *error, void *state) {
    const NetCase *c = state;
    NetCase plain;
    ConvnetPlan with_base = *c->plan;
    size_t count = (size_t)convnet_dims(c->net) * (with_base.by_frame ? (size_t)with_base.input.t : 1);
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
        if (!mine) mine = net_run(&own);
        shared_err_note(&failure, mine, omp_get_thread_num());
#pragma omp barrier
        if (omp_get_thread_num() == 0) start = clock_wall_s();
#pragma omp barrier
        for (int i = 0; i < passes && !shared_err_failed(&failure); i++) convnet_forward(own.scratch, own.features);
#pragma omp barrier
        if (omp_get_thread_num() == 0) *seconds = (clock_wall_s() - start) / passes;
        convnet_scratch_free(&own.scratch);
        free(own.features);
    }
    return shared_err_adopt(&failure);
}

typedef struct {
    const char *name, *size, *items_unit;
    int items;
    ConvnetPlan plan;
} NetRow;

/* A network a thread: the weights are shared, the activations are not. */
static Err threads_row(BenchBoard *board, NetCase *c, const NetRow *row, double one_s, int threads) {
    BenchFound found = {.share = NAN};
    char name[64];
    TRY(text_format(name, sizeof name, "%s, %d threads by the clock", row->name, threads));
    TRY(time_threads(&found.seconds, c, threads, 1 + (int)(board->seconds / one_s)));
    found.rate = 2e-9 * convnet_products(c->net) * threads / found.seconds;
    double bytes = (double)convnet_weight_bytes(c->net) + threads * (double)convnet_scratch_bytes(c->net);
    return bench_board_show(board, name, &found,
                            &(BenchRowInfo){"GFLOP/s", row->items_unit, row->items * threads, bytes});
}

/* One thread by its CPU time; then all by the clock, each with its own activations. */
static Err net_rows(BenchBoard *board, NetCase *c, const NetRow *row, int threads) {
    BenchFound found;
    char name[64];
    TRY(net_case_new(c, &row->plan));
    TRY(text_format(name, sizeof name, "%s, %s", row->name, row->size));
    const BenchCase one = {
        .name = name, .work = {net_run, c, 2e-9 * convnet_products(c->net)}, .check = net_check, .tolerance = 1e-5};
    double bytes = (double)(convnet_scratch_bytes(c->net) + convnet_weight_bytes(c->net));
    TRY(bench_board_row(board, &found, one, &(BenchRowInfo){"GFLOP/s", row->items_unit, row->items, bytes}));
    return threads > 1 ? threads_row(board, c, row, found.seconds, threads) : ERR_NONE;
}

/* Sizes as feature networks are fed: a batch of frames, one clip. */
static Err network_rows(BenchBoard *board, int threads) {
    const NetRow rows[] = {{"Inception",
                            "4 x 299 x 299",
                            "frames/s",
                            FRAMES,
                            {.layers = inception_layers,
                             .n_layers = inception_n_layers,
                             .last = INCEPTION_LAST,
                             .by_frame = true,
                             .input = {FRAMES, INCEPTION_SIZE, INCEPTION_SIZE},
                             .divisor = 1}},
                           {"I3D",
                            "16 x 224 x 224",
                            "clips/s",
                            1,
                            {.layers = i3d_layers,
                             .n_layers = i3d_n_layers,
                             .last = I3D_LOGITS,
                             .input = {I3D_FRAMES, I3D_SIZE, I3D_SIZE},
                             .divisor = 1}}};
    Err err = ERR_NONE;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !err; i++) {
        NetCase c = {0};
        err = net_rows(board, &c, &rows[i], threads);
        net_case_free(&c);
    }
    return err;
}

Err bench_features_all(const BenchArgs *args, const Par *par) {
    BenchBoard board;
    (void)par; /* one rank */
    Err err = bench_board_open(&board, args->seconds, args->json);
    if (!err) err = network_rows(&board, (int)args->threads);
    return bench_board_close(&board, err);
}
