/* The loop over steps, for any task that has leaves. A step is
 *
 *   1. gradients of this rank's leaves, by its teams, added up to pieces (train/internal/leafsum.h), while loaders
 * fetch the clips of the step after;
 *   2. the exchange: the sum of every rank's slice (par/reduce.h), and the few numbers that all ranks must know;
 *   3. AdamW on the slice, by all threads;
 *   4. the gather of the parameters.
 *
 * Between 1 and 2 all ranks agree that nobody failed: inside the exchange there is no way back. What a step needs is a
 * function of its number and the seed, so a resumed run needs nothing but parameters, moments and that number. Vectors
 * of parameters are flat; `slice` is this rank's part of them, and m, v hold the slice alone. */
#include "train/trainer.h"

#include "base/failure/fault.h"
#include "base/system/clock.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/stop.h"
#include "nn/models/optimizer.h"
#include "par/agree.h"
#include "train/internal/divergence.h"
#include "train/internal/leafsum.h"
#include "train/internal/owned.h"
#include "train/internal/trainer_memory.h"
#include "train/internal/trainlog.h"

#include <math.h>

/* What the ranks add up once a step, exactly: the loss of every leaf, the squared norm of the gradient by units of the
 * slice, and two votes (stop, write a checkpoint). */
typedef struct {
    double *values;
    int n_leaves, n_units, count;
} StepStats;

typedef struct {
    TrainTask *task;
    const TrainConfig *config;
    const Run *run;
    const RunFolder *folder;
    BatchPlan plan;
    Schedule schedule;
    AdamwConfig adamw;
    ReducePlan reduce_plan;
    Reduce *reduce;
    Teams teams;
    LeafSum *sum;
    Prefetch *prefetch;
    Share leaves;
    Owned owned;
    bool whole; /* parameters are as they are everywhere, not rounded */
    StepStats stats;
    char checkpoint_folder[PATH_SIZE];
    TrainLog log;
    bool logging;
    double last_checkpoint; /* time */
    int64_t step, total_steps, saved_step;
    double loss, grad_norm;
    Err pending; /* rank 0 could not write to the curves; all ranks learn it at the next agreement */
} Trainer;

/* ---- setup ---- */

/* Rates are given for batches of 256 clips and scaled linearly (VideoMAE, appendix; Goyal et al. 2017). */
static void plan_rates(Trainer *t) {
    const TrainConfig *c = t->config;
    double scale = c->batch / 256.0;
    int64_t per_epoch = batch_steps_per_epoch(&t->plan);
    t->total_steps = per_epoch * c->epochs;
    t->schedule = (Schedule){.peak = c->base_lr * scale,
                             .minimum = c->min_lr * scale,
                             .warmup_steps = llround(c->warmup_epochs * (double)per_epoch),
                             .total_steps = t->total_steps};
    t->adamw = (AdamwConfig){.beta1 = (float)c->beta1,
                             .beta2 = (float)c->beta2,
                             .eps = (float)c->eps,
                             .weight_decay = (float)c->weight_decay};
}

static size_t unit_count(size_t total) {
    return (total + reduce_unit(total) - 1) / reduce_unit(total);
}

static void section_ready(void *context, int section, Team *team) {
    reduce_ready(((Trainer *)context)->reduce, section, team);
}

/* Sums of leaves go straight into the vectors that are exchanged. */
static Err plan_sums(Trainer *t) {
    Share pieces[LEAF_PIECES_MAX], sections[REDUCE_SECTIONS_MAX];
    float *sums[LEAF_PIECES_MAX];
    int n_pieces = reduce_pieces(pieces, &t->reduce_plan, t->run->par.rank), n_sections = reduce_n_sections(t->reduce);
    for (int k = 0; k < n_pieces; k++) sums[k] = reduce_piece(t->reduce, k);
    for (int k = 0; k < n_sections; k++) sections[k] = reduce_section(t->reduce, k);
    const LeafSections told = {.floats = sections, .count = n_sections, .ready = section_ready, .context = t};
    return leafsum_new(&t->sum, t->task->params->total, pieces, n_pieces, &t->teams, sums, &told);
}

/* Matrices in the order of their places, which is not the one in which the plan has them. */
static int by_place(const void *a, const void *b) {
    int64_t x = ((const Share *)a)->begin, y = ((const Share *)b)->begin;
    return (x > y) - (x < y);
}

static void shorten(uint16_t *out, const float *in, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = bf16_round(in[i]);
}

static void lengthen(float *out, const uint16_t *in, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = bf16_float(in[i]);
}

/* What products read rounded may as well travel so. */
static Err plan_gather(Trainer *t) {
    const Bf16Plan *plan = t->task->rounded;
    if (!plan) return ERR_NONE;
    Share *spans = calloc((size_t)plan->count + 1, sizeof *spans);
    if (!spans) return RAISE(ERR_MEMORY, "training: no memory for %d matrices", plan->count);
    for (int i = 0; i < plan->count; i++) {
        const Bf16Matrix *matrix = &plan->matrices[i];
        int64_t begin = (int64_t)matrix->offset;
        spans[i] = (Share){begin, begin + (int64_t)matrix->parts * matrix->Dout * matrix->Din};
    }
    qsort(spans, (size_t)plan->count, sizeof *spans, by_place);
    Err err = reduce_shorten(t->reduce, &(ReduceShort){spans, plan->count, shorten, lengthen});
    free(spans);
    return err;
}

/* Moments of the slice, and values that the ranks add up: losses, units, two votes. */
static Err allocate(Trainer *t) {
    t->stats.n_leaves = (int)batch_n_leaves(&t->plan);
    t->stats.n_units = (int)unit_count(t->task->params->total);
    t->stats.count = t->stats.n_leaves + t->stats.n_units + 2;
    t->stats.values = calloc((size_t)t->stats.count, sizeof *t->stats.values);
    if (!t->stats.values) return RAISE(ERR_MEMORY, "training: no memory for %d sums", t->stats.count);
    TRY(owned_new(&t->owned, t->reduce, t->task->params, t->run->par.threads));
    TRY(plan_gather(t));
    if (t->task->teams_ready) TRY(t->task->teams_ready(t->task, t->teams.teams, t->teams.count));
    return plan_sums(t);
}

/* What may fail on one rank and needs no other. */
static Err plan_locally(Trainer *t) {
    const TrainConfig *c = t->config;
    TRY(batch_plan_init(&t->plan, t->task->seed, t->task->clips_per_epoch, c->batch, c->micro_batch));
    plan_rates(t);
    TRY(teams_new(&t->teams, t->run->par.threads, trainer_team(t->task, c, &t->run->par)));
    return runfolder_path(t->checkpoint_folder, sizeof(t->checkpoint_folder), t->folder, "ckpt");
}

/* By the rank with the most teams, so that all ranks share the leaves out alike. */
static void share_leaves_all(Trainer *t) {
    const Par *par = &t->run->par;
    int teams = (int)agree_max_all(t->teams.count, par, "sharing the leaves");
    t->reduce_plan = trainer_reduce_plan(t->config, batch_n_leaves(&t->plan), par->n_ranks, teams);
    t->leaves = leaves_of(&t->reduce_plan.leaves, par->rank);
}

/* Each rank fills its slices of the shared parameters; its gradient buffer serves as the place to draw all of them. */
static void start_params(Trainer *t, const float *initial) {
    if (!initial) {
        params_init(reduce_grads(t->reduce), t->task->params, t->task->seed, t->task->head_scale);
        initial = reduce_grads(t->reduce);
    }
    owned_start(&t->owned, initial);
}

/* The updated slices of all ranks become everybody's parameters, matrices of mixed precision rounded. */
static void gather_params_all(Trainer *t) {
    reduce_gather_short_all(t->reduce);
    t->whole = !t->task->rounded;
    if (t->task->params_changed) t->task->params_changed(t->task, reduce_params(t->reduce), t->run->par.threads);
}

/* For who reads more of them than leaves do. */
static const float *whole_params_all(Trainer *t) {
    if (!t->whole) reduce_gather_all(t->reduce);
    t->whole = true;
    return reduce_params(t->reduce);
}

/* A checkpoint of this run wins over `initial`, weights that a fine-tuning starts from. */
static Err start_or_resume_all(Trainer *t, const float *initial) {
    CheckpointState state = {0};
    bool found = false;
    TRY(checkpoint_read_newest_all(t->checkpoint_folder, owned_checkpoint(&t->owned), &state, &found, &t->run->par));
    if (found)
        t->step = t->saved_step = state.step;
    else
        start_params(t, initial);
    gather_params_all(t);
    if (found && t->step < t->total_steps)
        log_info("%s: going on from the checkpoint of step %lld of %lld", t->task->name, (long long)t->step,
                 (long long)t->total_steps);
    return ERR_NONE;
}

/* From the step that comes now. */
static Err start_loading(Trainer *t) {
    int64_t n = t->leaves.end - t->leaves.begin, *wanted = malloc((size_t)(n + 1) * sizeof(*wanted));
    if (!wanted) return RAISE(ERR_MEMORY, "training: no memory for the order of %lld leaves", (long long)n);
    for (int64_t i = 0; i < n; i++) wanted[i] = t->leaves.begin + i; /* as teams take them */
    PrefetchPlan plan = {.batch = t->plan,
                         .leaves = t->leaves,
                         .wanted = wanted,
                         .first_step = t->step,
                         .end_step = t->total_steps,
                         .threads = t->teams.count,
                         .loaders = t->config->loaders};
    Err err = prefetch_new(&t->prefetch, &t->task->loader, &plan);
    free(wanted);
    return err;
}

/* The ranks without a leaf are worth a warning: a batch is cut into so many leaves and no more. */
static void say_what_starts(const Trainer *t, size_t need) {
    const TrainConfig *c = t->config;
    char params[32], bytes[32];
    log_info("%s: %s parameters; %lld steps (%d epochs of %lld) of %d clips in %d leaves", t->task->name,
             text_count(params, sizeof(params), (int64_t)t->task->params->total), (long long)t->total_steps, c->epochs,
             (long long)batch_steps_per_epoch(&t->plan), c->batch, t->stats.n_leaves);
    log_info("%d thread%s a rank in %d team%s of %d, each with one leaf at a time", t->run->par.threads,
             t->run->par.threads == 1 ? "" : "s", t->teams.count, t->teams.count == 1 ? "" : "s", t->teams.size);
    log_info("gradient sum: %s%s; %s a rank; run folder %s",
             t->reduce_plan.kind == REDUCE_TREE ? "fixed tree" : "rank by rank (rounding depends on ranks)",
             reduce_uses_window(t->reduce)      ? " in shared memory"
             : reduce_n_sections(t->reduce) > 1 ? ", in sections as they are ready"
                                                : "",
             text_bytes(bytes, sizeof(bytes), (double)need), t->folder->path);
    int idle = t->run->par.n_ranks - t->stats.n_leaves;
    if (idle > 0 && t->run->par.rank == 0)
        log_warn("%s: %d of %d ranks have no leaf to compute and only update their slice: a step has %d leaves (clips "
                 "train.batch / train.micro_batch)",
                 t->task->name, idle, t->run->par.n_ranks, t->stats.n_leaves);
}

/* In this order: leaves need teams, the exchange needs leaves, the slice the exchange, and loading the first step. */
static Err open_all(Trainer *t, const float *initial) {
    const Par *par = &t->run->par;
    TRY(err_agree_all(plan_locally(t), par, "planning the training"));
    share_leaves_all(t);
    TRY(reduce_new_all(&t->reduce, par, &t->reduce_plan, t->task->params->total));
    TRY(err_agree_all(allocate(t), par, "training memory"));
    TRY(start_or_resume_all(t, initial));
    TRY(err_agree_all(start_loading(t), par, "loading ahead"));
    TRY(err_agree_all(teams_bind(&t->teams, &par->own), par, "teams")); /* after loaders, which run anywhere */
    TrainLogPlan log = {.first_step = t->step,
                        .total_steps = t->total_steps,
                        .log_steps = t->config->log_steps,
                        .batch = t->config->batch,
                        .flops_per_clip = t->task->flops_per_clip};
    TRY(trainer_rank_bytes(&log.planned_bytes, t->task, t->config, par));
    say_what_starts(t, log.planned_bytes);
    t->logging = true;
    TRY(trainlog_open_all(&t->log, &log, t->run, t->folder));
    stop_watch_folder(t->folder->path);
    t->last_checkpoint = clock_wall_s();
    return ERR_NONE;
}

static void free_trainer_all(Trainer *t) {
    stop_watch_folder(NULL);
    prefetch_free(&t->prefetch);
    leafsum_free(&t->sum);
    teams_free(&t->teams);
    reduce_free_all(&t->reduce);
    owned_free(&t->owned);
    free(t->stats.values);
    batch_plan_free(&t->plan);
}

/* ---- one step ---- */

/* One leaf by one team: takes its clips, loaded ahead or now, and adds loss and gradient. */
static Err run_leaf(void *state, int team, int64_t leaf, float *grads, double *loss, const GradsWatch *watch) {
    Trainer *t = state;
    TrainLeaf which = batch_leaf(&t->plan, t->step, leaf);
    void *place;
    TRY(prefetch_take(t->prefetch, team, &which, &place));
    t->task->leaf(t->task, team, place, &which, reduce_params(t->reduce), grads, loss, watch);
    return ERR_NONE;
}

/* What a rank does alone; a point that could not be written is reported here too. */
static Err compute_gradients(Trainer *t) {
    if (t->pending) return t->pending;
    if (fault_hit("train.step")) return RAISE(ERR_INTERNAL, "step %lld: injected fault", (long long)t->step + 1);
    memset(t->stats.values, 0, (size_t)t->stats.count * sizeof(double));
    Err err = leafsum_run(t->sum, run_leaf, t, t->stats.values + t->leaves.begin);
    if (!err && fault_hit("train.exchange"))
        err = RAISE(ERR_INTERNAL, "gradient exchange of step %lld: injected fault", (long long)t->step + 1);
    return err_within(err, "step %lld: ", (long long)t->step + 1);
}

static double sum_in_order(const double *values, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) sum += values[i];
    return sum;
}

/* Loss and gradient norm, and whether anybody wants to stop or rank 0's clock says checkpoint: one message. */
static void share_stats_all(Trainer *t, bool *stop, bool *save) {
    StepStats *s = &t->stats;
    double *votes = s->values + s->n_leaves + s->n_units;
    bool due = clock_wall_s() - t->last_checkpoint > 60 * t->config->checkpoint_minutes;
    owned_squares(&t->owned, s->values + s->n_leaves);
    votes[0] = stop_requested();
    votes[1] = t->run->par.rank == 0 && due;
    reduce_disjoint_all(s->values, s->count, &t->run->par);
    t->loss = sum_in_order(s->values, s->n_leaves);
    t->grad_norm = sqrt(sum_in_order(s->values + s->n_leaves, s->n_units));
    *stop = votes[0] > 0;
    *save = votes[1] > 0;
}

static Divergence divergence(const Trainer *t) {
    return (Divergence){.task = t->task->name,
                        .checkpoints = t->checkpoint_folder,
                        .saved_step = t->saved_step,
                        .config = t->config,
                        .par = &t->run->par,
                        .table = t->task->params,
                        .slices = t->owned.slices,
                        .n_slices = t->owned.n_slices,
                        .params = reduce_params(t->reduce),
                        .grads = reduce_grads(t->reduce)};
}

/* A rank that failed has others waiting for its part of what they began to exchange early. */
static Err gradients_all(Trainer *t) {
    Err err = err_agree_all(compute_gradients(t), &t->run->par, "gradients");
    if (err && reduce_n_sections(t->reduce) > 1) reduce_scatter_all(t->reduce);
    return err;
}

/* times: beginning, gradients, exchange, update, gather. The loss of a leaf that is not finite ends the run on all
 * ranks alike, since all know the sums. */
static Err step_all(Trainer *t, bool *stop, bool *save) {
    double times[5], lr = schedule_rate(&t->schedule, t->step);
    times[0] = clock_wall_s();
    batch_plan_enter(&t->plan, t->step);
    prefetch_enter(t->prefetch, t->step);
    TRY(gradients_all(t));
    times[1] = clock_wall_s();
    reduce_scatter_all(t->reduce);
    share_stats_all(t, stop, save);
    if (!isfinite(t->loss) || !isfinite(t->grad_norm)) {
        Divergence where = divergence(t);
        return divergence_raise_all(&where, t->step + 1, &t->plan, t->stats.values, t->loss, t->grad_norm);
    }
    times[2] = clock_wall_s();
    owned_update(&t->owned, &t->adamw, lr, t->task->lr_scale, t->step + 1);
    times[3] = clock_wall_s();
    gather_params_all(t);
    times[4] = clock_wall_s();
    t->step++;
    StepTimes spent = {.data = prefetch_take_waited(t->prefetch) / t->teams.count,
                       .compute = times[1] - times[0],
                       .exchange = times[2] - times[1] + times[4] - times[3],
                       .update = times[3] - times[2]};
    t->pending = trainlog_step(&t->log, t->step, t->loss, lr, t->grad_norm, spent);
    return ERR_NONE;
}

/* ---- the run ---- */

/* Parameters are looked through first: a checkpoint that cannot be gone on from must not take the place of one that
 * can. */
static Err save_all(Trainer *t) {
    if (t->saved_step == t->step) return ERR_NONE;
    Divergence where = divergence(t);
    if (!divergence_none_all(&where))
        return divergence_raise_all(&where, t->step, &t->plan, NULL, t->loss, t->grad_norm);
    CheckpointState state = {.step = t->step, .seed = t->task->seed, .config_text = t->run->config_text};
    TRY(checkpoint_write_all(t->checkpoint_folder, owned_checkpoint(&t->owned), &state, &t->run->par));
    t->saved_step = t->step;
    t->last_checkpoint = clock_wall_s();
    return checkpoint_prune_all(t->checkpoint_folder, t->config->keep_last, t->config->keep_every, &t->run->par);
}

/* The stop file has done its work: left there, the next run would stop at once. */
static Err remove_stop_file(const Trainer *t) {
    char path[PATH_SIZE];
    TRY(runfolder_path(path, sizeof(path), t->folder, "stop"));
    return t->run->par.rank == 0 && file_exists(path) ? file_remove(path) : ERR_NONE;
}

/* Not a failure, though it returns like one: exit code 75 tells a batch system to start the command again. */
static Err stop_here_all(Trainer *t) {
    (void)agree_stop_all(&t->run->par); /* spreads the reason */
    TRY(save_all(t));
    TRY(err_agree_all(remove_stop_file(t), &t->run->par, "removing the stop file"));
    return RAISE(ERR_STOPPED,
                 "%s: %s: stopped at step %lld of %lld with a checkpoint in %s; run the same command again "
                 "to go on",
                 t->task->name, stop_reason(), (long long)t->step, (long long)t->total_steps, t->checkpoint_folder);
}

static bool epoch_ends(const Trainer *t) {
    return t->step % batch_steps_per_epoch(&t->plan) == 0;
}

/* The last step always saves, and a stop that comes with it is no stop. */
static Err steps_all(Trainer *t) {
    while (t->step < t->total_steps) {
        bool stop, save;
        TRY(step_all(t, &stop, &save));
        if (t->config->checkpoint_steps && t->step % t->config->checkpoint_steps == 0) save = true;
        if (t->task->epoch_end_all && epoch_ends(t))
            TRY(t->task->epoch_end_all(t->task, t->step / batch_steps_per_epoch(&t->plan), whole_params_all(t)));
        if (stop && t->step < t->total_steps) return stop_here_all(t);
        if (save || t->step == t->total_steps) TRY(save_all(t));
    }
    return err_agree_all(t->pending, &t->run->par, "the curves");
}

/* From the files, so that a run that ended after its last checkpoint but before its result says the same. */
static Err read_outcome(const Trainer *t, TrainOutcome *outcome) {
    if (t->run->par.rank != 0) return ERR_NONE;
    double *steps = NULL, *losses = NULL;
    int64_t count = 0;
    TRY(curve_read(&steps, &losses, &count, t->folder->path, "loss"));
    outcome->loss = count ? losses[count - 1] : NAN;
    free(steps);
    free(losses);
    WeightSet weights = {0};
    TRY(weights_read(&weights, t->folder->path));
    memcpy(outcome->weights_digest, weights.digest, sizeof(outcome->weights_digest));
    weights_free(&weights);
    return ERR_NONE;
}

/* Without gradients and moments: what comes now (tests, pictures) may need the room. */
static Err finish_all(Trainer *t) {
    TrainOutcome outcome = {.steps = t->step};
    prefetch_free(&t->prefetch);
    leafsum_free(&t->sum);
    arena_free(&t->owned.moments);
    TRY(err_agree_all(read_outcome(t, &outcome), &t->run->par, "reading the final checkpoint back"));
    return t->task->finish_all ? t->task->finish_all(t->task, whole_params_all(t), &outcome) : ERR_NONE;
}

CHECKED Err trainer_run_all(TrainTask *task, const TrainConfig *config, const float *initial, const Run *run,
                            const RunFolder *folder) {
    Trainer t = {.task = task, .config = config, .run = run, .folder = folder, .saved_step = -1};
    Err err = open_all(&t, initial);
    if (!err) err = steps_all(&t);
    if (t.logging) {
        Err closing = err_agree_all(trainlog_close_all(&t.log, t.step), &run->par, "closing the curves");
        if (!err) err = closing;
    }
    if (!err) err = finish_all(&t);
    free_trainer_all(&t);
    return err;
}
