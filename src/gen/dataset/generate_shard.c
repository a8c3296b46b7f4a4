/* Threads render videos of one shard side by side, and an ordered section appends them by number: a file depends
 * neither on the number of threads nor on who was faster. A thread holds one video at a time; who is early waits for
 * its turn. */
#include "gen/dataset/internal/generate_shard.h"

#include "base/failure/fault.h"
#include "base/system/stop.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Frames are given their largest shape at once: growing them later would hold the old and the new for a moment. */
Err render_buffer_init(RenderBuffer *bench, const Generator *generator, int longest, bool pixels) {
    size_t bytes = 0;
    *bench = (RenderBuffer){0};
    for (int c = 0; c < generator->n_columns; c++)
        bytes += (size_t)generator->columns[c].rows * (size_t)generator->columns[c].cols * 4;
    bench->numbers = malloc((size_t)longest * sizeof *bench->numbers);
    bench->latents = malloc(bytes + 1);
    if (!bench->numbers || !bench->latents) return RAISE(ERR_MEMORY, "buffers of a rendering thread: out of memory");
    for (int i = 0; i < longest; i++) bench->numbers[i] = i;
    if (pixels) TRY(frames_shape(&bench->frames, longest, generator->size, generator->size));
    char *at = bench->latents;
    for (int c = 0; c < generator->n_columns; c++) {
        bench->columns[c] = at;
        at += (size_t)generator->columns[c].rows * (size_t)generator->columns[c].cols * 4;
    }
    return ERR_NONE;
}

void render_buffer_free(RenderBuffer *bench) {
    frames_free(&bench->frames);
    free(bench->numbers);
    free(bench->latents);
}

Err render_buffer_render(RenderBuffer *bench, const Generator *generator, int64_t video, bool pixels) {
    VideoInfo *info = &bench->info;
    if (fault_hit("generate.render")) return RAISE(ERR_INTERNAL, "injected fault");
    TRY(generator_info(generator, (uint64_t)video, info));
    TRY(generator_latents(generator, (uint64_t)video, bench->columns));
    if (pixels) return generator_render(generator, (uint64_t)video, bench->numbers, info->n_frames, &bench->frames);
    bench->frames.n_frames = info->n_frames; /* a shape without data is what a latent shard takes */
    bench->frames.height = info->height;
    bench->frames.width = info->width;
    return ERR_NONE;
}

/* What the threads of one shard share; changed only within the ordered part. */
typedef struct {
    const ShardJob *job;
    ShardWriter *writer;
    Err err;
    char message[1024];
} ShardRun;

/* The first failure in the order of the videos; its message lives on the thread that raised it. */
static void keep_error(ShardRun *run, Err err, int64_t video) {
    run->err = err_within(err, "video %lld: ", (long long)video);
    snprintf(run->message, sizeof run->message, "%s", err_message());
}

/* In the ordered section: one thread at a time, videos ascending. */
static void append_video(ShardRun *run, const RenderBuffer *bench, int64_t video, Err rendered) {
    if (run->err) return;
    Err err = rendered;
    if (!err && stop_requested()) err = RAISE(ERR_STOPPED, "stopped while rendering: %s", stop_reason());
    if (!err)
        err = shard_append(run->writer, video, bench->info.label, &bench->frames, (const void *const *)bench->columns);
    if (err)
        keep_error(run, err, video);
    else if (run->job->progress)
        progress_add(run->job->progress, 1);
}

static void render_videos(ShardRun *run) {
    const ShardJob *job = run->job;
    /* threads render in any order; the ordered part appends in the order of the videos */
    bool pixels = job->storage != STORAGE_LATENT;
#pragma omp parallel num_threads(job->threads)
    {
        RenderBuffer bench;
        /* a thread without memory takes part in the loop all the same and hands in its failure */
        Err ready = render_buffer_init(&bench, job->generator, job->longest, pixels);
#pragma omp for ordered schedule(dynamic, 1)
        for (int64_t v = 0; v < job->n_videos; v++) {
            int64_t video = job->first + v;
            Err err = ready;
            bool failed;
#pragma omp atomic read
            failed = run->err;
            /* after a failure the loop runs on empty: OpenMP has no way out of it */
            if (!err && !failed) err = render_buffer_render(&bench, job->generator, video, pixels);
#pragma omp ordered
            append_video(run, &bench, video, err);
        }
        render_buffer_free(&bench);
    }
}

Err generate_shard(char digest[DIGEST_SIZE], const ShardJob *job) {
    const Generator *generator = job->generator;
    ShardRun run = {.job = job};
    const ShardPlan plan = {.path = job->path,
                            .config_text = job->config_text,
                            .storage = job->storage,
                            .height = generator->size,
                            .width = generator->size,
                            .n_videos = job->n_videos,
                            .n_frames = job->n_frames,
                            .columns = generator->columns,
                            .n_columns = generator->n_columns};
    TRY(shard_create(&run.writer, &plan));
    render_videos(&run);
    if (!run.err) return shard_finish(&run.writer, digest);
    shard_abandon(&run.writer);
    err_adopt(run.err, run.message);
    return run.err;
}
