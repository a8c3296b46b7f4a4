/* Draws may come in any order and are first brought into their canonical one. They are cut into at most COLLECT_CHUNKS
 * chunks of neighbors; a chunk is handled by one thread of one rank with fresh states, and feature vectors are batched
 * by position in the draws. Invariant: states are exact sums (analysis/measure/metric), and a batch never crosses a
 * chunk, so the outcome has the same bits for any order of the draws and any number of ranks and threads; the states
 * take the same memory for any number of frames. */
#include "analysis/measure/internal/metric_inputs.h"

#include "base/failure/fault.h"
#include "base/failure/shared_err.h"
#include "base/system/stop.h"
#include "math/finite.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "run/teams.h"
#include "video/transform/crop.h"
#include "video/transform/resize.h"

/* What one thread needs; made once, used for all its chunks. */
typedef struct {
    Frames read, square;
    void *scratch[COLLECT_METRICS];
    FeatureScratch *nets[COLLECT_NETS];
    uint8_t *piece; /* of the journal */
} Worker;

/* One rank's part of the work: chunks [share.begin, share.end), states and features of those chunks in order. */
typedef struct {
    const CollectPlan *plan;
    const ClipSource *source;
    const FrameSampling *draws;
    Share share;
    size_t state_sums; /* of all metrics together */
    size_t vectors_a_draw;
    ExactSum *states;              /* (chunks, state_sums) */
    float *features[COLLECT_NETS]; /* (draws of the share, vectors_a_draw, dims) */
    bool *kept;                    /* (chunks) by an earlier life */
    bool computed;                 /* one at least */
    const char *what;
    Progress *progress;
    int64_t next;      /* chunk to be taken */
    SharedErr failure; /* of the lowest failing chunk */
} Work;

/* The fewest whole batches a chunk with which COLLECT_CHUNKS chunks hold all draws. */
static int64_t chunk_draws(int64_t draws) {
    int64_t batches = (draws + (int64_t)COLLECT_CHUNKS * FEATURE_BATCH - 1) / ((int64_t)COLLECT_CHUNKS * FEATURE_BATCH);
    return (batches > 1 ? batches : 1) * FEATURE_BATCH;
}

static int64_t chunk_begin(const FrameSampling *draws, int64_t chunk) {
    return chunk * chunk_draws(draws->count);
}

static int64_t chunk_end(const FrameSampling *draws, int64_t chunk) {
    int64_t end = chunk_begin(draws, chunk + 1);
    return end < draws->count ? end : draws->count;
}

static size_t plan_state_sums(const CollectPlan *plan) {
    size_t sum = 0;
    for (int m = 0; m < plan->n_metrics; m++) sum += plan->metrics[m]->state_sums;
    return sum;
}

static void worker_free(Worker *worker, const CollectPlan *plan) {
    for (int m = 0; m < plan->n_metrics; m++)
        if (worker->scratch[m]) plan->metrics[m]->scratch_free(worker->scratch[m]);
    for (int n = 0; n < plan->n_nets; n++) feature_scratch_free(&worker->nets[n]);
    frames_free(&worker->read);
    frames_free(&worker->square);
    free(worker->piece);
}

static Err worker_new(Worker *worker, const CollectPlan *plan, Team *team) {
    *worker = (Worker){0};
    for (int m = 0; m < plan->n_metrics; m++)
        if (plan->metrics[m]->scratch_new) TRY(plan->metrics[m]->scratch_new(&worker->scratch[m], plan->side));
    for (int n = 0; n < plan->n_nets; n++) TRY(feature_scratch_new(&worker->nets[n], plan->nets[n], team));
    return ERR_NONE;
}

/* One draw: its frames as a square of one side, through every pixel metric, each with its own part of the states. */
static Err feed_metrics(Worker *worker, const CollectPlan *plan, const Box *box, ExactSum *states) {
    if (plan->n_metrics == 0) return ERR_NONE;
    TRY(resize_antialiased(&worker->square, &worker->read, box, plan->side, plan->side));
    for (int m = 0; m < plan->n_metrics; m++) {
        TRY(plan->metrics[m]->sample(states, worker->scratch[m], &worker->square));
        states += plan->metrics[m]->state_sums;
    }
    return ERR_NONE;
}

/* What waits for the networks: a batch is a fixed run of vectors of one chunk. */
typedef struct {
    float *out[COLLECT_NETS];
    int filled;
} Batch;

static Err check_features(const Work *work, const float *features, size_t count, int net) {
    char name[96];
    (void)snprintf(name, sizeof name, "features of %s", work->plan->nets[net]->name);
    return finite_check(features, count, 0, work->what, name);
}

/* Every network sees the batch; their vectors go to the chunk's places, in order. */
static Err batch_flush(Batch *batch, Worker *worker, const Work *work) {
    const CollectPlan *plan = work->plan;
    if (batch->filled == 0) return ERR_NONE;
    for (int n = 0; n < plan->n_nets; n++) {
        feature_compute(worker->nets[n], batch->out[n], batch->filled);
        TRY(check_features(work, batch->out[n], (size_t)batch->filled * (size_t)plan->nets[n]->dims, n));
        batch->out[n] += batch->filled * plan->nets[n]->dims;
    }
    batch->filled = 0;
    return ERR_NONE;
}

/* The draw's frames one by one, or as one clip. A full batch goes through the networks at once, which is what makes
 * their products large; the last one of a chunk may be short, never one in between. */
static Err feed_networks(Batch *batch, Worker *worker, const Work *work, const Box *box) {
    const CollectPlan *plan = work->plan;
    int length = plan->by_frame ? 1 : work->draws->per_draw;
    for (int first = 0; plan->n_nets > 0 && first < work->draws->per_draw; first += length) {
        for (int n = 0; n < plan->n_nets; n++)
            TRY(feature_load(worker->nets[n], batch->filled, &worker->read, box, first, length));
        if (++batch->filled == FEATURE_BATCH) TRY(batch_flush(batch, worker, work));
    }
    return ERR_NONE;
}

static float *chunk_features(const Work *work, int64_t chunk, int net) {
    size_t frame_sampling_before =
        (size_t)(chunk_begin(work->draws, chunk) - chunk_begin(work->draws, work->share.begin));
    return work->features[net] + frame_sampling_before * work->vectors_a_draw * (size_t)work->plan->nets[net]->dims;
}

/* ---- what is kept: the states of a chunk, then its features, net after net ---- */

static size_t chunk_feature_bytes(const Work *work, int64_t chunk, int net) {
    size_t draws = (size_t)(chunk_end(work->draws, chunk) - chunk_begin(work->draws, chunk));
    return draws * work->vectors_a_draw * (size_t)work->plan->nets[net]->dims * sizeof(float);
}

static size_t piece_bytes(const Work *work, int64_t chunk) {
    size_t bytes = work->state_sums * sizeof(ExactSum);
    for (int n = 0; n < work->plan->n_nets; n++) bytes += chunk_feature_bytes(work, chunk, n);
    return bytes;
}

/* Between a piece and its places in the work. */
static void move_piece(uint8_t *piece, const Work *work, int64_t chunk, bool into_piece) {
    ExactSum *states = work->states + (size_t)(chunk - work->share.begin) * work->state_sums;
    size_t bytes = work->state_sums * sizeof(ExactSum);
    for (int n = -1; n < work->plan->n_nets; n++) {
        void *place = n < 0 ? (void *)states : (void *)chunk_features(work, chunk, n);
        if (n >= 0) bytes = chunk_feature_bytes(work, chunk, n);
        if (into_piece)
            memcpy(piece, place, bytes);
        else
            memcpy(place, piece, bytes);
        piece += bytes;
    }
}

static Err keep_chunk(Worker *worker, const Work *work, int64_t chunk) {
    if (!work->plan->journal) return ERR_NONE;
    if (!worker->piece) worker->piece = malloc(piece_bytes(work, work->share.begin) + 1); /* the last one is smaller */
    if (!worker->piece) return RAISE(ERR_MEMORY, "%s: no memory to keep a chunk", work->what);
    move_piece(worker->piece, work, chunk, true);
    return journal_append(work->plan->journal, chunk, worker->piece, piece_bytes(work, chunk));
}

/* From a piece of an earlier life. Other ranks' pieces and pieces of another plan are passed over. */
static void take_chunk(void *state, int64_t chunk, const void *bytes, size_t size) {
    Work *work = state;
    if (chunk < work->share.begin || chunk >= work->share.end || size != piece_bytes(work, chunk)) return;
    move_piece((uint8_t *)(uintptr_t)bytes, work, chunk, false);
    bool finite = true;
    for (int n = 0; n < work->plan->n_nets; n++)
        finite = finite &&
                 finite_all(chunk_features(work, chunk, n), chunk_feature_bytes(work, chunk, n) / sizeof(float));
    work->kept[chunk - work->share.begin] = finite; /* what is not is computed once more, and then refused */
}

/* ---- a chunk ---- */

static Err collect_chunk(Worker *worker, const Work *work, int64_t chunk) {
    const FrameSampling *draws = work->draws;
    ExactSum *states = work->states + (size_t)(chunk - work->share.begin) * work->state_sums;
    Batch batch = {.filled = 0};
    for (int n = 0; n < work->plan->n_nets; n++) batch.out[n] = chunk_features(work, chunk, n);
    for (int64_t draw = chunk_begin(draws, chunk); draw < chunk_end(draws, chunk); draw++) {
        TRY(clip_source_read(work->source, 0, draws->videos[draw], draws->frames + draw * draws->per_draw,
                             draws->per_draw, &worker->read));
        Box box = crop_square(worker->read.height, worker->read.width);
        TRY(feed_metrics(worker, work->plan, &box, states));
        TRY(feed_networks(&batch, worker, work, &box));
    }
    return batch_flush(&batch, worker, work);
}

/* A stop is heeded between chunks, and only after one: so a rank that is stopped again and again still gets on. Without
 * a journal nothing would be kept, and the stop waits for the end. */
static bool stops_here(Work *work) {
    bool computed;
#pragma omp atomic read
    computed = work->computed;
    return work->plan->journal && computed && stop_requested();
}

static Err do_chunk(Worker *worker, Work *work, int64_t chunk) {
    if (work->kept[chunk - work->share.begin]) return ERR_NONE;
    if (stops_here(work))
        return RAISE(ERR_STOPPED, "%s: stopped (%s); what is computed is kept: run the same command again to go on",
                     work->what, stop_reason());
    if (fault_hit("analyze.chunk"))
        return RAISE(ERR_INTERNAL, "%s: chunk of video %lld: injected fault", work->what,
                     (long long)work->draws->videos[chunk_begin(work->draws, chunk)]);
    TRY(collect_chunk(worker, work, chunk));
#pragma omp atomic write
    work->computed = true;
    return keep_chunk(worker, work, chunk);
}

/* Chunks go to whichever team is free: that changes who computes, not what. The error of the lowest failing chunk is
 * the one that is told, as with one thread. */
static void collect_chunks(void *context, int number, Team *team) {
    Work *work = context;
    Worker worker;
    Err made = worker_new(&worker, work->plan, team);
    (void)number;
    shared_err_note(&work->failure, made, work->share.begin);
    for (;;) {
        int64_t chunk;
#pragma omp atomic capture
        chunk = work->next++;
        if (chunk >= work->share.end) break;
        Err err = made ? made : do_chunk(&worker, work, chunk);
        shared_err_note(&work->failure, err, chunk);
        progress_add(work->progress, chunk_end(work->draws, chunk) - chunk_begin(work->draws, chunk));
    }
    worker_free(&worker, work->plan);
}

/* Where there are fewer chunks than threads, several share the networks' work on one. */
static int choose_team(const Work *work, int threads) {
    double flops = 0;
    for (int n = 0; n < work->plan->n_nets; n++) flops += feature_cost(work->plan->nets[n]).vector_flops;
    return teams_choose(threads, work->share.end - work->share.begin, flops * FEATURE_BATCH);
}

static Err collect_share(Work *work, int threads) {
    work->next = work->share.begin;
    TRY(teams_run_once(threads, choose_team(work, threads), collect_chunks, work));
    return shared_err_adopt(&work->failure);
}

/* Room for whole chunks; the last of them may be shorter. malloc of 0 bytes may be NULL, hence the 1. */
static Err work_allocate(Work *work) {
    size_t chunks = (size_t)(work->share.end - work->share.begin);
    size_t vectors = chunks * (size_t)chunk_draws(work->draws->count) * work->vectors_a_draw;
    work->states = calloc(chunks * work->state_sums + 1, sizeof *work->states);
    work->kept = calloc(chunks + 1, sizeof *work->kept);
    bool whole = work->states && work->kept;
    for (int n = 0; n < work->plan->n_nets; n++) {
        work->features[n] = malloc(vectors * (size_t)work->plan->nets[n]->dims * sizeof(float) + 1);
        whole = whole && work->features[n];
    }
    return whole ? ERR_NONE : RAISE(ERR_MEMORY, "statistics of %zu chunks: no memory", chunks);
}

static void work_free(Work *work) {
    free(work->states);
    free(work->kept);
    for (int n = 0; n < COLLECT_NETS; n++) free(work->features[n]);
}

static size_t share_feature_bytes(const Work *work, int net) {
    if (work->share.begin >= work->share.end) return 0;
    int64_t draws = chunk_end(work->draws, work->share.end - 1) - chunk_begin(work->draws, work->share.begin);
    return (size_t)draws * work->vectors_a_draw * (size_t)work->plan->nets[net]->dims * sizeof(float);
}

static Err gather_features_all(Collected *out, const Work *work, const Par *par) {
    for (int n = 0; n < work->plan->n_nets; n++) {
        void *features;
        size_t bytes;
        int dims = work->plan->nets[n]->dims;
        TRY(gather_bytes_all(&features, &bytes, work->features[n], share_feature_bytes(work, n), par));
        out->features[n] = (FeatureRows){features, bytes / sizeof(float) / (size_t)dims, dims};
    }
    return ERR_NONE;
}

/* chunk_states: (n_chunks, state_sums), added up into out->states. */
static Err add_chunks(Collected *out, const Work *work, const ExactSum *chunk_states, int64_t n_chunks) {
    const CollectPlan *plan = work->plan;
    ExactSum *total = out->storage = calloc(work->state_sums + 1, sizeof *out->storage);
    if (!total) return RAISE(ERR_MEMORY, "adding up statistics: no memory");
    for (int64_t chunk = 0; chunk < n_chunks; chunk++)
        metric_add_state(total, chunk_states + (size_t)chunk * work->state_sums, work->state_sums);
    size_t offset = 0;
    for (int m = 0; m < plan->n_metrics; m++) {
        out->states[m] = total + offset;
        out->chunks[m] = chunk_states + offset;
        offset += plan->metrics[m]->state_sums;
    }
    return ERR_NONE;
}

/* In rank order, which is chunk order, as shares are runs of chunks. */
static Err gather_all(Collected *out, const Work *work, int64_t n_chunks, const Par *par) {
    Err err = ERR_NONE;
    void *states = NULL;
    size_t bytes, own_chunks = (size_t)(work->share.end - work->share.begin);
    TRY_OR(done,
           gather_bytes_all(&states, &bytes, work->states, own_chunks * work->state_sums * sizeof(ExactSum), par));
    TRY_OR(done, gather_features_all(out, work, par));
    TRY_OR(done, err_agree_all(add_chunks(out, work, states, n_chunks), par, "adding up statistics"));
    out->state_sums = work->state_sums;
    out->n_chunks = n_chunks;
    out->chunk_storage = states;
    states = NULL;
done:
    free(states);
    return err;
}

Err collect_all(Collected *out, const CollectPlan *plan, const ClipSource *source, FrameSampling *draws,
                const char *what, const Run *run) {
    Err err = ERR_NONE;
    int64_t n_chunks = (draws->count + chunk_draws(draws->count) - 1) / chunk_draws(draws->count);
    *out = (Collected){0};
    Work work = {.plan = plan,
                 .source = source,
                 .draws = draws,
                 .what = what,
                 .state_sums = plan_state_sums(plan),
                 .failure = SHARED_ERR_INIT};
    work.share = share_block(n_chunks, run->par.rank, run->par.n_ranks);
    work.vectors_a_draw = plan->by_frame ? (size_t)draws->per_draw : 1;
    /* 1. canonical order; 2. what is kept; 3. the rest; 4. everything to every rank */
    TRY_OR(done, err_agree_all(frame_sampling_sort(draws), &run->par, "ordering samples"));
    TRY_OR(done, progress_begin_all(&work.progress, &run->par, run->progress, what, draws->count, "samples", 1));
    Err mine = work_allocate(&work);
    if (!mine && plan->journal) mine = journal_read(plan->journal, take_chunk, &work);
    if (!mine) mine = collect_share(&work, run->par.threads);
    progress_end_all(&work.progress);
    TRY_OR(done, err_agree_all(mine, &run->par, what));
    TRY_OR(done, gather_all(out, &work, n_chunks, &run->par));
done:
    work_free(&work);
    if (err) collected_free(out);
    return err;
}

void collected_free(Collected *collected) {
    for (int n = 0; n < COLLECT_NETS; n++) free(collected->features[n].rows);
    free(collected->storage);
    free(collected->chunk_storage);
    *collected = (Collected){0};
}
