#include "bench/bench_clips.h"

#include "base/system/file.h"
#include "base/text/text.h"
#include "math/rng.h"
#include "par/agree.h"
#include "video/media/decode.h"
#include "video/media/encode.h"

#include <unistd.h>

enum { CLIP_FRAMES = 16, CLIP_STRIDE = 4, CLIPS = 8 }; /* clips of a repetition */

typedef struct {
    const Par *par;
    const ClipSource *source; /* rendered */
    ShardReader *reader;      /* decoded */
    char shard_path[PATH_SIZE], plain_path[PATH_SIZE];
    int64_t videos;
    int n_frames;
    Frames clip, plain;
    uint64_t draws;
} Clips;

static int64_t draw_clip(Clips *clips, int numbers[CLIP_FRAMES]) {
    Rng rng = rng_stream(2, RNG_TEST, clips->draws++, (uint32_t)clips->par->rank);
    int64_t video = rng_below(&rng, (uint32_t)clips->videos);
    int last = clips->n_frames - 1 - (CLIP_FRAMES - 1) * CLIP_STRIDE;
    int first = rng_between(&rng, 0, last > 0 ? last : 0);
    for (int i = 0; i < CLIP_FRAMES; i++) numbers[i] = (first + i * CLIP_STRIDE) % clips->n_frames;
    return video;
}

static Err report_all(PairSink sink, PairRow *row, PairWork work, PairWork bound, Clips *clips, double seconds) {
    double amount = (double)clips->par->n_ranks * CLIPS;
    TRY(pairs_measure_all(row, work, bound, clips, amount, seconds, clips->par));
    if (clips->par->rank == 0) sink.row(sink.context, row);
    return ERR_NONE;
}

/* ---- decoded ---- */

static Err read_shard(void *state) {
    Clips *clips = state;
    int numbers[CLIP_FRAMES];
    for (int c = 0; c < CLIPS; c++) {
        int64_t video = draw_clip(clips, numbers);
        TRY(shard_read(clips->reader, video, numbers, CLIP_FRAMES, &clips->clip));
    }
    return ERR_NONE;
}

static Err decode_plain(void *state) {
    Clips *clips = state;
    int numbers[CLIP_FRAMES];
    for (int c = 0; c < CLIPS; c++) {
        (void)draw_clip(clips, numbers);
        TRY(decode_frames(&clips->plain, clips->plain_path, numbers, CLIP_FRAMES));
    }
    return ERR_NONE;
}

static Err write_mpeg4(Clips *clips, const Frames *video) {
    ShardWriter *writer;
    char digest[DIGEST_SIZE];
    TRY(shard_create(&writer, clips->shard_path, STORAGE_MPEG4, video->height, video->width, clips->videos,
                     clips->videos * video->n_frames, NULL, 0, NULL));
    Err err = ERR_NONE;
    for (int64_t v = 0; v < clips->videos && !err; v++) err = shard_append(writer, v, -1, video, NULL);
    if (!err) return shard_finish(&writer, digest);
    shard_abandon(&writer);
    return err;
}

static Err write_encoded(Clips *clips, const Frames *video) {
    ShardWriter *writer;
    char digest[DIGEST_SIZE];
    int64_t bytes = file_size(clips->plain_path);
    const ShardFile file = {clips->plain_path, bytes, video->n_frames, video->height, video->width};
    TRY(shard_create_encoded(&writer, clips->shard_path, video->height, clips->videos, clips->videos * video->n_frames,
                             clips->videos * bytes, NULL));
    Err err = ERR_NONE;
    for (int64_t v = 0; v < clips->videos && !err; v++) err = shard_append_file(writer, v, -1, &file);
    if (!err) return shard_finish(&writer, digest);
    shard_abandon(&writer);
    return err;
}

static Err check_decoded(Clips *clips) {
    int numbers[] = {0, clips->n_frames - 1, clips->n_frames / 2};
    TRY(shard_read(clips->reader, clips->videos - 1, numbers, 3, &clips->clip));
    TRY(decode_frames(&clips->plain, clips->plain_path, numbers, 3));
    if (!memcmp(clips->clip.data, clips->plain.data, 3 * frames_frame_bytes(&clips->clip))) return ERR_NONE;
    return RAISE(ERR_INTERNAL, "%s: frames are not those of the plain file", clips->shard_path);
}

static Err prepare_decoded(Clips *clips, const char *folder, StorageKind kind, const Frames *video) {
    const EncodeSettings settings = encode_paper(video->height, video->width);
    char name[64];
    TRY(text_format(name, sizeof name, "bench-clips-%d.mp4", clips->par->rank));
    TRY(path_join(clips->plain_path, sizeof clips->plain_path, folder, name));
    TRY(text_format(name, sizeof name, "bench-clips-%d.h5", clips->par->rank));
    TRY(path_join(clips->shard_path, sizeof clips->shard_path, folder, name));
    TRY(encode_file(clips->plain_path, video, &settings));
    TRY(kind == STORAGE_ENCODED ? write_encoded(clips, video) : write_mpeg4(clips, video));
    TRY(shard_open(&clips->reader, clips->shard_path));
    return check_decoded(clips);
}

Err bench_decoded_clips_all(PairSink sink, const char *folder, StorageKind kind, const Frames *video, int videos,
                            double seconds, const Par *par) {
    Clips clips = {.par = par, .videos = videos, .n_frames = video->n_frames};
    PairRow row = {.unit = "clips/s"};
    Err err = text_format(row.name, sizeof row.name, "read random clips, %s shards", storage_name(kind));
    err = err_agree_all(err ? err : prepare_decoded(&clips, folder, kind, video), par, "a benchmark");
    if (!err) err = report_all(sink, &row, read_shard, decode_plain, &clips, seconds);
    shard_close(&clips.reader);
    if (clips.plain_path[0]) unlink(clips.plain_path);
    if (clips.shard_path[0]) unlink(clips.shard_path);
    frames_free(&clips.clip);
    frames_free(&clips.plain);
    return err;
}

/* ---- rendered ---- */

static Err read_rendered(void *state) {
    Clips *clips = state;
    int numbers[CLIP_FRAMES];
    for (int c = 0; c < CLIPS; c++) {
        int64_t video = draw_clip(clips, numbers);
        TRY(clip_source_read(clips->source, 0, video, numbers, CLIP_FRAMES, &clips->clip));
    }
    return ERR_NONE;
}

static Err copy_frames(void *state) {
    Clips *clips = state;
    for (int c = 0; c < CLIPS; c++)
        memcpy(clips->plain.data, clips->clip.data, CLIP_FRAMES * frames_frame_bytes(&clips->clip));
    return ERR_NONE;
}

/* A clip at once and frame by frame. */
static Err check_rendered(Clips *clips) {
    int numbers[CLIP_FRAMES];
    int64_t video = draw_clip(clips, numbers);
    TRY(clip_source_read(clips->source, 0, video, numbers, CLIP_FRAMES, &clips->clip));
    for (int i = 0; i < CLIP_FRAMES; i++) {
        TRY(clip_source_read(clips->source, 0, video, &numbers[i], 1, &clips->plain));
        if (memcmp(frames_at(&clips->clip, i), clips->plain.data, frames_frame_bytes(&clips->clip)))
            return RAISE(ERR_INTERNAL, "frame %d of video %lld depends on what else is asked for", numbers[i],
                         (long long)video);
    }
    return frames_shape(&clips->plain, CLIP_FRAMES, clips->clip.height, clips->clip.width);
}

Err bench_rendered_clips_all(PairSink sink, const char *name, const ClipSource *source, double seconds,
                             const Par *par) {
    Clips clips = {
        .par = par, .source = source, .videos = source->count, .n_frames = 1 + (CLIP_FRAMES - 1) * CLIP_STRIDE};
    PairRow row = {.unit = "clips/s"};
    Err err = text_format(row.name, sizeof row.name, "read random clips, %s", name);
    err = err_agree_all(err ? err : check_rendered(&clips), par, "a benchmark");
    if (!err) err = report_all(sink, &row, read_rendered, copy_frames, &clips, seconds);
    frames_free(&clips.clip);
    frames_free(&clips.plain);
    return err;
}
