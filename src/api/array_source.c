#include "api/array_source.h"

#include "base/system/digest.h"
#include "base/text/text.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE_MAX = 1 << 16 };

static size_t frame_bytes(const synvid_array *video) {
    return (size_t)video->height * (size_t)video->width * 3;
}

static Err array_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    const synvid_array *videos = source->state;
    (void)epoch;
    *info = (VideoInfo){videos[index].n_frames, videos[index].height, videos[index].width, -1};
    return ERR_NONE;
}

static Err array_read(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers, int n_frames,
                      Frames *out) {
    const synvid_array *videos = source->state, *video = &videos[index];
    (void)epoch;
    TRY(frames_shape(out, n_frames, video->height, video->width));
    for (int i = 0; i < n_frames; i++)
        memcpy(frames_at(out, i), video->frames + (size_t)frame_numbers[i] * frame_bytes(video), frame_bytes(video));
    return ERR_NONE;
}

static void array_close(ClipSource *source) {
    free(source->state);
    free(source);
}

static const ClipSourceOps array_ops = {"arrays", array_info, array_read, array_close};

static Err check_arrays(const char *name, const synvid_array *videos, int64_t n_videos) {
    if (!videos || n_videos < 1) return RAISE(ERR_USAGE, "%s: no video", name);
    for (int64_t i = 0; i < n_videos; i++) {
        const synvid_array *video = &videos[i];
        if (video->frames && video->n_frames > 0 && video->height > 0 && video->width > 0 &&
            video->height <= SIDE_MAX && video->width <= SIDE_MAX)
            continue;
        return RAISE(ERR_USAGE, "%s: video %lld: %d frames of %d x %d pixels%s; expected at least one of each", name,
                     (long long)i, video->n_frames, video->width, video->height, video->frames ? "" : " at NULL");
    }
    return ERR_NONE;
}

/* Of shapes and pixels. */
static Err identify(ClipSource *source, const char *name, const synvid_array *videos) {
    Digest *digest;
    TRY(text_copy(source->name, sizeof source->name, name));
    TRY(digest_new(&digest));
    for (int64_t i = 0; i < source->count; i++) {
        const int shape[] = {videos[i].n_frames, videos[i].height, videos[i].width};
        digest_add(digest, shape, sizeof shape);
        digest_add(digest, videos[i].frames, (size_t)videos[i].n_frames * frame_bytes(&videos[i]));
    }
    digest_hex(digest, source->digest);
    digest_free(&digest);
    return ERR_NONE;
}

Err array_source_open(ClipSource **source, const char *name, const synvid_array *videos, int64_t n_videos) {
    *source = NULL;
    TRY(check_arrays(name, videos, n_videos));
    ClipSource *made = calloc(1, sizeof *made);
    synvid_array *copy = malloc((size_t)n_videos * sizeof *copy);
    if (!made || !copy) {
        free(made);
        free(copy);
        return RAISE(ERR_MEMORY, "%s: no memory for a list of %lld videos", name, (long long)n_videos);
    }
    memcpy(copy, videos, (size_t)n_videos * sizeof *copy);
    *made = (ClipSource){.ops = &array_ops, .count = n_videos, .state = copy};
    Err err = identify(made, name, videos);
    if (err)
        array_close(made);
    else
        *source = made;
    return err;
}
