/* Videos are dealt to ranks in blocks and to teams of threads one by one. A video's row depends on that video alone,
 * and views of a video are averaged in their order, so any number of ranks, threads and teams gives the same bits. With
 * a journal every finished row is kept; a life that starts again reads the rows of all lives and ranks and computes the
 * rest. */
#include "eval/finetune/forward.h"

#include "base/failure/fault.h"
#include "base/failure/shared_err.h"
#include "base/system/minmax.h"
#include "base/system/stop.h"
#include "eval/clips/views.h"
#include "math/finite.h"
#include "nn/layers/elementwise.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "run/teams.h"

#include <math.h>

/* One team's. */
typedef struct {
    ClassifierScratch *scratch;
    ViewReader reader;
    float *inputs;   /* (batch, 3, T, H, W) */
    float *logits;   /* (batch, K) */
    float *features; /* (batch, D) */
    double *mean;    /* (K) */
    uint8_t *piece;  /* of the journal: label, row */
} Worker;

/* One video's row of the output, from a group of `count` views starting at `first`. */
typedef void Collect(float *row, Worker *worker, const Forward *forward, int first, int count);

typedef struct {
    const Forward *forward;
    const Run *run;
    Collect *collect;
    size_t row_floats;
    Share share;
    float *rows; /* of this rank */
    int *labels; /* of this rank */
    bool *kept;  /* (videos of this rank) by an earlier life */
    Teams teams;
    Worker *workers; /* (teams) */
    int64_t next;    /* video to be taken */
    Progress *progress;
    int64_t done, reported; /* videos */
    bool computed;          /* one at least */
    SharedErr failure;
} Pass;

static size_t piece_bytes(const Pass *pass) {
    return sizeof(int) + pass->row_floats * sizeof(float);
}

/* Buffers for `batch` views at a time. */
static Err worker_init(Worker *worker, const Pass *pass, Team *team) {
    const Forward *forward = pass->forward;
    size_t batch = (size_t)forward->batch;
    worker->inputs = malloc(batch * input_floats(forward->views.model) * sizeof(float));
    worker->logits = malloc(batch * (size_t)forward->n_classes * sizeof(float));
    worker->features = malloc(batch * (size_t)forward->views.model->width * sizeof(float));
    worker->mean = malloc((size_t)forward->n_classes * sizeof(double));
    worker->piece = malloc(piece_bytes(pass));
    if (!worker->inputs || !worker->logits || !worker->features || !worker->mean || !worker->piece)
        return RAISE(ERR_MEMORY, "%s: no memory for %zu views at a time", forward->what, batch);
    return classifier_scratch_new_team(&worker->scratch, forward->network, NULL, team, forward->batch);
}

static void worker_free(Worker *worker) {
    classifier_scratch_free(&worker->scratch);
    view_reader_free(&worker->reader);
    free(worker->inputs);
    free(worker->logits);
    free(worker->features);
    free(worker->mean);
    free(worker->piece);
}

static void collect_features(float *row, Worker *worker, const Forward *forward, int first, int count) {
    const ModelConfig *model = forward->views.model;
    size_t D = (size_t)model->width, floats = (size_t)tokens_count(model, forward->token_grid) * D;
    /* the mean over all tokens is what the network gives out; a grid needs the tokens themselves */
    if (!forward->token_grid) {
        memcpy(row + (size_t)first * D, worker->features, (size_t)count * D * sizeof(float));
        return;
    }
    const float *encoded = classifier_encoded(worker->scratch);
    for (int view = 0; view < count; view++)
        tokens_average(row + (size_t)(first + view) * floats, encoded + (size_t)view * (size_t)model_tokens(model) * D,
                       model, forward->token_grid);
}

/* Softmax of each view, then the mean, in double: the official code's order. */
static void collect_probabilities(float *row, Worker *worker, const Forward *forward, int first, int count) {
    int K = forward->n_classes, n_views = view_count(&forward->views);
    if (first == 0) memset(worker->mean, 0, (size_t)K * sizeof(double));
    for (int view = 0; view < count; view++) softmax_add(worker->mean, worker->logits + (size_t)view * (size_t)K, K);
    /* the last group of views: divide */
    if (first + count < n_views) return;
    for (int k = 0; k < K; k++) row[k] = (float)(worker->mean[k] / n_views);
}

/* ---- what is kept ---- */

/* A piece of the journal is the label and the row of one video, numbered by the video. */
static Err keep_video(const Pass *pass, Worker *worker, int64_t video) {
    size_t at = (size_t)(video - pass->share.begin);
    memcpy(worker->piece, &pass->labels[at], sizeof(int));
    memcpy(worker->piece + sizeof(int), pass->rows + at * pass->row_floats, pass->row_floats * sizeof(float));
    return journal_append(pass->forward->journal, video, worker->piece, piece_bytes(pass));
}

static void take_video(void *state, int64_t video, const void *bytes, size_t size) {
    Pass *pass = state;
    if (video < pass->share.begin || video >= pass->share.end || size != piece_bytes(pass)) return;
    size_t at = (size_t)(video - pass->share.begin);
    memcpy(&pass->labels[at], bytes, sizeof(int));
    memcpy(pass->rows + at * pass->row_floats, (const uint8_t *)bytes + sizeof(int), pass->row_floats * sizeof(float));
    pass->kept[at] = finite_all(pass->rows + at * pass->row_floats, pass->row_floats); /* otherwise anew, and refused */
}

/* ---- a video ---- */

/* Label, views in groups, and what is made of them. */
static Err run_video(Pass *pass, Worker *worker, int64_t video) {
    const Forward *forward = pass->forward;
    if (fault_hit("forward.video")) return RAISE(ERR_INTERNAL, "injected fault");
    size_t at = (size_t)(video - pass->share.begin), floats = input_floats(forward->views.model);
    int n_views = view_count(&forward->views);
    TRY(view_label(&pass->labels[at], forward->views.source, 0, video));
    for (int first = 0; first < n_views; first += forward->batch) {
        int count = n_views - first < forward->batch ? n_views - first : forward->batch;
        for (int k = 0; k < count; k++)
            TRY(view_load(worker->inputs + (size_t)k * floats, &worker->reader, &forward->views, video, first + k));
        classifier_forward(forward->network, worker->scratch, forward->params, worker->logits, worker->features,
                           worker->inputs, count);
        pass->collect(pass->rows + at * pass->row_floats, worker, forward, first, count);
    }
    TRY(finite_check(pass->rows + at * pass->row_floats, pass->row_floats, 0, "the network", "its output"));
    return forward->journal ? keep_video(pass, worker, video) : ERR_NONE;
}

/* A life that keeps what it computes computes one video at least. */
static bool stops_here(Pass *pass) {
    bool computed;
#pragma omp atomic read
    computed = pass->computed;
    return pass->forward->stoppable && (computed || !pass->forward->journal) && stop_requested();
}

static Err do_video(Pass *pass, Worker *worker, int64_t video) {
    const Forward *forward = pass->forward;
    if (pass->kept[video - pass->share.begin]) return ERR_NONE;
    if (stops_here(pass))
        return RAISE(ERR_STOPPED, "%s: stopped (%s)%s", forward->what, stop_reason(),
                     forward->journal ? "; what is computed is kept: run the same command again to go on" : "");
    Err err = run_video(pass, worker, video);
#pragma omp atomic write
    pass->computed = true;
    return err_within(err, "%s: video %lld: ", forward->what, (long long)video);
}

/* Only the first team's leader may report, so it reports for all. */
static void report(Pass *pass) {
    int64_t done;
#pragma omp atomic read
    done = pass->done;
    progress_add(pass->progress, done - pass->reported);
    pass->reported = done;
}

/* One failure ends the pass. */
static void run_videos(void *context, int number, Team *team) {
    Pass *pass = context;
    (void)team; /* the worker's scratch knows it */
    while (!shared_err_failed(&pass->failure)) {
        int64_t video;
#pragma omp atomic capture
        video = pass->next++;
        if (video >= pass->share.end) break;
        shared_err_note(&pass->failure, do_video(pass, &pass->workers[number], video), video);
#pragma omp atomic
        pass->done++;
        if (number == 0) report(pass);
    }
}

static Err run_share(Pass *pass) {
    pass->next = pass->share.begin;
    teams_run(&pass->teams, run_videos, pass);
    report(pass);
    return shared_err_adopt(&pass->failure);
}

static int choose_team(const Pass *pass) {
    const Forward *forward = pass->forward;
    const Par *par = &pass->run->par;
    if (forward->team) return min_int(forward->team, par->threads);
    int64_t videos = (forward->views.source->count + par->n_ranks - 1) / par->n_ranks;      /* of the fullest rank */
    double view_flops = model_finetune_flops(forward->views.model, forward->n_classes) / 3; /* forward is a third */
    return teams_choose(par->threads, videos, view_flops * view_count(&forward->views));
}

static Err prepare(Pass *pass) {
    size_t count = (size_t)(pass->share.end - pass->share.begin);
    pass->rows = malloc(count * pass->row_floats * sizeof(float) + 1);
    pass->labels = malloc(count * sizeof(int) + 1);
    pass->kept = calloc(count + 1, sizeof(bool));
    TRY(teams_new(&pass->teams, pass->run->par.threads, choose_team(pass)));
    pass->workers = calloc((size_t)pass->teams.count, sizeof(*pass->workers));
    if (!pass->rows || !pass->labels || !pass->kept || !pass->workers)
        return RAISE(ERR_MEMORY, "%s: no memory for the results", pass->forward->what);
    for (int i = 0; i < pass->teams.count; i++) TRY(worker_init(&pass->workers[i], pass, pass->teams.teams[i]));
    return pass->forward->journal ? journal_read(pass->forward->journal, take_video, pass) : ERR_NONE;
}

static void pass_free(Pass *pass) {
    for (int i = 0; pass->workers && i < pass->teams.count; i++) worker_free(&pass->workers[i]);
    teams_free(&pass->teams);
    free(pass->workers);
    free(pass->rows);
    free(pass->labels);
    free(pass->kept);
}

/* Shares are blocks in rank order, so gathered rows are in the order of the source. */
static Err gather_all(float **rows, int **labels, const Pass *pass) {
    size_t count = (size_t)(pass->share.end - pass->share.begin), bytes;
    const Par *par = &pass->run->par;
    *rows = NULL;
    *labels = NULL;
    TRY(gather_bytes_all((void **)rows, &bytes, pass->rows, count * pass->row_floats * sizeof(float), par));
    return gather_bytes_all((void **)labels, &bytes, pass->labels, count * sizeof(int), par);
}

CHECKED Err forward_progress_all(Progress **progress, const Forward *forward, int64_t videos, const Run *run) {
    return progress_begin_all(progress, &run->par, run->progress, forward->what, videos, "views",
                              view_count(&forward->views));
}

static Err pass_all(float **rows, int **labels, const Forward *forward, const Run *run, Collect *collect,
                    size_t row_floats) {
    const Par *par = &run->par;
    Pass pass = {
        .forward = forward, .run = run, .collect = collect, .row_floats = row_floats, .failure = SHARED_ERR_INIT};
    pass.share = share_block(forward->views.source->count, par->rank, par->n_ranks);
    Err err = err_agree_all(prepare(&pass), par, forward->what);
    if (!err) {
        pass.progress = forward->progress;
        if (!pass.progress) err = forward_progress_all(&pass.progress, forward, forward->views.source->count, run);
        if (!err) err = err_agree_all(run_share(&pass), par, forward->what);
        if (!forward->progress) progress_end_all(&pass.progress);
    }
    if (!err) err = gather_all(rows, labels, &pass);
    pass_free(&pass);
    return err;
}

CHECKED Err forward_probabilities_all(float **probabilities, int **labels, const Forward *forward, const Run *run) {
    return pass_all(probabilities, labels, forward, run, collect_probabilities, (size_t)forward->n_classes);
}

CHECKED Err forward_features_all(float **features, int **labels, const Forward *forward, const Run *run) {
    const ModelConfig *model = forward->views.model;
    size_t tokens = (size_t)view_count(&forward->views) * (size_t)tokens_count(model, forward->token_grid);
    size_t floats = tokens * (size_t)model->width;
    return pass_all(features, labels, forward, run, collect_features, floats);
}
