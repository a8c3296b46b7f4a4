/* How fast a training step is, by parts, as a share of a plain sgemm.
 *
 * A step of every rank, one thread each: clips loaded from live videos, forward, backward, gradients exchanged, slice
 * updated, parameters gathered; pre-training at mask 0.75 and 0.9 and fine-tuning, tiny to ViT-B. Times are CPU time of
 * the slowest rank, so that neighbors on the machine count as little as possible, except the exchange, which is
 * wall-clock time from the moment all ranks are there. Backward is what a step takes beyond its forward pass. The
 * yardstick (in mixed precision the peak of the multiply units; on all ranks at once) is timed before and after every
 * repetition, and shares are medians over such neighbors. With several ranks rank 0 measures alone next to each
 * repetition of all; "x one" is the throughput of all over that. The loss of a batch is compared with the losses of its
 * clips one by one before anything is timed. */
#include "base/system/arena.h"
#include "base/system/clock.h"
#include "base/text/text.h"
#include "bench/internal/bench_step_work.h"
#include "bench/internal/harness.h"
#include "bench/internal/topics.h"
#include "math/blas.h"
#include "math/stats.h"
#include "nn/models/optimizer.h"
#include "par/agree.h"
#include "par/reduce.h"
#include "par/spread.h"

enum { REPETITIONS_MIN = 3, REPETITIONS_MAX = 200 };

enum { DATA, FORWARD, BACKWARD, EXCHANGE, UPDATE, N_PARTS };

typedef struct {
    double parts[N_PARTS]; /* seconds, the slowest rank's */
    double bound;          /* GFLOP/s a rank: the yardstick's */
} Repetition;

typedef struct {
    double parts[N_PARTS], seconds; /* of the repetition with the median share */
    double rate, share;             /* GFLOP/s a rank; of the yardstick */
    double compute_share;           /* of the yardstick, forward and backward alone */
    double times_one;               /* work a second of all ranks over that of one alone; 0: there is one */
} Measured;

typedef struct {
    const Par *par;
    StepWork work;
    Reduce *reduce;
    Share slice;
    Arena moments;
    float *m, *v; /* (slice) */
    BenchYardstick *yardstick;
    int64_t steps;
} Step;

/* ---- a step ---- */

/* Mixed precision packs weights; float32 has nothing to do. */
static void params_changed(Step *step) {
    if (step->work.params_changed) step->work.params_changed(&step->work, reduce_params(step->reduce));
}

/* As the trainer lays it out (train/trainer.c): vectors of the exchange, moments of the slice, random weights. */
static Err step_new_all(Step *step, const StepCase *c, BenchYardstick *yardstick, const Par *par) {
    *step = (Step){.par = par, .yardstick = yardstick};
    Precision precision = yardstick->precision;
    TRY(err_agree_all(bench_step_work_new(&step->work, c, precision, NULL), par, "a benchmark"));
    ReducePlan plan = reduce_plan(REDUCE_TREE, par->n_ranks, par->n_ranks, 1); /* a leaf a rank */
    TRY(reduce_new_all(&step->reduce, par, &plan, step->work.params->total));
    int n_slices; /* one: nothing is exchanged early here */
    step->slice = *reduce_slices(step->reduce, &n_slices);
    size_t count = (size_t)(step->slice.end - step->slice.begin);
    TRY(err_agree_all(arena_alloc(&step->moments, 2 * count * sizeof(float) + 1024, "the moments of a benchmark"), par,
                      "a benchmark"));
    step->m = arena_floats(&step->moments, count);
    step->v = arena_floats(&step->moments, count);
    float *whole = reduce_grads(step->reduce), *params = reduce_params(step->reduce);
    params_init(whole, step->work.params, 1, 1);
    memcpy(params + step->slice.begin, whole + step->slice.begin, count * sizeof *params);
    reduce_gather_all(step->reduce);
    params_changed(step);
    memset(whole, 0, step->work.params->total * sizeof *whole);
    return ERR_NONE;
}

static void step_free_all(Step *step) {
    if (step->work.free) step->work.free(&step->work);
    reduce_free_all(&step->reduce);
    arena_free(&step->moments);
}

/* Relative difference between the loss of a leaf and that of its clips one by one. */
static Err step_verify(Step *step, const StepCase *c) {
    TRY(step->work.load(&step->work));
    double loss = 0, expected = step->work.loss_one_by_one(&step->work, reduce_params(step->reduce));
    step->work.compute(&step->work, reduce_params(step->reduce), NULL, &loss);
    return bench_verdict(c->name, fabs(loss - expected) / fabs(expected), 1e-5);
}

/* From the moment all ranks are there: waiting for the slowest belongs to what it computed, not to the exchange. */
static void exchange_all(Step *step, double *seconds, void (*exchange)(Reduce *)) {
    par_barrier_all(step->par);
    double start = clock_wall_s();
    exchange(step->reduce);
    *seconds += clock_wall_s() - start;
}

/* One step, each part by its own clock. The forward pass is timed on its own and again inside the backward pass, so
 * that what the backward adds is the difference of the two. */
static Err step_once_all(Step *step, Repetition *mine) {
    const AdamwConfig adamw = {.beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f, .weight_decay = 0.05f};
    float *params = reduce_params(step->reduce), *grads = reduce_grads(step->reduce);
    double loss = 0, *parts = mine->parts, times[5];
    times[0] = clock_thread_s();
    TRY(step->work.load(&step->work));
    times[1] = clock_thread_s();
    step->work.compute(&step->work, params, NULL, &loss);
    times[2] = clock_thread_s();
    step->work.compute(&step->work, params, grads, &loss);
    times[3] = clock_thread_s();
    parts[DATA] = times[1] - times[0];
    parts[FORWARD] = times[2] - times[1];
    parts[BACKWARD] = times[3] - times[2] - parts[FORWARD];
    exchange_all(step, &parts[EXCHANGE], reduce_scatter_all);
    times[3] = clock_thread_s();
    adamw_update(&(AdamwSlice){params + step->slice.begin, step->m, step->v, grads + step->slice.begin,
                               (size_t)step->slice.begin, (size_t)step->slice.end},
                 step->work.params, &(AdamwStep){&adamw, 1e-6, NULL, ++step->steps});
    parts[UPDATE] = clock_thread_s() - times[3];
    exchange_all(step, &parts[EXCHANGE], reduce_gather_all);
    times[3] = clock_thread_s();
    params_changed(step);
    parts[UPDATE] += clock_thread_s() - times[3];
    memset(grads, 0, step->work.params->total * sizeof *grads);
    return ERR_NONE;
}

/* ---- medians ---- */

/* A step is its parts: what lies between them is the clock's. */
static double sum_parts(const Repetition *r) {
    double sum = 0;
    for (int p = 0; p < N_PARTS; p++) sum += r->parts[p];
    return sum;
}

/* Each part by the slowest rank, though not the same one for all: an upper bound of the step. */
static Err repeat_all(Step *step, Repetition *r) {
    *r = (Repetition){0};
    par_barrier_all(step->par);
    double before = bench_yardstick_rate(step->yardstick);
    TRY(err_agree_all(step_once_all(step, r), step->par, "a benchmark"));
    r->bound = (before + bench_yardstick_rate(step->yardstick)) / 2;
    if (step->par->n_ranks == 1) return ERR_NONE;
    MPI_Allreduce(MPI_IN_PLACE, r->parts, N_PARTS, MPI_DOUBLE, MPI_MAX, step->par->comm);
    MPI_Allreduce(MPI_IN_PLACE, &r->bound, 1, MPI_DOUBLE, MPI_SUM, step->par->comm);
    r->bound /= step->par->n_ranks;
    return ERR_NONE;
}

/* Time in units of the yardstick's: the order of shares, turned around. */
static int by_share(const void *a, const void *b) {
    double x = sum_parts(a) * ((const Repetition *)a)->bound, y = sum_parts(b) * ((const Repetition *)b)->bound;
    return (x > y) - (x < y);
}

/* A step before the first that counts: it meets memory that nobody has touched. */
static Err warm_up_all(Step *step) {
    Repetition unused = {0};
    return err_agree_all(step_once_all(step, &unused), step->par, "a benchmark");
}

/* How many times as much work all ranks do in a second as rank 0 alone does in a step right after theirs: next to each
 * other, so that a clock that moves moves both. `alone`: NULL on the other ranks. */
static Err compare_with_one_all(double *ratio, const Repetition *all, Step *alone, const Par *par) {
    Repetition single = {0};
    TRY(err_agree_all(alone ? repeat_all(alone, &single) : ERR_NONE, par, "rank 0 alone"));
    *ratio = par->n_ranks * sum_parts(&single) / sum_parts(all);
    return ERR_NONE;
}

/* The row is one real repetition, the one with the median share, so that its parts add up. */
static Err measure_all(Measured *found, Step *step, Step *alone, double seconds) {
    Repetition all[REPETITIONS_MAX];
    double ratios[REPETITIONS_MAX];
    int count = 0;
    bool several = step->par->n_ranks > 1;
    TRY(warm_up_all(step));
    if (several) TRY(err_agree_all(alone ? warm_up_all(alone) : ERR_NONE, step->par, "rank 0 alone"));
    for (double spent = 0; count < REPETITIONS_MIN || (count < REPETITIONS_MAX && spent < seconds); count++) {
        TRY(repeat_all(step, &all[count]));
        if (several) TRY(compare_with_one_all(&ratios[count], &all[count], alone, step->par));
        spent += sum_parts(&all[count]);
    }
    qsort(all, (size_t)count, sizeof *all, by_share);
    const Repetition *median = &all[count / 2];
    double giga = 1e-9 * step->work.flops;
    memcpy(found->parts, median->parts, sizeof found->parts);
    found->seconds = sum_parts(median);
    found->rate = giga / found->seconds;
    found->share = found->rate / median->bound;
    found->compute_share = giga / (median->parts[FORWARD] + median->parts[BACKWARD]) / median->bound;
    found->times_one = several ? order_median(ratios, count) : 0;
    return ERR_NONE;
}

/* Nothing is timed that has not been checked. */
static Err step_made_all(Step *step, const StepCase *c, BenchYardstick *yardstick, const Par *par) {
    TRY(step_new_all(step, c, yardstick, par));
    return err_agree_all(step_verify(step, c), par, "a benchmark");
}

/* `alone` is a step of its own on rank 0, with vectors of its own. */
static Err measure_case_all(Measured *found, const StepCase *c, BenchYardstick *yardstick, double seconds,
                            const Par *par) {
    const Par one = par_serial(1);
    Step step = {0}, alone = {0};
    bool compares = par->n_ranks > 1 && par->rank == 0;
    Err err = step_made_all(&step, c, yardstick, par);
    if (!err && par->n_ranks > 1)
        err = err_agree_all(compares ? step_made_all(&alone, c, yardstick, &one) : ERR_NONE, par, "rank 0 alone");
    if (!err) err = measure_all(found, &step, compares ? &alone : NULL, seconds);
    if (compares) step_free_all(&alone);
    step_free_all(&step);
    return err;
}

/* ---- the table ---- */

/* Shares of the yardstick, then of the step's time. */
#define PART(NAME, HEADING)                                                                                            \
    {.key = (NAME), .style = 'f'}, {                                                                                   \
        .heading = (HEADING), .width = 6, .style = 'f', .digits = 2, .scale = 100                                      \
    }
static const BenchColumn columns[] = {
    {.key = "name", .heading = "", .width = -18},
    {.key = "clips_a_rank", .heading = "clips", .width = 5, .style = 'f'},
    {.key = "seconds", .heading = "s/step", .width = 8, .style = 'g', .digits = 4},
    {.key = "gflops_a_rank", .heading = "GFLOP/s", .width = 8, .style = 'f', .digits = 1},
    {.heading = "all", .width = 7, .style = 'f', .digits = 1, .scale = 100},
    {.heading = "fwd+b", .width = 6, .style = 'f', .digits = 1, .scale = 100},
    {.key = "share_of_sgemm", .style = 'f'},
    {.key = "share_of_peak", .style = 'f'},
    {.key = "forward_backward_share_of_sgemm", .style = 'f'},
    {.key = "forward_backward_share_of_peak", .style = 'f'},
    PART("data", "data"),
    PART("forward", "fwd"),
    PART("backward", "bwd"),
    PART("exchange", "exch"),
    PART("update", "update"),
    {.key = "times_one_rank", .heading = "x one", .width = 6, .style = 'f', .digits = 2},
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0] };
#undef PART

/* The last column is for several ranks. */
static Err table_open(BenchTable *table, bool json, const BenchYardstick *yardstick, const Par *par) {
    char title[256], share[32];
    TRY(text_format(share, sizeof share, "%% of %s", bench_yardstick_name(yardstick)));
    TRY(text_format(title, sizeof title,
                    "%d rank%s of one thread; ViT: 16 x 224 x 224, tiny: 8 x 32 x 32, width 96\n%42s%14s%35s",
                    par->n_ranks, par->n_ranks == 1 ? "" : "s", "", share, "% of the step's time"));
    return bench_table_open(table, columns, N_COLUMNS - (par->n_ranks == 1), json, par->rank != 0, title);
}

static Err show_row(BenchTable *table, const StepCase *c, const Measured *m, Precision precision) {
    bool rounded = precision == PRECISION_BFLOAT16;
    BenchCell cells[N_COLUMNS] = {
        bench_text(c->name),
        bench_number(c->clips),
        bench_number(m->seconds),
        bench_number(m->rate),
        bench_number(m->share),
        bench_number(m->compute_share),
        bench_number_if(!rounded, m->share),
        bench_number_if(rounded, m->share),
        bench_number_if(!rounded, m->compute_share),
        bench_number_if(rounded, m->compute_share),
    };
    BenchCell *cell = cells + 10;
    for (int p = 0; p < N_PARTS; p++) {
        *cell++ = bench_number(m->parts[p]);
        *cell++ = bench_number(m->parts[p] / m->seconds);
    }
    *cell = bench_number_if(m->times_one > 0, m->times_one);
    return bench_table_row(table, cells);
}

static Err bench_case_all(BenchTable *table, const StepCase *c, BenchYardstick *yardstick, double seconds,
                          const Par *par) {
    Measured m = {0};
    TRY(measure_case_all(&m, c, yardstick, seconds, par));
    return show_row(table, c, &m, yardstick->precision);
}

static Err bench_cases_all(BenchTable *table, BenchYardstick *yardstick, const BenchArgs *args, const Par *par) {
    const StepCase *cases;
    int count = bench_step_cases(&cases), shown = 0;
    for (int i = 0; i < count; i++) {
        if (args->only && !strstr(cases[i].name, args->only)) continue;
        TRY(bench_case_all(table, &cases[i], yardstick, args->seconds, par));
        shown++;
    }
    return shown ? ERR_NONE : RAISE(ERR_USAGE, "bench step: no row's name contains \"%.60s\"", args->only);
}

Err bench_step_all(const BenchArgs *args, const Par *par) {
    BenchYardstick yardstick;
    BenchTable table = {0};
    bool rounded = text_equal(args->precision, "bfloat16");
    if (!rounded && !text_equal(args->precision, "float32"))
        return RAISE(ERR_USAGE, "--precision \"%.40s\" is neither float32 nor bfloat16", args->precision);
    blas_single_thread();
    if (args->team > 1) return err_agree_all(par->rank == 0 ? bench_step_team(args) : ERR_NONE, par, "the table");
    Err err = bench_yardstick_new(&yardstick, rounded ? PRECISION_BFLOAT16 : PRECISION_FLOAT32);
    if (!err) err = table_open(&table, args->json, &yardstick, par);
    err = err_agree_all(err, par, "a benchmark");
    if (!err) err = bench_cases_all(&table, &yardstick, args, par);
    err = bench_table_close(&table, err);
    bench_yardstick_free(&yardstick);
    return err_agree_all(err, par, "the table");
}
