#include "bench/bench_step.h"

#include "base/config/json.h"
#include "base/system/arena.h"
#include "base/system/clock.h"
#include "base/text/text.h"
#include "bench/internal/bench_beside.h"
#include "bench/internal/bench_step_work.h"
#include "math/blas.h"
#include "math/order.h"
#include "nn/models/adamw.h"
#include "par/agree.h"
#include "par/reduce.h"
#include "par/spread.h"

#include <cjson/cJSON.h>
#include <math.h>

enum { REPETITIONS_MIN = 3, REPETITIONS_MAX = 200 };

/* mask 0: fine-tuning. */
typedef struct {
    const char *name;
    ModelConfig model;
    double mask;
    int clips;
} StepCase;

enum { DATA, FORWARD, BACKWARD, EXCHANGE, UPDATE, N_PARTS };
static const char *const part_names[N_PARTS] = {"data", "forward", "backward", "exchange", "update"};

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

static void params_changed(Step *step) {
    if (step->work.params_changed) step->work.params_changed(&step->work, reduce_params(step->reduce));
}

static Err step_new_all(Step *step, const StepCase *c, BenchYardstick *yardstick, const Par *par) {
    *step = (Step){.par = par, .yardstick = yardstick};
    Precision precision = yardstick->precision;
    Err err = c->mask > 0 ? pretrain_work_new(&step->work, &c->model, c->mask, c->clips, precision)
                          : finetune_work_new(&step->work, &c->model, c->clips, precision);
    TRY(err_agree_all(err, par, "a benchmark"));
    ReducePlan plan = reduce_plan(REDUCE_TREE, par->n_ranks, par->n_ranks, 1); /* a leaf a rank */
    TRY(reduce_new_all(&step->reduce, par, &plan, step->work.params->total));
    step->slice = reduce_slice(step->reduce);
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
    double error = fabs(loss - expected) / fabs(expected);
    if (error <= 1e-5) return ERR_NONE;
    return RAISE(ERR_INTERNAL, "bench %s: the loss of %d clips differs by %g relative from that of the clips alone",
                 c->name, c->clips, error);
}

static void exchange_all(Step *step, double *seconds, void (*exchange)(Reduce *)) {
    par_barrier_all(step->par);
    double start = clock_wall_s();
    exchange(step->reduce);
    *seconds += clock_wall_s() - start;
}

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
    adamw_update(params + step->slice.begin, step->m, step->v, grads + step->slice.begin, (size_t)step->slice.begin,
                 (size_t)step->slice.end, step->work.params, &adamw, 1e-6, NULL, ++step->steps);
    parts[UPDATE] = clock_thread_s() - times[3];
    exchange_all(step, &parts[EXCHANGE], reduce_gather_all);
    times[3] = clock_thread_s();
    params_changed(step);
    parts[UPDATE] += clock_thread_s() - times[3];
    memset(grads, 0, step->work.params->total * sizeof *grads);
    return ERR_NONE;
}

/* ---- medians ---- */

static double sum_parts(const Repetition *r) {
    double sum = 0;
    for (int p = 0; p < N_PARTS; p++) sum += r->parts[p];
    return sum;
}

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

static Err step_made_all(Step *step, const StepCase *c, BenchYardstick *yardstick, const Par *par) {
    TRY(step_new_all(step, c, yardstick, par));
    return err_agree_all(step_verify(step, c), par, "a benchmark");
}

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

static void show_heading(const Par *par, const BenchYardstick *yardstick) {
    char share[32];
    snprintf(share, sizeof share, "%% of %s", bench_yardstick_name(yardstick));
    printf("%d rank%s of one thread; ViT: 16 x 224 x 224, tiny: 8 x 32 x 32, width 96\n", par->n_ranks,
           par->n_ranks == 1 ? "" : "s");
    printf("%-18s %5s %8s %8s %14s %34s\n", "", "", "", "", share, "% of the step's time");
    printf("%-18s %5s %8s %8s %7s %6s %6s %6s %6s %6s %6s%s\n", "", "clips", "s/step", "GFLOP/s", "all", "fwd+b",
           "data", "fwd", "bwd", "exch", "update", par->n_ranks > 1 ? "  x one" : "");
}

static void show_row(const StepCase *c, const Measured *m) {
    printf("%-18s %5d %8.4g %8.1f %7.1f %6.1f", c->name, c->clips, m->seconds, m->rate, 100 * m->share,
           100 * m->compute_share);
    for (int p = 0; p < N_PARTS; p++) printf(" %6.2f", 100 * m->parts[p] / m->seconds);
    if (m->times_one > 0) printf(" %6.2f", m->times_one);
    printf("\n");
    fflush(stdout);
}

static void add_row(cJSON *list, const StepCase *c, const Measured *m, bool rounded) {
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "name", c->name);
    cJSON_AddNumberToObject(row, "clips_a_rank", c->clips);
    cJSON_AddNumberToObject(row, "seconds", m->seconds);
    cJSON_AddNumberToObject(row, "gflops_a_rank", m->rate);
    cJSON_AddNumberToObject(row, rounded ? "share_of_peak" : "share_of_sgemm", m->share);
    cJSON_AddNumberToObject(row, rounded ? "forward_backward_share_of_peak" : "forward_backward_share_of_sgemm",
                            m->compute_share);
    for (int p = 0; p < N_PARTS; p++) cJSON_AddNumberToObject(row, part_names[p], m->parts[p]);
    if (m->times_one > 0) cJSON_AddNumberToObject(row, "times_one_rank", m->times_one);
    cJSON_AddItemToArray(list, row);
}

static Err bench_case_all(const StepCase *c, BenchYardstick *yardstick, double seconds, cJSON *list, const Par *par) {
    Measured m = {0};
    TRY(measure_case_all(&m, c, yardstick, seconds, par));
    if (par->rank == 0) list ? add_row(list, c, &m, yardstick->precision == PRECISION_BFLOAT16) : show_row(c, &m);
    return ERR_NONE;
}

static ModelConfig sizes(int image, int frames, int patch, int width, int depth, int heads, int decoder_width,
                         int decoder_depth, int decoder_heads) {
    return (ModelConfig){.image_size = image,
                         .n_frames = frames,
                         .patch_size = patch,
                         .tubelet_size = 2,
                         .width = width,
                         .depth = depth,
                         .heads = heads,
                         .decoder_width = decoder_width,
                         .decoder_depth = decoder_depth,
                         .decoder_heads = decoder_heads,
                         .mlp_ratio = 4};
}

static Err bench_cases_all(BenchYardstick *yardstick, double seconds, const char *only, cJSON *list, const Par *par) {
    const ModelConfig tiny = sizes(32, 8, 8, 96, 4, 3, 64, 2, 2), small = sizes(224, 16, 16, 384, 12, 6, 192, 4, 3),
                      base = sizes(224, 16, 16, 768, 12, 12, 384, 4, 6);
    const StepCase cases[] = {
        {"tiny, mask 0.75", tiny, 0.75, 16},  {"tiny, mask 0.9", tiny, 0.9, 16},  {"tiny, fine-tuning", tiny, 0, 16},
        {"ViT-S, mask 0.75", small, 0.75, 2}, {"ViT-S, mask 0.9", small, 0.9, 2}, {"ViT-S, fine-tuning", small, 0, 2},
        {"ViT-B, mask 0.75", base, 0.75, 2},  {"ViT-B, mask 0.9", base, 0.9, 2},  {"ViT-B, fine-tuning", base, 0, 2},
    };
    int shown = 0;
    if (par->rank == 0 && !list) show_heading(par, yardstick);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (only && !strstr(cases[i].name, only)) continue;
        TRY(bench_case_all(&cases[i], yardstick, seconds, list, par));
        shown++;
    }
    return shown ? ERR_NONE : RAISE(ERR_USAGE, "bench step: no row's name contains \"%.60s\"", only);
}

Err bench_step_all(double seconds, const char *only, Precision precision, bool json, const Par *par) {
    BenchYardstick yardstick;
    cJSON *list = json ? cJSON_CreateArray() : NULL;
    blas_single_thread();
    Err err = err_agree_all(bench_yardstick_new(&yardstick, precision), par, "a benchmark");
    if (!err) err = bench_cases_all(&yardstick, seconds, only, list, par);
    char *text = NULL;
    if (!err && json && par->rank == 0) err = json_print(&text, list);
    if (text) fputs(text, stdout);
    free(text);
    cJSON_Delete(list);
    bench_yardstick_free(&yardstick);
    return err_agree_all(err, par, "the table");
}
