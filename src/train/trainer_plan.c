/* What a training will need and take, before it starts. See train/trainer.h. */
#include "base/system/estimate.h"
#include "par/reduce.h"
#include "train/internal/leafsum.h"
#include "train/trainer.h"

#include <stdio.h>

/* Gradients, of the rank that needs most for them: pieces and how they are cut differ. */
static size_t sums_bytes(size_t total, const ReducePlan *plan, int threads) {
    size_t most = 0;
    for (int rank = 0; rank < plan->leaves.n_ranks; rank++) {
        Share pieces[LEAF_PIECES_MAX];
        int n_pieces = reduce_pieces(pieces, plan, rank);
        size_t bytes = reduce_bytes(total, n_pieces) + leafsum_bytes(total, pieces, n_pieces, threads);
        if (bytes > most) most = bytes;
    }
    return most;
}

CHECKED Err trainer_rank_bytes(size_t *bytes, const TrainTask *task, const TrainConfig *config, int n_ranks,
                               int threads) {
    BatchPlan plan;
    Err err = batch_plan_init(&plan, task->seed, task->clips_per_epoch, config->batch, config->micro_batch);
    int64_t n_leaves = batch_n_leaves(&plan);
    batch_plan_free(&plan);
    TRY(err);
    ReducePlan reduce = reduce_plan((ReduceKind)config->reduce, n_leaves, n_ranks, threads);
    size_t total = task->params->total, moments = 2 * (total / (size_t)n_ranks) * sizeof(float);
    *bytes = sums_bytes(total, &reduce, threads) + moments + task->shared_bytes +
             (size_t)threads * task->scratch_bytes +
             (size_t)prefetch_places(threads, config->loaders) * task->loader.place_bytes;
    return ERR_NONE;
}

CHECKED Err trainer_check(const TrainTask *task, const TrainConfig *config, const Run *run) {
    size_t bytes;
    return trainer_rank_bytes(&bytes, task, config, run->par.n_ranks, run->par.threads);
}

CHECKED Err trainer_print_plan(const TrainTask *task, const TrainConfig *config, const Run *run) {
    char bytes[32], params[32];
    size_t need = 0;
    TRY(trainer_rank_bytes(&need, task, config, run->par.n_ranks, run->par.threads));
    int64_t steps = task->clips_per_epoch / config->batch * config->epochs;
    double flops = task->flops_per_clip * (double)config->batch * (double)steps;
    printf("%s: %s parameters\n", task->name, text_count(params, sizeof(params), (int64_t)task->params->total));
    printf("  %lld steps: %d epochs of %lld clips, %d clips a step in %d leaves\n", (long long)steps, config->epochs,
           (long long)task->clips_per_epoch, config->batch, config->batch / config->micro_batch);
    printf("  %s of memory a rank, with %d threads\n", text_bytes(bytes, sizeof(bytes), (double)need),
           run->par.threads);
    if (flops > 0)
        printf("  %.3g GFLOP a clip, %.3g TFLOP in all: %.2f core-hours at 50 GFLOP/s\n", task->flops_per_clip * 1e-9,
               flops * 1e-12, flops / ESTIMATE_CORE_FLOPS / 3600);
    estimate_print((double)need, flops / ESTIMATE_CORE_FLOPS);
    return ERR_NONE;
}
