/* Reading is pread for contiguous arrays: many threads at once, no lock of HDF5. Numbers that follow each other are
 * read in one piece. */
#include "store/data/internal/shard_format.h"
#include "video/media/decode.h"

#include <errno.h>
#include <unistd.h>

static Err check_video(const ShardReader *reader, int64_t video) {
    if (video >= 0 && video < reader->info.n_videos) return ERR_NONE;
    return RAISE(ERR_INTERNAL, "%s: video %lld of %lld", reader->file.path, (long long)video,
                 (long long)reader->info.n_videos);
}

static int video_frames(const ShardReader *reader, int64_t video) {
    return (int)(reader->clip_start[video + 1] - reader->clip_start[video]);
}

Err shard_video(const ShardReader *reader, int64_t video, int64_t *clip_index, int *n_frames, int *height, int *width,
                int *label) {
    TRY(check_video(reader, video));
    *clip_index = reader->clip_index[video];
    *n_frames = video_frames(reader, video);
    *height = reader->frame_size ? reader->frame_size[2 * video] : reader->info.height;
    *width = reader->frame_size ? reader->frame_size[2 * video + 1] : reader->info.width;
    *label = reader->label[video];
    return ERR_NONE;
}

/* pread has no position that threads could take from each other. */
Err shard_read_bytes(const ShardReader *reader, int64_t at, void *out, size_t length) {
    char *target = out;
    while (length > 0) {
        ssize_t got = pread(reader->descriptor, target, length, (off_t)(reader->offset + at));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return RAISE(ERR_IO, "%s: cannot read: %s", reader->file.path, strerror(errno));
        if (got == 0)
            return RAISE(ERR_INPUT, "%s: became shorter while it was read",
                         reader->file.path); /* the file ended after its check */
        at += got;
        target += got;
        length -= (size_t)got;
    }
    return ERR_NONE;
}

Err shard_read_run(ShardReader *reader, int64_t first, int count, uint8_t *out) {
    int height = reader->info.height, width = reader->info.width;
    if (reader->info.storage == STORAGE_RAW) {
        /* raw frames lie one after the other without gaps: past HDF5, straight into the caller's memory */
        int64_t frame_bytes = (int64_t)height * width * 3;
        return shard_read_bytes(reader, first * frame_bytes, out, (size_t)(frame_bytes * count));
    }
    const int64_t start[] = {first, 0, 0, 0}, counts[] = {count, height, width, 3};
    return h5_box_read(&reader->file, reader->dataset, &reader->array, start, counts, out);
}

/* How many of the numbers from `at` on follow each other. */
static int run_length(const int *numbers, int at, int n_numbers) {
    int length = 1;
    while (at + length < n_numbers && numbers[at + length] == numbers[at] + length) length++;
    return length;
}

static Err read_frames(ShardReader *reader, int64_t video, const int *frame_numbers, int n_frames, Frames *out) {
    TRY(frames_shape(out, n_frames, reader->info.height, reader->info.width));
    for (int i = 0, run; i < n_frames; i += run) {
        run = run_length(frame_numbers, i, n_frames);
        TRY(shard_read_run(reader, reader->clip_start[video] + frame_numbers[i], run, frames_at(out, i)));
    }
    return ERR_NONE;
}

/* The file inside of a shard is not ours: it may decode to another size than was announced. */
static Err check_decoded(const ShardReader *reader, int64_t video, const Frames *frames) {
    int64_t clip_index;
    int n_frames, height, width, label;
    TRY(shard_video(reader, video, &clip_index, &n_frames, &height, &width, &label));
    if (frames->height == height && frames->width == width) return ERR_NONE;
    return RAISE(ERR_INPUT, "%s: video %lld decodes to %d x %d, its shard says %d x %d", reader->file.path,
                 (long long)video, frames->width, frames->height, width, height);
}

/* The whole video is read; the decoder goes through it from its start, since frames are found by decoding. */
static Err decode_video(ShardReader *reader, int64_t video, const int *frame_numbers, int n_frames, Frames *out) {
    size_t length = (size_t)(reader->byte_start[video + 1] - reader->byte_start[video]);
    uint8_t *bytes = malloc(length);
    if (!bytes) return RAISE(ERR_MEMORY, "%s: no memory for a video of %zu bytes", reader->file.path, length);
    Err err = shard_read_bytes(reader, reader->byte_start[video], bytes, length);
    /* an encoded video has its own size: its middle square is taken at the dataset's, where that has one (else 0) */
    int size = reader->info.storage == STORAGE_ENCODED ? reader->info.height : 0;
    if (!err) err = decode_squares_memory(out, bytes, length, reader->file.path, frame_numbers, n_frames, size);
    free(bytes);
    return err ? err : check_decoded(reader, video, out);
}

Err shard_read(ShardReader *reader, int64_t video, const int *frame_numbers, int n_frames, Frames *out) {
    TRY(check_video(reader, video));
    int length = video_frames(reader, video);
    for (int i = 0; i < n_frames; i++)
        if (frame_numbers[i] < 0 || frame_numbers[i] >= length)
            return RAISE(ERR_INTERNAL, "%s: frame %d of %d", reader->file.path, frame_numbers[i], length);
    switch (reader->info.storage) {
    case STORAGE_MPEG4:
    case STORAGE_ENCODED: return decode_video(reader, video, frame_numbers, n_frames, out);
    case STORAGE_LATENT:
        return RAISE(ERR_USAGE,
                     "%s: holds latent parameters and no frames; open its dataset folder to have them rendered",
                     reader->file.path);
    default: return read_frames(reader, video, frame_numbers, n_frames, out);
    }
}
