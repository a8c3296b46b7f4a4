/* A dataset folder as one source of videos. Shards are opened when they are first asked for and stay open: reading is
 * then a search in the manifest and a pread. Latent datasets have no pixels; theirs come from the renderer that the
 * opener gave. */
#include "base/system/digest.h"
#include "base/system/file.h"
#include "store/data/dataset.h"
#include "store/data/shard.h"

#include <pthread.h>
#include <sys/resource.h>

typedef struct {
    Dataset dataset;
    char folder[PATH_SIZE];
    ShardReader **readers; /* n_shards, NULL until first use */
    ClipSource *rendered;  /* latent datasets: where the pixels come from */
    pthread_mutex_t opening;
} ShardSource;

/* The last shard whose first video is not beyond `index`. */
static int find_shard(const Dataset *dataset, int64_t index) {
    int low = 0, high = dataset->n_shards - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (dataset->shards[middle].first_clip <= index)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static Err open_shard(ShardReader **reader, const ShardSource *source, int shard) {
    const DatasetShard *row = &source->dataset.shards[shard];
    char path[PATH_SIZE];
    TRY(path_join(path, sizeof path, source->folder, row->file));
    TRY(shard_open(reader, path));
    ShardInfo info = shard_info(*reader);
    if (info.n_videos == row->n_clips && info.n_frames == row->n_frames) return ERR_NONE;
    shard_close(reader);
    return RAISE(ERR_INPUT, "%s: has %lld videos and %lld frames, dataset.json says %lld and %lld", path,
                 (long long)info.n_videos, (long long)info.n_frames, (long long)row->n_clips, (long long)row->n_frames);
}

/* The open reader of a shard: opened by the first thread that asks. */
static Err reader_of(ShardReader **reader, ShardSource *source, int shard) {
    /* one lock for all shards: opening is rare, and a shard must not be opened twice */
    pthread_mutex_lock(&source->opening);
    Err err = source->readers[shard] ? ERR_NONE : open_shard(&source->readers[shard], source, shard);
    *reader = source->readers[shard];
    pthread_mutex_unlock(&source->opening);
    return err;
}

static Err find_video(ShardReader **reader, int64_t *video, const ClipSource *source, int64_t index) {
    ShardSource *state = source->state;
    if (index < 0 || index >= source->count)
        return RAISE(ERR_INTERNAL, "%s: video %lld of %lld", state->folder, (long long)index, (long long)source->count);
    int shard = find_shard(&state->dataset, index);
    *video = index - state->dataset.shards[shard].first_clip;
    return reader_of(reader, state, shard);
}

static Err source_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    (void)epoch;
    ShardReader *reader;
    int64_t video, clip_index;
    TRY(find_video(&reader, &video, source, index));
    info->still = false; /* nothing is known of the frames */
    return shard_video(reader, video, &clip_index, &info->n_frames, &info->height, &info->width, &info->label);
}

static Err source_read(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers, int n_frames,
                       Frames *out) {
    const ShardSource *state = source->state;
    ShardReader *reader;
    int64_t video, clip_index;
    TRY(find_video(&reader, &video, source, index));
    if (shard_info(reader).storage != STORAGE_LATENT) return shard_read(reader, video, frame_numbers, n_frames, out);
    int frames, height, width, label;
    TRY(shard_video(reader, video, &clip_index, &frames, &height, &width, &label));
    return clip_source_read(state->rendered, epoch, clip_index, frame_numbers, n_frames, out);
}

static void source_close(ClipSource *source) {
    ShardSource *state = source->state;
    for (int s = 0; state->readers && s < state->dataset.n_shards; s++) shard_close(&state->readers[s]);
    free(state->readers);
    clip_source_close(&state->rendered);
    dataset_free(&state->dataset);
    pthread_mutex_destroy(&state->opening);
    free(state);
    free(source);
}

static const ClipSourceOps ops = {.kind = "shards", .info = source_info, .read = source_read, .close = source_close};

static Err check_shards_exist(const Dataset *dataset, const char *folder) {
    for (int s = 0; s < dataset->n_shards; s++) {
        char path[PATH_SIZE];
        TRY(path_join(path, sizeof path, folder, dataset->shards[s].file));
        if (file_size(path) <= 0)
            return RAISE(ERR_INPUT, "%s: %s, but dataset.json lists it", path,
                         file_exists(path) ? "is empty" : "is missing");
    }
    return ERR_NONE;
}

/* Every shard stays open with two descriptors; the usual soft limit of 1024 is for programs with fewer files. */
static void allow_many_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Latent parameters are the same for many variants (all objects are always drawn): what is shown depends on the
 * renderer's settings as well. */
static Err add_renderer_digest(ClipSource *source, const ClipSource *rendered) {
    Digest *digest;
    TRY(digest_new(&digest));
    digest_add_text(digest, source->digest);
    digest_add_text(digest, rendered->digest);
    digest_hex(digest, source->digest);
    digest_free(&digest);
    return ERR_NONE;
}

static Err open_renderer(ClipSource *source, ShardSource *state, LatentRenderer *render) {
    ShardReader *first;
    TRY(reader_of(&first, state, 0));
    if (shard_info(first).storage != STORAGE_LATENT) return ERR_NONE;
    if (!render)
        return RAISE(ERR_USAGE, "%s: holds latent parameters, which this command cannot render", state->folder);
    TRY(render(&state->rendered, &state->dataset, state->folder));
    return add_renderer_digest(source, state->rendered);
}

static Err fill(ClipSource *source, ShardSource *state, const char *folder, LatentRenderer *render) {
    TRY(text_copy(state->folder, sizeof state->folder, folder));
    TRY(dataset_read(&state->dataset, folder));
    const Dataset *dataset = &state->dataset;
    TRY(check_shards_exist(dataset, folder));
    state->readers = calloc((size_t)dataset->n_shards, sizeof *state->readers);
    if (!state->readers) return RAISE(ERR_MEMORY, "%s: no memory for %d shards", folder, dataset->n_shards);
    allow_many_files();
    source->count = dataset->n_clips;
    source->n_classes = dataset->n_classes;
    source->class_names = dataset->n_classes ? (const char *const *)dataset->class_names : NULL;
    TRY(text_copy(source->name, sizeof source->name, dataset->name));
    TRY(text_copy(source->digest, sizeof source->digest, dataset->digest));
    return open_renderer(source, state, render);
}

Err shard_source_open(ClipSource **source, const char *folder, LatentRenderer *render) {
    *source = NULL;
    ClipSource *new = calloc(1, sizeof *new);
    ShardSource *state = calloc(1, sizeof *state);
    if (!new || !state) {
        free(new);
        free(state);
        return RAISE(ERR_MEMORY, "%s: no memory", folder);
    }
    pthread_mutex_init(&state->opening, NULL);
    *new = (ClipSource){.ops = &ops, .state = state};
    Err err = fill(new, state, folder, render);
    if (err)
        source_close(new);
    else
        *source = new;
    return err;
}
