/* Shards beside the same frames without them. Every rank works on files of its own, as generate does.
 *
 *   raw, deflate      written and read, beside the same bytes in a plain file; both end writing with fsync
 *   mpeg4, encoded    read, beside decoding the same frames from a plain file
 *   latent datasets   rendered, beside copying the frames, which is what stored pixels cost at best
 *
 * What is read are random clips of 16 frames at stride 4, warm: the disk's rate is not what a format decides. */
#include "base/system/file.h"
#include "base/text/text.h"
#include "bench/internal/harness.h"
#include "bench/internal/topics.h"
#include "gen/dataset/generate.h"
#include "gen/dataset/sources.h"
#include "math/rng.h"
#include "par/agree.h"
#include "store/data/shard.h"
#include "video/media/decode.h"
#include "video/media/encode.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { CLIP_FRAMES = 16, CLIP_STRIDE = 4, SLOW_CLIPS = 8 }; /* clips of a call where they are decoded or rendered */

typedef struct {
    const ShardBenchPlan *plan;
    const Par *par;
    BenchTable *table;
    Frames video; /* what every video of every file holds */
    char plain_path[PATH_SIZE], movie_path[PATH_SIZE], shard_path[PATH_SIZE];
    StorageKind kind;
    ShardReader *reader;
    const ClipSource *source; /* rendered */
    Frames clip, plain;
    uint64_t draws; /* clips drawn so far: bound and work draw from the same sequence */
} Bench;

static size_t video_bytes(const Bench *bench) {
    return frames_frame_bytes(&bench->video) * (size_t)bench->video.n_frames;
}

/* A square that moves over a still pattern, so that deflate has something to find. */
static Err paint_video(Bench *bench) {
    int size = bench->plan->size;
    Frames *video = &bench->video;
    TRY(frames_shape(video, bench->plan->n_frames, size, size));
    for (int f = 0; f < video->n_frames; f++)
        for (int y = 0; y < size; y++)
            for (int x = 0; x < size; x++) {
                uint8_t *pixel = frames_at(video, f) + ((size_t)y * (size_t)size + (size_t)x) * 3;
                bool inside = (x + 2 * f) % size < size / 4 && (y + f) % size < size / 4;
                pixel[0] = inside ? 255 : (uint8_t)(x * y >> 3);
                pixel[1] = inside ? 40 : (uint8_t)(x + y);
                pixel[2] = inside ? (uint8_t)f : (uint8_t)(x ^ y);
            }
    return ERR_NONE;
}

/* A random video of `videos`, and the frames of a random clip of it. */
static int draw_clip(Bench *bench, int64_t videos, int n_frames, int numbers[CLIP_FRAMES]) {
    Rng rng = rng_stream(1, RNG_TEST, bench->draws++, (uint32_t)bench->par->rank);
    int video = (int)rng_below(&rng, (uint32_t)videos);
    int last = n_frames - 1 - (CLIP_FRAMES - 1) * CLIP_STRIDE;
    int first = rng_between(&rng, 0, last > 0 ? last : 0);
    for (int i = 0; i < CLIP_FRAMES; i++) numbers[i] = (first + i * CLIP_STRIDE) % n_frames;
    return video;
}

static int draw_stored(Bench *bench, int numbers[CLIP_FRAMES]) {
    return draw_clip(bench, bench->plan->videos, bench->video.n_frames, numbers);
}

/* ---- writing ---- */

/* Ends with fsync, as a shard does: a write into the page cache would be no bound. */
static Err write_pieces(int descriptor, const Bench *bench) {
    for (int v = 0; v < bench->plan->videos; v++)
        for (size_t at = 0; at < video_bytes(bench);) {
            ssize_t wrote = write(descriptor, bench->video.data + at, video_bytes(bench) - at);
            if (wrote < 0) return RAISE(ERR_IO, "%s: cannot write: %s", bench->plain_path, strerror(errno));
            at += (size_t)wrote;
        }
    return fsync(descriptor) ? RAISE(ERR_IO, "%s: cannot flush: %s", bench->plain_path, strerror(errno)) : ERR_NONE;
}

static Err write_plain(void *state) {
    Bench *bench = state;
    int descriptor = open(bench->plain_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) return RAISE(ERR_IO, "%s: cannot create: %s", bench->plain_path, strerror(errno));
    Err err = write_pieces(descriptor, bench);
    close(descriptor);
    return err;
}

/* All kinds hold the same video many times; encoded shards hold the file that it was encoded to. */
static Err write_shard(void *state) {
    Bench *bench = state;
    ShardWriter *writer;
    char digest[DIGEST_SIZE];
    int videos = bench->plan->videos, size = bench->plan->size;
    const ShardFile movie = {bench->movie_path, file_size(bench->movie_path), bench->video.n_frames, size, size};
    bool files = bench->kind == STORAGE_ENCODED;
    const ShardPlan plan = {.path = bench->shard_path,
                            .storage = bench->kind,
                            .height = size,
                            .width = size,
                            .n_videos = videos,
                            .n_frames = (int64_t)videos * bench->video.n_frames,
                            .n_bytes = videos * movie.bytes};
    TRY(shard_create(&writer, &plan));
    Err err = ERR_NONE;
    for (int v = 0; !err && v < videos; v++)
        err = files ? shard_append_file(writer, v, -1, &movie) : shard_append(writer, v, -1, &bench->video, NULL);
    if (!err) return shard_finish(&writer, digest);
    shard_abandon(&writer);
    return err;
}

/* ---- reading ---- */

static Err read_plain_clip(Bench *bench, int descriptor) {
    int numbers[CLIP_FRAMES], video = draw_stored(bench, numbers);
    size_t frame_bytes = frames_frame_bytes(&bench->video);
    TRY(frames_shape(&bench->clip, CLIP_FRAMES, bench->plan->size, bench->plan->size));
    for (int i = 0; i < CLIP_FRAMES; i++) {
        size_t at = (size_t)video * video_bytes(bench) + (size_t)numbers[i] * frame_bytes;
        if (pread(descriptor, frames_at(&bench->clip, i), frame_bytes, (off_t)at) != (ssize_t)frame_bytes)
            return RAISE(ERR_IO, "%s: cannot read: %s", bench->plain_path, strerror(errno));
    }
    return ERR_NONE;
}

static Err read_plain(void *state) {
    Bench *bench = state;
    int descriptor = open(bench->plain_path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return RAISE(ERR_IO, "%s: cannot open: %s", bench->plain_path, strerror(errno));
    Err err = ERR_NONE;
    for (int c = 0; !err && c < bench->plan->clips; c++) err = read_plain_clip(bench, descriptor);
    close(descriptor);
    return err;
}

static Err read_clips(Bench *bench, int clips) {
    for (int c = 0; c < clips; c++) {
        int numbers[CLIP_FRAMES], video = draw_stored(bench, numbers);
        TRY(shard_read(bench->reader, video, numbers, CLIP_FRAMES, &bench->clip));
    }
    return ERR_NONE;
}

/* Opening counts, as it does for the plain file. */
static Err read_shard(void *state) {
    Bench *bench = state;
    TRY(shard_open(&bench->reader, bench->shard_path));
    Err err = read_clips(bench, bench->plan->clips);
    shard_close(&bench->reader);
    return err;
}

static Err decode_shard(void *state) {
    return read_clips(state, SLOW_CLIPS);
}

/* The draw is made though the file holds one video: both sides ask for the same frames. */
static Err decode_plain(void *state) {
    Bench *bench = state;
    int numbers[CLIP_FRAMES];
    for (int c = 0; c < SLOW_CLIPS; c++) {
        (void)draw_stored(bench, numbers);
        TRY(decode_frames(&bench->plain, bench->movie_path, numbers, CLIP_FRAMES));
    }
    return ERR_NONE;
}

static Err render_clips(void *state) {
    Bench *bench = state;
    int numbers[CLIP_FRAMES];
    for (int c = 0; c < SLOW_CLIPS; c++) {
        int64_t video = draw_clip(bench, bench->source->count, 1 + (CLIP_FRAMES - 1) * CLIP_STRIDE, numbers);
        TRY(clip_source_read(bench->source, 0, video, numbers, CLIP_FRAMES, &bench->clip));
    }
    return ERR_NONE;
}

static Err copy_clips(void *state) {
    Bench *bench = state;
    size_t bytes = CLIP_FRAMES * frames_frame_bytes(&bench->clip);
    for (int c = 0; c < SLOW_CLIPS; c++) memcpy(bench->plain.data, bench->clip.data, bytes);
    return ERR_NONE;
}

/* ---- checks: 0 for the frames that are expected, 1 for others ---- */

static double differ(const Frames *found, const uint8_t *expected) {
    return memcmp(found->data, expected, (size_t)found->n_frames * frames_frame_bytes(found)) != 0;
}

/* Frame by frame, so that no frame is right by way of another. */
static Err compare_stored(double *error, Bench *bench) {
    const int videos[] = {0, bench->plan->videos - 1};
    for (int f = 0; f < bench->video.n_frames; f++)
        for (int v = 0; v < 2; v++) {
            TRY(shard_read(bench->reader, videos[v], &f, 1, &bench->clip));
            *error = fmax(*error, differ(&bench->clip, frames_at(&bench->video, f)));
        }
    return ERR_NONE;
}

/* Every frame of the first and the last video. */
static Err check_stored(double *error, void *state) {
    Bench *bench = state;
    TRY(write_shard(bench));
    TRY(shard_open(&bench->reader, bench->shard_path));
    Err err = compare_stored(error, bench);
    shard_close(&bench->reader);
    return err;
}

static Err check_decoded(double *error, void *state) {
    Bench *bench = state;
    int numbers[] = {0, bench->video.n_frames - 1, bench->video.n_frames / 2};
    TRY(shard_read(bench->reader, bench->plan->videos - 1, numbers, 3, &bench->clip));
    TRY(decode_frames(&bench->plain, bench->movie_path, numbers, 3));
    *error = differ(&bench->clip, bench->plain.data);
    return ERR_NONE;
}

/* A clip at once and frame by frame: a frame may not depend on what else is asked for. */
static Err check_rendered(double *error, void *state) {
    Bench *bench = state;
    int numbers[CLIP_FRAMES];
    int64_t video = draw_clip(bench, bench->source->count, 1 + (CLIP_FRAMES - 1) * CLIP_STRIDE, numbers);
    TRY(clip_source_read(bench->source, 0, video, numbers, CLIP_FRAMES, &bench->clip));
    for (int i = 0; i < CLIP_FRAMES; i++) {
        TRY(clip_source_read(bench->source, 0, video, &numbers[i], 1, &bench->plain));
        *error = fmax(*error, differ(&bench->plain, frames_at(&bench->clip, i)));
    }
    return frames_shape(&bench->plain, CLIP_FRAMES, bench->clip.height, bench->clip.width);
}

/* ---- rows ---- */

static Err row_all(Bench *bench, const BenchCase *c, const char *unit) {
    return bench_pairs_row_all(bench->table, *c, unit, bench->plan->seconds, bench->par);
}

/* Two rows a kind: megabytes of pixels written, clips read. */
static Err bench_kind_all(Bench *bench, StorageKind kind) {
    char writing[64], reading[64];
    double n_ranks = bench->par->n_ranks, clips = n_ranks * bench->plan->clips;
    double megabytes = 1e-6 * n_ranks * bench->plan->videos * (double)video_bytes(bench);
    bench->kind = kind;
    TRY(text_format(writing, sizeof writing, "write, %s shards", storage_name(kind)));
    TRY(text_format(reading, sizeof reading, "read random clips, %s shards", storage_name(kind)));
    TRY(row_all(bench,
                &(BenchCase){.name = writing,
                             .work = {write_shard, bench, megabytes},
                             .bound = {write_plain, bench, megabytes},
                             .check = check_stored},
                "MB/s"));
    return row_all(bench,
                   &(BenchCase){.name = reading,
                                .work = {read_shard, bench, clips},
                                .bound = {read_plain, bench, clips},
                                .check = check_stored},
                   "clips/s");
}

static Err prepare_decoded(Bench *bench) {
    const EncodeSettings settings = encode_paper(bench->video.height, bench->video.width);
    TRY(encode_file(bench->movie_path, &bench->video, &settings));
    TRY(write_shard(bench));
    return shard_open(&bench->reader, bench->shard_path);
}

/* The shard is opened once: what counts is the seeking and decoding that both sides do. */
static Err bench_decoded_all(Bench *bench, StorageKind kind) {
    char name[64];
    double clips = (double)bench->par->n_ranks * SLOW_CLIPS;
    bench->kind = kind;
    TRY(text_format(name, sizeof name, "read random clips, %s shards", storage_name(kind)));
    Err err = err_agree_all(prepare_decoded(bench), bench->par, "a benchmark");
    if (!err)
        err = row_all(bench,
                      &(BenchCase){.name = name,
                                   .work = {decode_shard, bench, clips},
                                   .bound = {decode_plain, bench, clips},
                                   .check = check_decoded},
                      "clips/s");
    shard_close(&bench->reader);
    return err;
}

/* No file: a latent dataset renders its videos when they are read, as a live source does. */
static Err bench_rendered_all(Bench *bench, const char *variant_name) {
    char name[64];
    double clips = (double)bench->par->n_ranks * SLOW_CLIPS;
    Variant *variant = NULL;
    ClipSource *source = NULL;
    TRY(text_format(name, sizeof name, "read random clips, latent %s", variant_name));
    TRY(err_agree_all(variant_load(&variant, variant_name, NULL, 0), bench->par, "the variant"));
    Err err = live_source_open_all(&source, variant, "", "train", bench->plan->videos, 1, bench->par);
    bench->source = source;
    if (!err)
        err = row_all(bench,
                      &(BenchCase){.name = name,
                                   .work = {render_clips, bench, clips},
                                   .bound = {copy_clips, bench, clips},
                                   .check = check_rendered},
                      "clips/s");
    clip_source_close(&source);
    variant_free(&variant);
    return err;
}

static Err path_of(char path[PATH_SIZE], const Bench *bench, const char *what, const char *extension) {
    return text_format(path, PATH_SIZE, "%s/bench-%s-%d%s", bench->plan->folder, what, bench->par->rank, extension);
}

static Err prepare(Bench *bench) {
    TRY(path_of(bench->plain_path, bench, "plain", ""));
    TRY(path_of(bench->movie_path, bench, "clips", ".mp4"));
    TRY(path_of(bench->shard_path, bench, "shard", ".h5"));
    return paint_video(bench);
}

/* Files are removed whatever happened. */
Err shards_plan_measure_all(BenchTable *table, const ShardBenchPlan *plan, const Par *par) {
    Bench bench = {.plan = plan, .par = par, .table = table};
    const char *const paths[] = {bench.plain_path, bench.movie_path, bench.shard_path};
    Err err = err_agree_all(prepare(&bench), par, "a benchmark");
    if (!err) err = bench_kind_all(&bench, STORAGE_RAW);
    if (!err) err = bench_kind_all(&bench, STORAGE_DEFLATE);
    if (!err) err = bench_decoded_all(&bench, STORAGE_MPEG4);
    if (!err) err = bench_decoded_all(&bench, STORAGE_ENCODED);
    for (int v = 0; v < plan->n_variants && !err; v++) err = bench_rendered_all(&bench, plan->variants[v]);
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++)
        if (paths[p][0]) unlink(paths[p]);
    frames_free(&bench.video);
    frames_free(&bench.clip);
    frames_free(&bench.plain);
    return err;
}

Err bench_shards_all(const BenchArgs *args, const Par *par) {
    static const char *const variants[] = {"moving-circles", "accelerating-shapes"}; /* need no media */
    const ShardBenchPlan plan = {.folder = args->folder,
                                 .size = 256,
                                 .n_frames = 150,
                                 .videos = (int)args->videos,
                                 .clips = 40 * (int)args->videos,
                                 .seconds = args->seconds,
                                 .variants = variants,
                                 .n_variants = 2};
    BenchTable table;
    char what[192];
    TRY(text_format(what, sizeof what,
                    "each %d videos of %d frames of %d x %d in %.80s; bound: the same bytes without HDF5", plan.videos,
                    plan.n_frames, plan.size, plan.size, plan.folder));
    Err err = bench_pairs_open(&table, args->json, what, par);
    if (!err) err = shards_plan_measure_all(&table, &plan, par);
    return err_agree_all(bench_table_close(&table, err), par, "the table");
}
