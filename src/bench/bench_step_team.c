/* What a team gains. One thread and the team compute the same leaf in turns, and the gain is the median of the ratios
 * of neighbors. By the clock it holds what a neighbor on the machine takes away; by CPU time it does not: there a leaf
 * of the team takes the leader's time outside of calls and, for each call, that of the member who computed longest. */
#include "base/system/clock.h"
#include "base/text/text.h"
#include "bench/internal/bench_step_work.h"
#include "bench/internal/harness.h"
#include "math/stats.h"

#include <omp.h>
#include <stdlib.h>

enum { PAIRS_MIN = 3, PAIRS_MAX = 200 };

typedef struct {
    StepWork work;
    Team *team;
    float *params, *grads, *alone;
    double cpu_s; /* of the leaf computed last: its longest chain of parts */
} TeamBench;

typedef struct {
    double one_s, team_s; /* medians of a leaf */
    double times_one;     /* median of the pairs */
    double times_one_cpu; /* the same of CPU times */
    double calls, waited; /* of a leaf by the team: how many; share of its time */
    double empty_call_s;
} Gain;

/* ---- memory ---- */

static void team_bench_free(TeamBench *b) {
    if (b->work.free) b->work.free(&b->work);
    team_free(&b->team);
    free(b->params);
    free(b->grads);
    free(b->alone);
}

/* Watched: members note the CPU time of their parts. */
static Err team_bench_new(TeamBench *b, const StepCase *c, Precision precision, int members) {
    *b = (TeamBench){0};
    TRY(team_new(&b->team, members));
    team_watch(b->team);
    TRY(bench_step_work_new(&b->work, c, precision, b->team));
    size_t total = b->work.params->total;
    b->params = malloc(total * sizeof(float));
    b->grads = malloc(total * sizeof(float));
    b->alone = malloc(total * sizeof(float));
    if (!b->params || !b->grads || !b->alone) return RAISE(ERR_MEMORY, "bench step: no memory for the gradients");
    params_init(b->params, b->work.params, 1, 1);
    if (b->work.params_changed) b->work.params_changed(&b->work, b->params);
    return b->work.load(&b->work);
}

/* ---- a leaf ---- */

/* Seconds; gradients into `grads`. */
static double leaf_alone(TeamBench *b, float *grads) {
    double loss = 0;
    memset(grads, 0, b->work.params->total * sizeof *grads);
    TeamTimes before = team_times(b->team);
    double cpu_began = clock_thread_s(), began = clock_wall_s();
    b->work.compute(&b->work, b->params, grads, &loss);
    double seconds = clock_wall_s() - began, cpu_s = clock_thread_s() - cpu_began;
    TeamTimes after = team_times(b->team);
    b->cpu_s = cpu_s - (after.leader_cpu_s - before.leader_cpu_s) + (after.longest_cpu_s - before.longest_cpu_s);
    return seconds;
}

/* What a leader does with its team. */
typedef double Leading(TeamBench *b);

/* The same function either way: outside of a parallel region the team has one member, its leader. */
static double leaf_of_team(TeamBench *b) {
    return leaf_alone(b, b->grads);
}

static void nothing(void *context, int member, int size) {
    (void)context, (void)member, (void)size;
}

/* Seconds of one call that does nothing: what a barrier costs. */
static double empty_call(TeamBench *b) {
    enum { CALLS = 2000 };
    double began = clock_wall_s();
    for (int i = 0; i < CALLS; i++) team_run(b->team, nothing, NULL);
    return (clock_wall_s() - began) / CALLS;
}

/* The first thread leads, the others serve until they are dismissed. */
static double with_team(TeamBench *b, Leading *lead) {
    double result = 0;
#pragma omp parallel num_threads(team_size(b->team))
    if (omp_get_thread_num() > 0) {
        team_serve(b->team, omp_get_thread_num());
    } else {
        team_gather(b->team, omp_get_num_threads());
        result = lead(b);
        team_dismiss(b->team);
    }
    return result;
}

/* Bit for bit: a team cuts results, never sums. */
static Err verify(TeamBench *b, const StepCase *c) {
    leaf_alone(b, b->alone);
    with_team(b, leaf_of_team);
    if (memcmp(b->alone, b->grads, b->work.params->total * sizeof(float)) == 0) return ERR_NONE;
    return RAISE(ERR_INTERNAL, "bench %s: the gradients of a team are not those of one thread", c->name);
}

/* The first leaf of both is the check's, which also touches all memory. */
static Err measure(Gain *gain, const StepCase *c, Precision precision, int members, double seconds) {
    TeamBench b;
    double ones[PAIRS_MAX], teams[PAIRS_MAX], ratios[PAIRS_MAX], cpu_ratios[PAIRS_MAX], began = clock_wall_s();
    TeamTimes before = {0};
    int pairs = 0;
    Err err = team_bench_new(&b, c, precision, members);
    if (!err) err = verify(&b, c);
    for (before = team_times(b.team);
         !err && pairs < PAIRS_MAX && (pairs < PAIRS_MIN || clock_wall_s() - began < seconds); pairs++) {
        ones[pairs] = leaf_alone(&b, b.alone);
        double one_cpu_s = b.cpu_s;
        teams[pairs] = with_team(&b, leaf_of_team);
        cpu_ratios[pairs] = one_cpu_s / b.cpu_s;
        ratios[pairs] = ones[pairs] / teams[pairs];
    }
    if (!err) {
        TeamTimes after = team_times(b.team);
        double spent = 0;
        for (int i = 0; i < pairs; i++) spent += teams[i];
        *gain = (Gain){.one_s = order_median(ones, pairs),
                       .team_s = order_median(teams, pairs),
                       .times_one = order_median(ratios, pairs),
                       .times_one_cpu = order_median(cpu_ratios, pairs),
                       .calls = (double)(after.calls - before.calls) / pairs,
                       .waited = (after.waited_s - before.waited_s) / spent,
                       .empty_call_s = with_team(&b, empty_call)};
    }
    team_bench_free(&b);
    return err;
}

/* ---- the table ---- */

static const BenchColumn columns[] = {
    {.key = "name", .heading = "", .width = -18},
    {.key = "clips", .heading = "clips", .width = 5, .style = 'f'},
    {.key = "members", .style = 'f'},
    {.key = "seconds_one", .heading = "one, s", .width = 9, .style = 'g', .digits = 4},
    {.key = "seconds", .heading = "team, s", .width = 9, .style = 'g', .digits = 4},
    {.key = "times_one_thread", .heading = "x one", .width = 6, .style = 'f', .digits = 2},
    {.key = "times_one_thread_cpu", .heading = "CPU", .width = 6, .style = 'f', .digits = 2},
    {.key = "calls", .heading = "calls", .width = 7, .style = 'f'},
    {.key = "empty_call_seconds", .heading = "us each", .width = 9, .style = 'f', .digits = 2, .scale = 1e6},
    {.heading = "barriers%", .width = 9, .style = 'f', .digits = 2, .scale = 100},
    {.key = "waited_share", .heading = "waited%", .width = 8, .style = 'f', .digits = 2, .scale = 100},
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

/* "barriers%": the share of a leaf that its calls would take if nobody had anything to do in them. */
static Err show_row(BenchTable *table, const StepCase *c, const Gain *g, int members) {
    const BenchCell cells[N_COLUMNS] = {
        bench_text(c->name),
        bench_number(c->clips),
        bench_number(members),
        bench_number(g->one_s),
        bench_number(g->team_s),
        bench_number(g->times_one),
        bench_number(g->times_one_cpu),
        bench_number(g->calls),
        bench_number(g->empty_call_s),
        bench_number(g->calls * g->empty_call_s / g->team_s),
        bench_number(g->waited),
    };
    return bench_table_row(table, cells);
}

static Err bench_rows(BenchTable *table, const BenchArgs *args, Precision precision) {
    const StepCase *cases;
    int count = bench_step_cases(&cases), shown = 0;
    for (int i = 0; i < count; i++) {
        Gain gain;
        if (args->only && !strstr(cases[i].name, args->only)) continue;
        TRY(measure(&gain, &cases[i], precision, (int)args->team, args->seconds));
        TRY(show_row(table, &cases[i], &gain, (int)args->team));
        shown++;
    }
    return shown ? ERR_NONE : RAISE(ERR_USAGE, "bench step: no row's name contains \"%.60s\"", args->only);
}

Err bench_step_team(const BenchArgs *args) {
    BenchTable table = {0};
    char title[128];
    Precision precision = text_equal(args->precision, "bfloat16") ? PRECISION_BFLOAT16 : PRECISION_FLOAT32;
    TRY(text_format(title, sizeof title, "forward and backward pass of one micro-batch: one thread, and a team of %lld",
                    (long long)args->team));
    TRY(bench_table_open(&table, columns, N_COLUMNS, args->json, false, title));
    return bench_table_close(&table, bench_rows(&table, args, precision));
}
