/* Whatever holds pictures as a ClipSource, so that sheets and previews need to know nothing else. Each adapter is a
 * table of three functions around the thing itself; epochs play no part. */
#include "cli/inspect/inspect.h"

#include "gen/dataset/sources.h"
#include "store/data/pool.h"
#include "store/data/shard.h"
#include "video/media/decode.h"
#include "video/transform/resize.h"

/* A source around one thing; the state is the thing itself. */
static Err adapter_new(ClipSource **source, const ClipSourceOps *ops, size_t state_bytes, const char *path) {
    *source = calloc(1, sizeof **source);
    void *state = calloc(1, state_bytes);
    if (!*source || !state) {
        free(*source);
        free(state);
        *source = NULL;
        return RAISE(ERR_MEMORY, "%s: no memory to show it", path);
    }
    (*source)->ops = ops;
    (*source)->state = state;
    snprintf((*source)->name, sizeof(*source)->name, "%s", path_base(path));
    return ERR_NONE;
}

static void adapter_free(ClipSource *source) {
    free(source->state);
    free(source);
}

/* ---- a shard file ---- */

static Err shard_footage_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    ShardReader *const *reader = source->state;
    int64_t clip_index;
    (void)epoch;
    info->still = false;
    return shard_video(*reader, index, &clip_index, &info->n_frames, &info->height, &info->width, &info->label);
}

static Err shard_footage_read(const ClipSource *source, int64_t epoch, int64_t index, const int *numbers, int n,
                              Frames *out) {
    ShardReader *const *reader = source->state;
    (void)epoch;
    return shard_read(*reader, index, numbers, n, out);
}

static void shard_footage_close(ClipSource *source) {
    shard_close(source->state);
    adapter_free(source);
}

static Err shard_footage_open(ClipSource **source, const char *path) {
    static const ClipSourceOps ops = {"shard", shard_footage_info, shard_footage_read, shard_footage_close};
    TRY(adapter_new(source, &ops, sizeof(ShardReader *), path));
    /* the state is the pointer itself, so closing needs no more than it */
    Err err = shard_open((*source)->state, path);
    if (!err) (*source)->count = shard_n_videos(*(ShardReader **)(*source)->state);
    if (err) clip_source_close(source);
    return err;
}

/* ---- a pool: `row_images` images are a video ---- */

/* Images of several sizes are shown as large as fits into a square of this side, on black. */
enum { POOL_SHOWN_SIDE = 256 };

typedef struct {
    Pool pool;
    PoolSize shown;
    int row_images;
} PoolFootage;

static Err pool_footage_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    const PoolFootage *footage = source->state;
    /* the last row may be shorter */
    int64_t left = footage->pool.count - index * footage->row_images;
    (void)epoch;
    *info = (VideoInfo){.n_frames = (int)(left < footage->row_images ? left : footage->row_images),
                        .height = footage->shown.height,
                        .width = footage->shown.width,
                        .label = -1};
    return ERR_NONE;
}

/* Brings an image of any size into the middle of frame number `at`, which is black. */
static Err show_whole(Frames *out, int at, const Pool *pool, int image) {
    PoolSize size = pool_size(pool, image);
    int longer = size.height > size.width ? size.height : size.width;
    int height = (int)((int64_t)size.height * POOL_SHOWN_SIDE / longer);
    int width = (int)((int64_t)size.width * POOL_SHOWN_SIDE / longer);
    Frames whole = {0}, small = {0};
    if (height < 1) height = 1;
    if (width < 1) width = 1;
    Err err = frames_shape(&whole, 1, size.height, size.width);
    if (!err) memcpy(whole.data, pool_image(pool, image), frames_frame_bytes(&whole));
    if (!err) err = resize_antialiased(&small, &whole, NULL, height, width);
    size_t top = (size_t)(POOL_SHOWN_SIDE - height) / 2, left = (size_t)(POOL_SHOWN_SIDE - width) / 2;
    for (size_t y = 0; !err && y < (size_t)height; y++)
        memcpy(frames_at(out, at) + 3 * ((top + y) * POOL_SHOWN_SIDE + left), small.data + 3 * y * (size_t)width,
               3 * (size_t)width);
    frames_free(&small);
    frames_free(&whole);
    return err;
}

static Err pool_footage_read(const ClipSource *source, int64_t epoch, int64_t index, const int *numbers, int n,
                             Frames *out) {
    const PoolFootage *footage = source->state;
    const Pool *pool = &footage->pool;
    (void)epoch;
    TRY(frames_shape(out, n, footage->shown.height, footage->shown.width));
    for (int i = 0; i < n; i++) {
        int image = (int)index * footage->row_images + numbers[i];
        memset(frames_at(out, i), 0, frames_frame_bytes(out));
        if (pool->sizes)
            TRY(show_whole(out, i, pool, image));
        else
            memcpy(frames_at(out, i), pool_image(pool, image), frames_frame_bytes(out));
    }
    return ERR_NONE;
}

static void pool_footage_close(ClipSource *source) {
    PoolFootage *footage = source->state;
    pool_free(&footage->pool);
    adapter_free(source);
}

static Err pool_footage_open(ClipSource **source, const char *path, int row_images) {
    static const ClipSourceOps ops = {"pool", pool_footage_info, pool_footage_read, pool_footage_close};
    TRY(adapter_new(source, &ops, sizeof(PoolFootage), path));
    PoolFootage *footage = (*source)->state;
    footage->row_images = row_images;
    Err err = pool_read(&footage->pool, path);
    const Pool *pool = &footage->pool;
    footage->shown = pool->sizes ? (PoolSize){POOL_SHOWN_SIDE, POOL_SHOWN_SIDE} : (PoolSize){pool->height, pool->width};
    if (err)
        clip_source_close(source);
    else
        (*source)->count = (pool->count + row_images - 1) / row_images;
    return err;
}

/* ---- a video or image file ---- */

static Err media_footage_open(ClipSource **source, const char *path) {
    const FileSourceSettings settings = {.name = path_base(path), .paths = &path, .count = 1};
    VideoInfo info;
    TRY(file_source_open(source, &settings));
    Err err = clip_source_info(*source, 0, 0, &info); /* whether it can be decoded at all */
    if (err) clip_source_close(source);
    return err;
}

/* ---- a variant, rendered on the fly ---- */

/* The live source borrows the variant; both are closed together. */
typedef struct {
    Variant *variant;
    ClipSource *live;
} VariantFootage;

static Err variant_footage_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    const VariantFootage *footage = source->state;
    return clip_source_info(footage->live, epoch, index, info);
}

static Err variant_footage_read(const ClipSource *source, int64_t epoch, int64_t index, const int *numbers, int n,
                                Frames *out) {
    const VariantFootage *footage = source->state;
    return clip_source_read(footage->live, epoch, index, numbers, n, out);
}

static void variant_footage_close(ClipSource *source) {
    VariantFootage *footage = source->state;
    clip_source_close(&footage->live);
    variant_free(&footage->variant);
    adapter_free(source);
}

static Err variant_footage_open(ClipSource **source, const char *path, const FootageOptions *options) {
    static const ClipSourceOps ops = {"variant", variant_footage_info, variant_footage_read, variant_footage_close};
    enum { VIDEOS = 1 << 20 }; /* any number: nothing is rendered before it is read */
    Par par = par_serial(1);
    TRY(adapter_new(source, &ops, sizeof(VariantFootage), path));
    VariantFootage *footage = (*source)->state;
    Err err = variant_load(&footage->variant, path, NULL, 0);
    if (!err)
        err = live_source_open_all(&footage->live, footage->variant, options->pool ? options->pool : "",
                                   options->split ? options->split : "train", VIDEOS, options->seed, &par);
    if (!err) {
        (*source)->count = footage->live->count;
        (*source)->n_classes = footage->live->n_classes;
        (*source)->class_names = footage->live->class_names;
    }
    if (err) clip_source_close(source);
    return err;
}

Err footage_open(ClipSource **source, const PathEntry *thing, const FootageOptions *options) {
    *source = NULL;
    if (thing->kind == PATH_DATASET) return dataset_source_open(source, thing->path);
    if (thing->kind == PATH_MEDIA) return media_footage_open(source, thing->path);
    if (text_equal(thing->schema, "synvid.shard")) return shard_footage_open(source, thing->path);
    if (text_equal(thing->schema, "synvid.pool")) return pool_footage_open(source, thing->path, options->row_images);
    if (thing->kind == PATH_JSON && !thing->schema[0]) return variant_footage_open(source, thing->path, options);
    return RAISE(ERR_USAGE,
                 "%s: there are no pictures in it; datasets, shards, pools, variants, videos and images have",
                 thing->path);
}
