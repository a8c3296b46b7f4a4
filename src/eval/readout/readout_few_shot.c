/* A few clips a class, drawn several times; every draw trains a linear head of its own. Draws are tasks that ranks
 * share out, and every number comes from one rank, so the sum over ranks is exact. */
#include "eval/readout/internal/readout.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "eval/finetune/score.h"
#include "math/interval.h"
#include "math/rng.h"
#include "math/stats.h"
#include "par/agree.h"
#include "par/reduce.h"
#include "par/share.h"
#include "run/plot.h"

#include <math.h>

typedef struct {
    Readout *readout;
    int shots[READOUT_SHOTS_MAX], n_shots, n_draws;
    double *top1; /* (n_shots, n_draws) percent */
} FewShot;

/* ---- which videos ---- */

/* An empty part, a comma at the end and numbers that do not rise are all refused. */
CHECKED Err readout_parse_shots(int shots[READOUT_SHOTS_MAX], int *count, const char *text) {
    const char *at = text;
    *count = 0;
    do {
        char *end;
        long value = strtol(at, &end, 10);
        bool rises = value > (*count ? shots[*count - 1] : 0) && value < 1000000;
        bool ends_well = !*end || (*end == ',' && end[1]);
        if (end == at || !rises || !ends_well || *count == READOUT_SHOTS_MAX)
            return RAISE(ERR_USAGE, "readout.shots: \"%s\": expected up to %d rising whole numbers, such as 1,5,10",
                         text, READOUT_SHOTS_MAX);
        shots[(*count)++] = (int)value;
        at = *end ? end + 1 : end;
    } while (*at);
    return ERR_NONE;
}

/* A function of (seed, draw, shots): which rank draws does not matter. */
CHECKED Err readout_draw_shots(int64_t *picks, const int *labels, int64_t n_videos, int n_classes, int shots, int draw,
                               uint64_t seed) {
    int *taken = calloc((size_t)n_classes, sizeof *taken);
    uint32_t *order = malloc((size_t)n_videos * sizeof *order);
    Err err = taken && order ? ERR_NONE : RAISE(ERR_MEMORY, "few-shot: no memory for %lld videos", (long long)n_videos);
    if (!err) {
        Rng rng = rng_stream(seed, RNG_SUBSET, (uint64_t)draw, (uint32_t)shots);
        /* the first `shots` of each class in a random order of all videos */
        rng_permutation(&rng, order, (uint32_t)n_videos);
        for (int64_t i = 0; i < n_videos; i++) {
            int label = labels[order[i]];
            if (taken[label] < shots) picks[label * shots + taken[label]++] = order[i];
        }
    }
    for (int k = 0; k < n_classes && !err; k++)
        if (taken[k] < shots)
            err = RAISE(ERR_USAGE, "readout.shots: %d clips a class, but class %d has %d to train on", shots, k,
                        taken[k]);
    free(order);
    free(taken);
    return err;
}

/* ---- one draw ---- */

/* What one draw works on, standardized by the statistics of its own few clips. */
typedef struct {
    int64_t *picks;  /* videos */
    float *features; /* (rows, D) */
    int *labels;     /* (rows) */
    float *weight, *bias, *probabilities;
    Standard standard;
} Draw;

static Err draw_init(Draw *draw, const Readout *readout, int n_picks) {
    const FeatureTable *train = &readout->train;
    size_t D = (size_t)train->D, K = (size_t)readout->c->task.train->n_classes;
    size_t n_rows = (size_t)n_picks * (size_t)train->n_views;
    *draw = (Draw){.picks = malloc((size_t)n_picks * sizeof *draw->picks),
                   .features = malloc(n_rows * D * sizeof(float)),
                   .labels = malloc(n_rows * sizeof(int)),
                   .weight = calloc(K * D, sizeof(float)),
                   .bias = calloc(K, sizeof(float)),
                   .probabilities = malloc((size_t)readout->test.n_videos * K * sizeof(float))};
    bool whole = draw->picks && draw->features && draw->labels && draw->weight && draw->bias && draw->probabilities;
    return whole ? ERR_NONE : RAISE(ERR_MEMORY, "few-shot: no memory for %zu rows", n_rows);
}

/* Of a draw that was made in part, too. */
static void draw_free(Draw *draw) {
    free(draw->picks);
    free(draw->features);
    free(draw->labels);
    free(draw->weight);
    free(draw->bias);
    free(draw->probabilities);
    standard_free(&draw->standard);
}

/* All views of the picked videos. Standardized by these rows alone: with few shots the whole set's statistics would be
 * information that is not there. */
static Err gather_rows(Draw *draw, const Readout *readout, int n_picks) {
    const FeatureTable *train = &readout->train;
    int n_views = train->n_views, D = train->D;
    int64_t n_rows = 0;
    for (int i = 0; i < n_picks; i++)
        for (int view = 0; view < n_views; view++, n_rows++) {
            const float *row = train->rows + (draw->picks[i] * n_views + view) * D;
            draw->labels[n_rows] = train->labels[draw->picks[i]];
            memcpy(draw->features + n_rows * D, row, (size_t)D * sizeof(float));
        }
    TRY(standard_fit(&draw->standard, draw->features, n_rows, D));
    standard_apply(draw->features, &draw->standard, n_rows);
    return ERR_NONE;
}

/* Top-1, in percent. */
static double accuracy_of(const float *probabilities, const FeatureTable *test, int K) {
    Predictions predictions = {
        .n_videos = test->n_videos, .n_classes = K, .probabilities = probabilities, .labels = test->labels};
    int64_t hits = 0;
    for (int64_t video = 0; video < predictions.n_videos; video++) hits += score_in_top(&predictions, video, 1);
    return 100.0 * (double)hits / (double)predictions.n_videos;
}

/* 1. which videos; 2. their features; 3. a head; 4. its accuracy on all test videos. */
static Err run_draw(double *top1, const FewShot *f, int shots, int number) {
    const ClassificationTask *t = &f->readout->c->task;
    int K = t->train->n_classes, n_picks = K * shots;
    double loss;
    Draw draw;
    Err err = draw_init(&draw, f->readout, n_picks);
    if (!err)
        err = readout_draw_shots(draw.picks, f->readout->train.labels, f->readout->train.n_videos, K, shots, number,
                                 t->run->seed);
    if (!err) err = gather_rows(&draw, f->readout, n_picks);
    LinearHead head = {draw.weight, draw.bias};
    LabelledRows rows = {(int64_t)n_picks * f->readout->train.n_views, f->readout->train.D, K, draw.features,
                         draw.labels};
    if (!err)
        err = linear_head_train(&head, &loss, &rows, &t->config->train, t->config->data.label_smoothing, t->run->seed);
    if (!err) readout_fold(&head, &draw.standard, K);
    if (!err) err = readout_probabilities(draw.probabilities, &head, &f->readout->test, K);
    if (!err) *top1 = accuracy_of(draw.probabilities, &f->readout->test, K);
    draw_free(&draw);
    return err;
}

/* Draws are dealt to ranks; every accuracy is one rank's, so that adding them up is exact. */
static Err run_draws_all(FewShot *f) {
    const Par *par = &f->readout->c->task.run->par;
    int n_tasks = f->n_shots * f->n_draws;
    Err err = ERR_NONE;
    for (int task = 0; task < n_tasks && !err; task++)
        if (share_owns(task, par->rank, par->n_ranks))
            err = run_draw(&f->top1[task], f, f->shots[task / f->n_draws], task % f->n_draws);
    TRY(err_agree_all(err, par, "few-shot draws"));
    reduce_disjoint_all(f->top1, n_tasks, par);
    return ERR_NONE;
}

/* ---- the result ---- */

typedef struct {
    double mean;
    Interval interval;
} Point;

/* Mean over draws, and Student's interval of that mean: draws are the sample, test videos the same for all. */
static Point point_of(const FewShot *f, int i) {
    const double *values = f->top1 + (size_t)i * (size_t)f->n_draws;
    Moments moments = {0};
    for (int draw = 0; draw < f->n_draws; draw++) moments_add(&moments, values[draw]);
    return (Point){moments.mean, interval_mean(moments.mean, moments_sd(&moments), f->n_draws)};
}

static Err add_metrics(Result *result, const FewShot *f) {
    for (int i = 0; i < f->n_shots; i++) {
        char name[32];
        Point point = point_of(f, i);
        (void)snprintf(name, sizeof name, "top1-%d-shot", f->shots[i]);
        TRY(result_add_metric(result, name, point.mean, "%", f->n_draws, point.interval,
                              f->n_draws > 1 ? "t 95% over draws" : ""));
        log_info("%d clips a class: top-1 %.2f %% [%.2f, %.2f] over %d draws", f->shots[i], point.mean,
                 point.interval.low, point.interval.high, f->n_draws);
    }
    const ClassificationTask *t = &f->readout->c->task;
    return result_add_number(result, "chance", 100.0 / t->test->n_classes, "%", t->test->count);
}

/* Every draw, so that a reader can form other intervals. */
static Err write_table(const FewShot *f, const char *folder) {
    char path[PATH_SIZE];
    Builder out = {0};
    builder_add_text(&out, "shots,draw,top1_percent\n");
    for (int task = 0; task < f->n_shots * f->n_draws; task++)
        builder_add(&out, "%d,%d,%.4f\n", f->shots[task / f->n_draws], task % f->n_draws, f->top1[task]);
    Err err = builder_check(&out, "few_shot.csv");
    if (!err) err = path_join(path, sizeof path, folder, "few_shot.csv");
    if (!err) err = file_write_whole(path, out.data, out.length);
    builder_free(&out);
    return err;
}

/* Shots on a logarithmic axis; chance as a dashed line. */
static Err draw_curve(const FewShot *f, const char *folder) {
    Plot plot;
    PlotOutcome outcome;
    double chance = 100.0 / f->readout->c->task.test->n_classes;
    Err err = plot_begin(&plot, "few_shot", 480, 360, "", "training clips a class", "top-1, %");
    builder_add(&plot.script, "set logscale x\nset yrange [0:*]\nset key off\nset xrange [%g:%g]\nset xtics (",
                f->shots[0] / 1.5, f->shots[f->n_shots - 1] * 1.5);
    builder_add_text(&plot.data, "# shots\ttop1\tlow\thigh\n");
    for (int i = 0; i < f->n_shots; i++) {
        Point point = point_of(f, i);
        bool known = isfinite(point.interval.low);
        builder_add(&plot.script, "%s%d", i ? ", " : "", f->shots[i]);
        builder_add(&plot.data, "%d\t%.4f\t%.4f\t%.4f\n", f->shots[i], point.mean,
                    known ? point.interval.low : point.mean, known ? point.interval.high : point.mean);
    }
    builder_add(&plot.script,
                ")\nplot %g with lines dt 2 lc rgb \"#999999\", \"%s.dat\" using 1:2:3:4 with yerrorbars lc rgb "
                "\"#0072b2\" pt 7, \"%s.dat\" using 1:2 with lines lc rgb \"#0072b2\"\n",
                chance, plot.name, plot.name);
    if (!err) err = plot_finish(&outcome, &plot, folder);
    plot_free(&plot);
    return err;
}

static Err fill_result(Result *result, const char *folder, void *state) {
    const FewShot *f = state;
    TRY(add_metrics(result, f));
    TRY(write_table(f, folder));
    return draw_curve(f, folder);
}

/* Rank 0 writes; every rank has all accuracies. */
Err readout_few_shot_all(Readout *readout) {
    const ReadoutConfig *config = &readout->c->task.config->readout;
    FewShot f = {.readout = readout, .n_draws = config->draws};
    TRY(readout_parse_shots(f.shots, &f.n_shots, config->shots));
    f.top1 = calloc((size_t)f.n_shots * (size_t)f.n_draws, sizeof *f.top1);
    Err err = f.top1 ? ERR_NONE : RAISE(ERR_MEMORY, "few-shot: no memory for %d draws", f.n_draws);
    err = err_agree_all(err, &readout->c->task.run->par, "few-shot draws");
    if (!err) err = run_draws_all(&f);
    if (!err) err = classification_write_all(readout->c, fill_result, &f, NULL, NULL);
    free(f.top1);
    return err;
}
