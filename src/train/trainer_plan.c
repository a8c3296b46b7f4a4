/* What a training will need and take, before it starts. See train/trainer.h. */
#include "base/system/estimate.h"
#include "base/system/minmax.h"
#include "nn/kernels/kernels.h"
#include "par/reduce.h"
#include "train/internal/leafsum.h"
#include "train/internal/trainer_memory.h"

#include <stdio.h>
#include <unistd.h>

/* ---- teams and memory ---- */

typedef struct {
    const TrainTask *task;
    const TrainConfig *config;
    int64_t n_leaves; /* of a step */
    int n_ranks, node_ranks, threads;
} Sizes;

/* By way of a batch plan, which refuses what does not fit together; the order of its epoch is not used. */
static Err sizes_of(Sizes *sizes, const TrainTask *task, const TrainConfig *config, const Par *par) {
    BatchPlan plan;
    *sizes = (Sizes){.task = task, .config = config, .threads = par->threads};
    par_planned(&sizes->n_ranks, &sizes->node_ranks, par);
    Err err = batch_plan_init(&plan, task->seed, task->clips_per_epoch, config->batch, config->micro_batch);
    sizes->n_leaves = batch_n_leaves(&plan);
    batch_plan_free(&plan);
    return err;
}

ReducePlan trainer_reduce_plan(const TrainConfig *config, int64_t n_leaves, int n_ranks, int teams) {
    ReducePlan plan = reduce_plan((ReduceKind)config->reduce, n_leaves, n_ranks, teams);
    plan.early = true;
    return plan;
}

/* Sums of gradients, of the rank that needs most for them: pieces and how they are cut differ. */
static size_t sums_bytes(const Sizes *s, int teams) {
    size_t most = 0, total = s->task->params->total;
    ReducePlan plan = trainer_reduce_plan(s->config, s->n_leaves, s->n_ranks, teams);
    for (int rank = 0; rank < s->n_ranks; rank++) {
        Share pieces[LEAF_PIECES_MAX];
        int n_pieces = reduce_pieces(pieces, &plan, rank);
        size_t bytes = reduce_bytes(total, &plan, rank, s->node_ranks) + leafsum_bytes(total, pieces, n_pieces, teams);
        if (bytes > most) most = bytes;
    }
    return most;
}

/* The program and its libraries with what they keep; what a thread keeps for large products. */
static size_t bytes_around(const Sizes *s) {
    const size_t program = 88 << 20;
    return program + (size_t)s->threads * kernels_best()->product_large_scratch * sizeof(float);
}

/* All that grows with the teams: sums, scratch, places of clips; and what does not. */
static size_t bytes_with(const Sizes *s, int team) {
    const TrainTask *task = s->task;
    int teams = teams_count(s->threads, team), members = min_int(team, s->threads);
    size_t total = task->params->total, moments = 2 * (total / (size_t)s->n_ranks) * sizeof(float);
    return bytes_around(s) + sums_bytes(s, teams) + moments + task->shared_bytes +
           (size_t)teams * task->scratch_bytes(task, members) +
           (size_t)prefetch_places(teams, s->config->loaders) * task->loader.place_bytes;
}

/* Larger teams need less memory, a little more time. So a rank that would need a lot takes teams of up to four, and
 * still larger ones if the machine, which the ranks of a node share, does not hold it. */
static int choose_team(const Sizes *s) {
    enum { WELL_SHARED = 4 };
    const double share = 0.8, a_lot = 24e9;
    double room = share * (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGE_SIZE) / s->node_ranks;
    int64_t leaves = (s->n_leaves + s->n_ranks - 1) / s->n_ranks; /* of the fullest rank */
    int team = teams_choose(s->threads, leaves, s->task->flops_per_clip * s->config->micro_batch);
    for (; team < s->threads; team = min_int(2 * team, s->threads)) {
        double need = (double)bytes_with(s, team);
        if (need <= room && (need <= a_lot || team >= WELL_SHARED)) break;
    }
    return team;
}

/* A task that has no scratch a team computes with single threads. */
static int team_of(const Sizes *s) {
    if (!s->task->teams_ready) return 1;
    return s->config->team ? min_int(s->config->team, s->threads) : choose_team(s);
}

int trainer_team(const TrainTask *task, const TrainConfig *config, const Par *par) {
    Sizes sizes;
    if (sizes_of(&sizes, task, config, par)) return 1; /* the trainer has checked them */
    return team_of(&sizes);
}

CHECKED Err trainer_rank_bytes(size_t *bytes, const TrainTask *task, const TrainConfig *config, const Par *par) {
    Sizes sizes;
    TRY(sizes_of(&sizes, task, config, par));
    *bytes = bytes_with(&sizes, team_of(&sizes));
    return ERR_NONE;
}

/* What would be refused later, refused before a folder is made. */
CHECKED Err trainer_check(const TrainTask *task, const TrainConfig *config, const Run *run) {
    size_t bytes;
    return trainer_rank_bytes(&bytes, task, config, &run->par);
}

/* For --dry-run: sizes, memory, and time at the rate of an ordinary core. */
CHECKED Err trainer_print_plan(const TrainTask *task, const TrainConfig *config, const Run *run) {
    char bytes[32], params[32];
    size_t need = 0;
    TRY(trainer_rank_bytes(&need, task, config, &run->par));
    int64_t steps = task->clips_per_epoch / config->batch * config->epochs;
    double flops = task->flops_per_clip * (double)config->batch * (double)steps;
    printf("%s: %s parameters\n", task->name, text_count(params, sizeof(params), (int64_t)task->params->total));
    printf("  %lld steps: %d epochs of %lld clips, %d clips a step in %d leaves\n", (long long)steps, config->epochs,
           (long long)task->clips_per_epoch, config->batch, config->batch / config->micro_batch);
    int team = trainer_team(task, config, &run->par), teams = teams_count(run->par.threads, team);
    printf("  %s of memory a rank, with %d thread%s in %d team%s of %d\n",
           text_bytes(bytes, sizeof(bytes), (double)need), run->par.threads, run->par.threads == 1 ? "" : "s", teams,
           teams == 1 ? "" : "s", team);
    if (flops > 0)
        printf("  %.3g GFLOP a clip, %.3g TFLOP in all: %.2f core-hours at 50 GFLOP/s\n", task->flops_per_clip * 1e-9,
               flops * 1e-12, flops / ESTIMATE_CORE_FLOPS / 3600);
    estimate_print((double)need, flops / ESTIMATE_CORE_FLOPS);
    return ERR_NONE;
}
