#include "bench/bench_shards.h"

#include "base/system/file.h"
#include "base/text/text.h"
#include "bench/bench_clips.h"
#include "math/rng.h"
#include "par/agree.h"
#include "store/data/shard.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { CLIP_FRAMES = 16, CLIP_STRIDE = 4 };

ShardBenchPlan bench_shards_plan(const char *folder) {
    return (ShardBenchPlan){.folder = folder, .size = 256, .n_frames = 150, .videos = 8, .clips = 320, .seconds = 2};
}

typedef struct {
    const ShardBenchPlan *plan;
    const Par *par;
    Frames video; /* what every video of every file holds */
    char plain_path[PATH_SIZE], shard_path[PATH_SIZE];
    Frames clip;
    StorageKind kind;
    uint64_t draws; /* clips drawn so far: the same for plain and shard */
} Bench;

static size_t video_bytes(const Bench *bench) {
    return frames_frame_bytes(&bench->video) * (size_t)bench->video.n_frames;
}

/* ---- the work: each function does one repetition on this rank ---- */

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

static Err write_shard(void *state) {
    Bench *bench = state;
    ShardWriter *writer;
    char digest[DIGEST_SIZE];
    int videos = bench->plan->videos, size = bench->plan->size;
    TRY(shard_create(&writer, bench->shard_path, bench->kind, size, size, videos,
                     (int64_t)videos * bench->plan->n_frames, NULL, 0, NULL));
    Err err = ERR_NONE;
    for (int v = 0; !err && v < videos; v++) err = shard_append(writer, v, -1, &bench->video, NULL);
    if (!err) return shard_finish(&writer, digest);
    shard_abandon(&writer);
    return err;
}

/* A random video and the frames of a random clip of it. */
static int draw_clip(Bench *bench, int numbers[CLIP_FRAMES]) {
    Rng rng = rng_stream(1, RNG_TEST, bench->draws++, (uint32_t)bench->par->rank);
    int video = (int)rng_below(&rng, (uint32_t)bench->plan->videos);
    int last = bench->plan->n_frames - 1 - (CLIP_FRAMES - 1) * CLIP_STRIDE;
    int first = rng_between(&rng, 0, last > 0 ? last : 0);
    for (int i = 0; i < CLIP_FRAMES; i++) numbers[i] = (first + i * CLIP_STRIDE) % bench->plan->n_frames;
    return video;
}

static Err read_plain_clip(Bench *bench, int descriptor) {
    int numbers[CLIP_FRAMES], video = draw_clip(bench, numbers);
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

static Err read_shard(void *state) {
    Bench *bench = state;
    ShardReader *reader;
    TRY(shard_open(&reader, bench->shard_path));
    Err err = ERR_NONE;
    for (int c = 0; !err && c < bench->plan->clips; c++) {
        int numbers[CLIP_FRAMES], video = draw_clip(bench, numbers);
        err = shard_read(reader, video, numbers, CLIP_FRAMES, &bench->clip);
    }
    shard_close(&reader);
    return err;
}

/* Every frame of the first and the last video. */
static Err check_shard(void *state) {
    Bench *bench = state;
    ShardReader *reader;
    TRY(shard_open(&reader, bench->shard_path));
    Err err = ERR_NONE;
    for (int f = 0; !err && f < bench->plan->n_frames; f++)
        for (int v = 0; !err && v<bench->plan->videos; v += bench->plan->videos> 1 ? bench->plan->videos - 1 : 1) {
            err = shard_read(reader, v, &f, 1, &bench->clip);
            if (!err && memcmp(bench->clip.data, frames_at(&bench->video, f), frames_frame_bytes(&bench->clip)) != 0)
                err = RAISE(ERR_INTERNAL, "%s: frame %d of a %s shard is not what was written", bench->shard_path, f,
                            storage_name(bench->kind));
        }
    shard_close(&reader);
    return err;
}

static Err bench_kind_all(PairSink sink, Bench *bench, StorageKind kind) {
    PairRow writing = {.unit = "MB/s"}, reading = {.unit = "clips/s"};
    TRY(text_format(writing.name, sizeof writing.name, "write, %s shards", storage_name(kind)));
    TRY(text_format(reading.name, sizeof reading.name, "read random clips, %s shards", storage_name(kind)));
    double n_ranks = bench->par->n_ranks;
    double megabytes = 1e-6 * n_ranks * bench->plan->videos * (double)video_bytes(bench);
    bench->kind = kind;
    TRY(err_agree_all(write_shard(bench), bench->par, "a benchmark"));
    TRY(err_agree_all(check_shard(bench), bench->par, "a benchmark"));
    TRY(pairs_measure_all(&writing, write_shard, write_plain, bench, megabytes, bench->plan->seconds, bench->par));
    TRY(pairs_measure_all(&reading, read_shard, read_plain, bench, n_ranks * bench->plan->clips, bench->plan->seconds,
                          bench->par));
    if (bench->par->rank == 0) {
        sink.row(sink.context, &writing);
        sink.row(sink.context, &reading);
    }
    return ERR_NONE;
}

static Err prepare(Bench *bench) {
    char name[64];
    TRY(text_format(name, sizeof name, "bench-plain-%d", bench->par->rank));
    TRY(path_join(bench->plain_path, sizeof bench->plain_path, bench->plan->folder, name));
    TRY(text_format(name, sizeof name, "bench-shard-%d.h5", bench->par->rank));
    TRY(path_join(bench->shard_path, sizeof bench->shard_path, bench->plan->folder, name));
    return paint_video(bench);
}

Err bench_shards_all(PairSink sink, const ShardBenchPlan *plan, const Par *par) {
    Bench bench = {.plan = plan, .par = par};
    Err err = err_agree_all(prepare(&bench), par, "a benchmark");
    if (!err) err = bench_kind_all(sink, &bench, STORAGE_RAW);
    if (!err) err = bench_kind_all(sink, &bench, STORAGE_DEFLATE);
    for (int k = 0; k < 2 && !err; k++)
        err = bench_decoded_clips_all(sink, plan->folder, k ? STORAGE_ENCODED : STORAGE_MPEG4, &bench.video,
                                      plan->videos, plan->seconds, par);
    if (bench.plain_path[0]) unlink(bench.plain_path);
    if (bench.shard_path[0]) unlink(bench.shard_path);
    frames_free(&bench.video);
    frames_free(&bench.clip);
    return err;
}
