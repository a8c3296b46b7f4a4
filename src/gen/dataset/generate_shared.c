/* One file for all ranks: its layout (where each video begins) is known from the draws before anything is rendered,
 * so ranks write their videos without a word to each other. Ranks have equal shares of the frames, not of the videos.
 */

#include "base/failure/shared_err.h"
#include "base/system/stop.h"
#include "gen/dataset/internal/generate_shard.h"
#include "par/agree.h"
#include "store/data/shard.h"

#include <stdlib.h>

/* What the file's layout needs before anything is rendered. */
typedef struct {
    int64_t *clip_start;
    int32_t *label;
} Tables;

static void tables_free(Tables *tables) {
    free(tables->clip_start);
    free(tables->label);
}

/* Where each video begins, and its label, of the whole file: the same on every rank. */
static Err tables_make(Tables *tables, const ShardJob *job) {
    *tables = (Tables){.clip_start = calloc((size_t)job->n_videos + 1, sizeof *tables->clip_start),
                       .label = calloc((size_t)job->n_videos, sizeof *tables->label)};
    if (!tables->clip_start || !tables->label)
        return RAISE(ERR_MEMORY, "%s: no memory for the tables of %lld videos", job->path, (long long)job->n_videos);
    for (int64_t video = 0; video < job->n_videos; video++) {
        VideoInfo info;
        TRY(generator_info(job->generator, (uint64_t)video, &info));
        tables->clip_start[video + 1] = tables->clip_start[video] + info.n_frames;
        tables->label[video] = info.label;
    }
    return ERR_NONE;
}

/* Videos [begin, end): those whose first frame lies in this rank's equal part of all frames. */
static int64_t first_video_of(const Tables *tables, int64_t n_videos, int rank, int n_ranks) {
    int64_t frame = tables->clip_start[n_videos] * rank / n_ranks, video = 0;
    while (video < n_videos && tables->clip_start[video] < frame) video++;
    return video;
}

typedef struct {
    const ShardJob *job;
    SharedShard *shard;
    RenderBuffer *benches; /* one a thread */
} Rendering;

/* As many videos as there are threads, side by side; then one thread writes them: MPI-IO is for the thread that started
 * MPI. */
static Err render_batch(Rendering *rendering, int64_t first, int count) {
    const ShardJob *job = rendering->job;
    SharedErr failure = SHARED_ERR_INIT;
#pragma omp parallel for num_threads(job->threads) schedule(static, 1)
    for (int i = 0; i < count; i++) {
        Err err = render_buffer_render(&rendering->benches[i], job->generator, first + i, true);
        shared_err_note(&failure, err_within(err, "video %lld: ", (long long)(first + i)), first + i);
    }
    TRY(shared_err_adopt(&failure));
    for (int i = 0; i < count; i++) {
        const RenderBuffer *bench = &rendering->benches[i];
        TRY(shared_shard_write(rendering->shard, first + i, &bench->frames, (const void *const *)bench->columns));
        if (job->progress) progress_add(job->progress, 1);
    }
    return ERR_NONE;
}

static Err render_videos(Rendering *rendering, int64_t begin, int64_t end) {
    const ShardJob *job = rendering->job;
    Err err = ERR_NONE;
    rendering->benches = calloc((size_t)job->threads, sizeof *rendering->benches);
    if (!rendering->benches) return RAISE(ERR_MEMORY, "rendering threads: out of memory");
    for (int i = 0; i < job->threads && !err; i++)
        err = render_buffer_init(&rendering->benches[i], job->generator, job->longest, true);
    for (int64_t first = begin; first < end && !err; first += job->threads) {
        int64_t left = end - first;
        if (stop_requested()) err = RAISE(ERR_STOPPED, "stopped while rendering: %s", stop_reason());
        if (!err) err = render_batch(rendering, first, left < job->threads ? (int)left : job->threads);
    }
    for (int i = 0; i < job->threads; i++) render_buffer_free(&rendering->benches[i]);
    free(rendering->benches);
    return err;
}

static Err fill_all(char digest[DIGEST_SIZE], const ShardJob *job, const Tables *tables, const Par *par) {
    const Generator *generator = job->generator;
    const SharedShardPlan plan = {.path = job->path,
                                  .config_text = job->config_text,
                                  .height = generator->size,
                                  .width = generator->size,
                                  .n_videos = job->n_videos,
                                  .clip_start = tables->clip_start,
                                  .label = tables->label,
                                  .columns = generator->columns,
                                  .n_columns = generator->n_columns};
    Rendering rendering = {.job = job};
    TRY(shared_shard_create_all(&rendering.shard, &plan, par));
    Err mine = render_videos(&rendering, first_video_of(tables, job->n_videos, par->rank, par->n_ranks),
                             first_video_of(tables, job->n_videos, par->rank + 1, par->n_ranks));
    return shared_shard_finish_all(&rendering.shard, mine, digest);
}

Err generate_shared_all(char digest[DIGEST_SIZE], const ShardJob *job, const Par *par) {
    Tables tables;
    Err err = err_agree_all(tables_make(&tables, job), par, "planning the shard");
    if (!err) err = fill_all(digest, job, &tables, par);
    tables_free(&tables);
    return err;
}
