#include "store/data/internal/shard_encoded.h"

#include "store/data/internal/shard_format.h"
#include "video/media/encode.h"

Err encoded_init(EncodedVideos *videos, int64_t capacity_videos) {
    *videos = (EncodedVideos){.start = calloc((size_t)capacity_videos + 1, sizeof *videos->start)};
    return videos->start ? ERR_NONE
                         : RAISE(ERR_MEMORY, "no memory for the places of %lld videos", (long long)capacity_videos);
}

static Err make_room(EncodedVideos *videos, int64_t needed) {
    if (needed <= videos->capacity) return ERR_NONE;
    int64_t capacity = 2 * needed;
    uint8_t *grown = realloc(videos->data, (size_t)capacity);
    if (!grown) return RAISE(ERR_MEMORY, "no memory for %lld bytes of encoded videos", (long long)capacity);
    videos->data = grown;
    videos->capacity = capacity;
    return ERR_NONE;
}

Err encoded_append(EncodedVideos *videos, const Frames *frames, const uint8_t **bytes, size_t *length) {
    const EncodeSettings settings = encode_paper(frames->height, frames->width);
    uint8_t *encoded;
    TRY(encode_memory(&encoded, length, frames, &settings));
    int64_t at = videos->start[videos->n_videos], end = at + (int64_t)*length;
    Err err = make_room(videos, end);
    if (!err) {
        memcpy(videos->data + at, encoded, *length);
        videos->start[++videos->n_videos] = end;
        *bytes = videos->data + at;
    }
    free(encoded);
    return err;
}

Err encoded_put(const EncodedVideos *videos, const H5File *file) {
    const H5Array bytes = shard_bytes_array(videos->start[videos->n_videos]);
    const H5Array start = shard_byte_start_array(videos->n_videos);
    TRY(h5_array_put(file, &bytes, videos->data));
    return h5_array_put(file, &start, videos->start);
}

void encoded_free(EncodedVideos *videos) {
    free(videos->data);
    free(videos->start);
    *videos = (EncodedVideos){0};
}
