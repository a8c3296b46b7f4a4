#include "analysis/collector.h"

#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "video/crop.h"
#include "video/resize.h"

/* What one thread needs; made once, used for all its chunks. */
typedef struct {
    Frames read, square;
    void *scratch[COLLECT_METRICS];
    EncoderScratch *encoder;
} Worker;

/* One rank's part of the work: chunks [share.begin, share.end), states and features of those chunks in order. */
typedef struct {
    const CollectPlan *plan;
    const ClipSource *source;
    const Draws *draws;
    Share share;
    size_t state_doubles; /* of all metrics together */
    size_t vectors_a_draw;
    double *states;  /* (chunks, state_doubles) */
    float *features; /* (draws of the share, vectors_a_draw, dims) */
    Progress *progress;
    struct {
        Err err;
        int64_t chunk;
        char message[1024];
    } failure; /* of the lowest failing chunk: the same whichever thread comes first */
} Work;

int64_t collect_chunk_draws(int64_t draws) {
    int64_t batches = (draws + (int64_t)COLLECT_CHUNKS * ENCODER_BATCH - 1) / ((int64_t)COLLECT_CHUNKS * ENCODER_BATCH);
    return (batches > 1 ? batches : 1) * ENCODER_BATCH;
}

static int64_t chunk_begin(const Draws *draws, int64_t chunk) {
    return chunk * collect_chunk_draws(draws->count);
}

static int64_t chunk_end(const Draws *draws, int64_t chunk) {
    int64_t end = chunk_begin(draws, chunk + 1);
    return end < draws->count ? end : draws->count;
}

static size_t plan_state_doubles(const CollectPlan *plan) {
    size_t sum = 0;
    for (int m = 0; m < plan->n_metrics; m++) sum += plan->metrics[m]->state_doubles;
    return sum;
}

static void worker_free(Worker *worker, const CollectPlan *plan) {
    for (int m = 0; m < plan->n_metrics; m++)
        if (worker->scratch[m]) plan->metrics[m]->scratch_free(worker->scratch[m]);
    encoder_scratch_free(&worker->encoder);
    frames_free(&worker->read);
    frames_free(&worker->square);
}

static Err worker_new(Worker *worker, const CollectPlan *plan) {
    *worker = (Worker){0};
    for (int m = 0; m < plan->n_metrics; m++)
        if (plan->metrics[m]->scratch_new) TRY(plan->metrics[m]->scratch_new(&worker->scratch[m], plan->side));
    return plan->encoder ? encoder_scratch_new(&worker->encoder, plan->encoder) : ERR_NONE;
}

static Err feed_metrics(Worker *worker, const CollectPlan *plan, const Box *box, double *states) {
    if (plan->n_metrics == 0) return ERR_NONE;
    TRY(resize_antialiased(&worker->square, &worker->read, box, plan->side, plan->side));
    for (int m = 0; m < plan->n_metrics; m++) {
        TRY(plan->metrics[m]->sample(states, worker->scratch[m], &worker->square));
        states += plan->metrics[m]->state_doubles;
    }
    return ERR_NONE;
}

/* Clips waiting for the encoder: a batch is a fixed run of clips of one chunk. */
typedef struct {
    float *out;
    int filled;
} Batch;

static void batch_flush(Batch *batch, Worker *worker, const Encoder *encoder) {
    if (batch->filled == 0) return;
    encoder_features(worker->encoder, batch->out, batch->filled);
    batch->out += batch->filled * encoder_dims(encoder);
    batch->filled = 0;
}

static Err feed_encoder(Batch *batch, Worker *worker, const Work *work, const Box *box) {
    const Encoder *encoder = work->plan->encoder;
    int length = work->plan->by_frame ? 1 : work->draws->per_draw;
    for (int first = 0; encoder && first < work->draws->per_draw; first += length) {
        TRY(encoder_load(worker->encoder, batch->filled++, &worker->read, box, first, length));
        if (batch->filled == ENCODER_BATCH) batch_flush(batch, worker, encoder);
    }
    return ERR_NONE;
}

static float *chunk_features(const Work *work, int64_t chunk) {
    if (!work->plan->encoder) return NULL;
    size_t draws_before = (size_t)(chunk_begin(work->draws, chunk) - chunk_begin(work->draws, work->share.begin));
    return work->features + draws_before * work->vectors_a_draw * (size_t)encoder_dims(work->plan->encoder);
}

static Err collect_chunk(Worker *worker, const Work *work, int64_t chunk) {
    const Draws *draws = work->draws;
    double *states = work->states + (size_t)(chunk - work->share.begin) * work->state_doubles;
    Batch batch = {.out = chunk_features(work, chunk)};
    for (int64_t draw = chunk_begin(draws, chunk); draw < chunk_end(draws, chunk); draw++) {
        TRY(clip_source_read(work->source, 0, draws->videos[draw], draws->frames + draw * draws->per_draw,
                             draws->per_draw, &worker->read));
        Box box = crop_square(worker->read.height, worker->read.width);
        TRY(feed_metrics(worker, work->plan, &box, states));
        TRY(feed_encoder(&batch, worker, work, &box));
    }
    batch_flush(&batch, worker, work->plan->encoder);
    return ERR_NONE;
}

static void note_failure(Work *work, Err err, int64_t chunk) {
#pragma omp critical(collect_failure)
    if (!work->failure.err || chunk < work->failure.chunk) {
        work->failure.err = err;
        work->failure.chunk = chunk;
        snprintf(work->failure.message, sizeof work->failure.message, "%s", err_message());
    }
}

static Err collect_share(Work *work, int threads) {
    int64_t begin = work->share.begin, end = work->share.end;
#pragma omp parallel num_threads(threads)
    {
        Worker worker;
        Err made = worker_new(&worker, work->plan);
        if (made) note_failure(work, made, begin);
#pragma omp for schedule(dynamic, 1)
        for (int64_t chunk = begin; chunk < end; chunk++) {
            Err err = made ? made : collect_chunk(&worker, work, chunk);
            if (err) note_failure(work, err, chunk);
            progress_add(work->progress, chunk_end(work->draws, chunk) - chunk_begin(work->draws, chunk));
        }
        worker_free(&worker, work->plan);
    }
    if (work->failure.err) err_adopt(work->failure.err, work->failure.message);
    return work->failure.err;
}

static Err work_allocate(Work *work) {
    size_t chunks = (size_t)(work->share.end - work->share.begin);
    size_t dims = work->plan->encoder ? (size_t)encoder_dims(work->plan->encoder) : 0;
    work->states = calloc(chunks * work->state_doubles + 1, sizeof *work->states);
    work->features = malloc(chunks * (size_t)collect_chunk_draws(work->draws->count) * work->vectors_a_draw * dims *
                                sizeof *work->features +
                            1);
    return work->states && work->features ? ERR_NONE : RAISE(ERR_MEMORY, "statistics of %zu chunks: no memory", chunks);
}

static size_t share_feature_bytes(const Work *work) {
    if (!work->plan->encoder || work->share.begin >= work->share.end) return 0;
    int64_t draws = chunk_end(work->draws, work->share.end - 1) - chunk_begin(work->draws, work->share.begin);
    return (size_t)draws * work->vectors_a_draw * (size_t)encoder_dims(work->plan->encoder) * sizeof(float);
}

/* chunk_states: (n_chunks, state_doubles), merged in order into out->states. */
static Err merge_chunks(Collected *out, const Work *work, const double *chunk_states, int64_t n_chunks) {
    const CollectPlan *plan = work->plan;
    double *at = out->storage = calloc(work->state_doubles + 1, sizeof *out->storage);
    if (!at) return RAISE(ERR_MEMORY, "merging statistics: no memory");
    size_t offset = 0;
    for (int m = 0; m < plan->n_metrics; m++) {
        out->states[m] = at + offset;
        out->chunks[m] = chunk_states + offset;
        for (int64_t chunk = 0; chunk < n_chunks; chunk++)
            plan->metrics[m]->merge(out->states[m], chunk_states + (size_t)chunk * work->state_doubles + offset);
        offset += plan->metrics[m]->state_doubles;
    }
    return ERR_NONE;
}

static Err gather_all(Collected *out, const Work *work, int64_t n_chunks, const Par *par) {
    Err err = ERR_NONE;
    void *states = NULL, *features = NULL;
    size_t bytes, own_chunks = (size_t)(work->share.end - work->share.begin);
    TRY_OR(done,
           gather_bytes_all(&states, &bytes, work->states, own_chunks * work->state_doubles * sizeof(double), par));
    TRY_OR(done, gather_bytes_all(&features, &bytes, work->features, share_feature_bytes(work), par));
    if (work->plan->encoder) {
        int dims = encoder_dims(work->plan->encoder);
        out->features = (FeatureRows){features, bytes / sizeof(float) / (size_t)dims, dims};
        features = NULL;
    }
    TRY_OR(done, err_agree_all(merge_chunks(out, work, states, n_chunks), par, "merging statistics"));
    out->state_doubles = work->state_doubles;
    out->n_chunks = n_chunks;
    out->chunk_storage = states;
    states = NULL;
done:
    free(states);
    free(features);
    return err;
}

Err collect_all(Collected *out, const CollectPlan *plan, const ClipSource *source, const Draws *draws, const char *what,
                const Run *run) {
    Err err = ERR_NONE;
    int64_t n_chunks = (draws->count + collect_chunk_draws(draws->count) - 1) / collect_chunk_draws(draws->count);
    *out = (Collected){0};
    Work work = {.plan = plan, .source = source, .draws = draws, .state_doubles = plan_state_doubles(plan)};
    work.share = share_block(n_chunks, run->par.rank, run->par.n_ranks);
    work.vectors_a_draw = plan->by_frame ? (size_t)draws->per_draw : 1;
    TRY_OR(done, progress_begin_all(&work.progress, &run->par, run->progress, what, draws->count, "samples", 1));
    Err mine = work_allocate(&work);
    if (!mine) mine = collect_share(&work, run->par.threads);
    progress_end_all(&work.progress);
    TRY_OR(done, err_agree_all(mine, &run->par, what));
    TRY_OR(done, gather_all(out, &work, n_chunks, &run->par));
done:
    free(work.states);
    free(work.features);
    if (err) collected_free(out);
    return err;
}

void collected_free(Collected *collected) {
    free(collected->features.rows);
    free(collected->storage);
    free(collected->chunk_storage);
    *collected = (Collected){0};
}
