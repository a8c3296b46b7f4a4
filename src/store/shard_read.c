#include "base/fault.h"
#include "base/file.h"
#include "store/shard_format.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct ShardReader {
    H5File file;
    ShardInfo info;
    int64_t *clip_start, *clip_index;
    int32_t *label;
    H5Array frames;
    hid_t dataset;      /* of frames; 0: none */
    int descriptor;     /* raw shards: the file, read past HDF5 */
    int64_t raw_offset; /* of frame 0 in it */
};

static Err read_storage(StorageKind *storage, const H5File *file) {
    char *text = NULL;
    TRY(h5_get_text(&text, file, NULL, "storage"));
    for (int kind = STORAGE_RAW; kind <= STORAGE_LATENT; kind++) {
        if (!text_equal(text, storage_name((StorageKind)kind))) continue;
        *storage = (StorageKind)kind;
        free(text);
        return ERR_NONE;
    }
    Err err = RAISE(ERR_INPUT, "%s: storage \"%.40s\" is unknown, expected one of " STORAGE_NAMES, file->path, text);
    free(text);
    return err;
}

static Err read_size(ShardReader *reader) {
    int64_t height, width;
    TRY(h5_get_int(&height, &reader->file, NULL, "height"));
    TRY(h5_get_int(&width, &reader->file, NULL, "width"));
    if (height < 1 || width < 1 || height > 1 << 16 || width > 1 << 16)
        return RAISE(ERR_INPUT, "%s: frames of %lld x %lld", reader->file.path, (long long)width, (long long)height);
    reader->info.height = (int)height;
    reader->info.width = (int)width;
    return ERR_NONE;
}

/* Rising starts from 0 and rising indices: everything else that is read rests on them. */
static Err check_tables(const ShardReader *reader) {
    bool good = reader->clip_start[0] == 0;
    for (int64_t video = 0; good && video < reader->info.n_videos; video++) {
        int64_t n_frames = reader->clip_start[video + 1] - reader->clip_start[video];
        good = n_frames >= 1 && n_frames <= INT32_MAX;
        if (video > 0) good = good && reader->clip_index[video] > reader->clip_index[video - 1];
    }
    return good ? ERR_NONE : RAISE(ERR_INPUT, "%s: clip_start or clip_index does not rise", reader->file.path);
}

static Err read_tables(ShardReader *reader) {
    H5Array start = {.name = "/clip_start", .kind = H5_I64, .n_dims = 1, .dims = {-1}};
    TRY(h5_array_get((void **)&reader->clip_start, &start, &reader->file));
    int64_t n = start.dims[0] - 1;
    if (n < 1) return RAISE(ERR_INPUT, "%s: /clip_start names no video", reader->file.path);
    H5Array index = {.name = "/clip_index", .kind = H5_I64, .n_dims = 1, .dims = {n}};
    H5Array label = {.name = "/label", .kind = H5_I32, .n_dims = 1, .dims = {n}};
    TRY(h5_array_get((void **)&reader->clip_index, &index, &reader->file));
    TRY(h5_array_get((void **)&reader->label, &label, &reader->file));
    reader->info.n_videos = n;
    reader->info.n_frames = reader->clip_start[n];
    return check_tables(reader);
}

static Err check_frames(const ShardReader *reader) {
    const H5Array *found = &reader->frames;
    const H5Array expected =
        shard_frames_array(STORAGE_RAW, reader->info.n_frames, reader->info.height, reader->info.width);
    bool same = found->kind == expected.kind && found->n_dims == expected.n_dims;
    for (int i = 0; same && i < expected.n_dims; i++) same = found->dims[i] == expected.dims[i];
    if (same) return ERR_NONE;
    return RAISE(ERR_INPUT, "%s: /frames does not have the shape (%lld, %d, %d, 3) that the tables announce",
                 reader->file.path, (long long)reader->info.n_frames, reader->info.height, reader->info.width);
}

static Err find_raw_bytes(ShardReader *reader) {
    const char *path = reader->file.path;
    h5_lock();
    haddr_t offset = H5Dget_offset(reader->dataset);
    H5Eclear2(H5E_DEFAULT);
    h5_unlock();
    if (offset == HADDR_UNDEF) return RAISE(ERR_INPUT, "%s: storage is raw, but /frames is not contiguous", path);
    reader->raw_offset = (int64_t)offset;
    if (reader->raw_offset + h5_count(&reader->frames) > file_size(path))
        return RAISE(ERR_INPUT, "%s: cut off: %lld bytes, /frames ends at %lld", path, (long long)file_size(path),
                     (long long)(reader->raw_offset + h5_count(&reader->frames)));
    reader->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    return reader->descriptor >= 0 ? ERR_NONE : RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
}

static Err open_contents(ShardReader *reader, const char *path) {
    TRY(h5_open(&reader->file, path, SHARD_SCHEMA, SHARD_VERSION));
    TRY(read_storage(&reader->info.storage, &reader->file));
    TRY(read_size(reader));
    TRY(read_tables(reader));
    if (reader->info.storage == STORAGE_RAW || reader->info.storage == STORAGE_DEFLATE) {
        hid_t dataset;
        TRY(h5_array_open(&dataset, &reader->frames, &reader->file, "/frames"));
        reader->dataset = dataset;
        TRY(check_frames(reader));
    }
    return reader->info.storage == STORAGE_RAW ? find_raw_bytes(reader) : ERR_NONE;
}

Err shard_open(ShardReader **reader, const char *path) {
    *reader = calloc(1, sizeof **reader);
    if (!*reader) return RAISE(ERR_MEMORY, "%s: no memory", path);
    (*reader)->descriptor = -1;
    Err err = open_contents(*reader, path);
    if (err) shard_close(reader);
    return err;
}

void shard_close(ShardReader **reader) {
    ShardReader *r = *reader;
    if (!r) return;
    if (r->descriptor >= 0) close(r->descriptor);
    h5_array_close(r->dataset);
    h5_abandon(&r->file);
    free(r->clip_start);
    free(r->clip_index);
    free(r->label);
    free(r);
    *reader = NULL;
}

int64_t shard_n_videos(const ShardReader *reader) {
    return reader->info.n_videos;
}

ShardInfo shard_info(const ShardReader *reader) {
    return reader->info;
}

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
    *height = reader->info.height;
    *width = reader->info.width;
    *label = reader->label[video];
    return ERR_NONE;
}

/* pread until `length` bytes are there. */
static Err read_bytes(const ShardReader *reader, int64_t offset, uint8_t *out, size_t length) {
    while (length > 0) {
        ssize_t got = pread(reader->descriptor, out, length, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return RAISE(ERR_IO, "%s: cannot read: %s", reader->file.path, strerror(errno));
        if (got == 0)
            return RAISE(ERR_INPUT, "%s: ended at byte %lld while it was read", reader->file.path, (long long)offset);
        offset += got;
        out += got;
        length -= (size_t)got;
    }
    return ERR_NONE;
}

/* `count` consecutive frames, numbered within the shard. */
static Err read_run(ShardReader *reader, int64_t first, int count, uint8_t *out) {
    int height = reader->info.height, width = reader->info.width;
    if (reader->info.storage == STORAGE_RAW) {
        int64_t frame_bytes = (int64_t)height * width * 3;
        return read_bytes(reader, reader->raw_offset + first * frame_bytes, out, (size_t)(frame_bytes * count));
    }
    const int64_t start[] = {first, 0, 0, 0}, counts[] = {count, height, width, 3};
    return h5_box_read(&reader->file, reader->dataset, &reader->frames, start, counts, out);
}

/* How many of the numbers from `at` on follow each other. */
static int run_length(const int *numbers, int at, int n_numbers) {
    int length = 1;
    while (at + length < n_numbers && numbers[at + length] == numbers[at] + length) length++;
    return length;
}

Err shard_read(ShardReader *reader, int64_t video, const int *frame_numbers, int n_frames, Frames *out) {
    TRY(check_video(reader, video));
    if (reader->info.storage == STORAGE_LATENT)
        return RAISE(ERR_USAGE,
                     "%s: holds latent parameters and no frames; open its dataset folder to have them rendered",
                     reader->file.path);
    int length = video_frames(reader, video);
    for (int i = 0; i < n_frames; i++)
        if (frame_numbers[i] < 0 || frame_numbers[i] >= length)
            return RAISE(ERR_INTERNAL, "%s: frame %d of %d", reader->file.path, frame_numbers[i], length);
    TRY(frames_shape(out, n_frames, reader->info.height, reader->info.width));
    for (int i = 0, run; i < n_frames; i += run) {
        run = run_length(frame_numbers, i, n_frames);
        TRY(read_run(reader, reader->clip_start[video] + frame_numbers[i], run, frames_at(out, i)));
    }
    return ERR_NONE;
}

/* Pixels in pieces of one tile's frames, so that each tile is decoded once and memory stays small. */
static Err digest_frames(Digest *digest, ShardReader *reader) {
    size_t frame_bytes = (size_t)reader->info.height * (size_t)reader->info.width * 3;
    uint8_t *piece = malloc(frame_bytes * TILE_FRAMES);
    if (!piece) return RAISE(ERR_MEMORY, "%s: no memory for %d frames", reader->file.path, TILE_FRAMES);
    Err err = ERR_NONE;
    for (int64_t at = 0; !err && at < reader->info.n_frames; at += TILE_FRAMES) {
        int64_t left = reader->info.n_frames - at;
        int count = left < TILE_FRAMES ? (int)left : TILE_FRAMES;
        err = read_run(reader, at, count, piece);
        if (!err) digest_add(digest, piece, frame_bytes * (size_t)count);
    }
    free(piece);
    return err;
}

static Err digest_column(Digest *digest, const ShardReader *reader, const char *name) {
    char path[2 * NAME_SIZE];
    TRY(text_format(path, sizeof path, "/latent/%s", name));
    hid_t dataset;
    H5Array array;
    TRY(h5_array_open(&dataset, &array, &reader->file, path));
    h5_array_close(dataset);
    array.dims[0] = reader->info.n_videos;
    if (array.n_dims != 3) return RAISE(ERR_INPUT, "%s: %s is not (video, row, component)", reader->file.path, path);
    void *data;
    TRY(h5_array_get(&data, &array, &reader->file));
    shard_digest_column(digest, name, array.kind, array.dims[0], array.dims[1], array.dims[2], data);
    free(data);
    return ERR_NONE;
}

static Err digest_latents(Digest *digest, const ShardReader *reader) {
    char **names;
    int count;
    TRY(h5_list(&names, &count, &reader->file, "/latent"));
    Err err = ERR_NONE;
    for (int c = 0; !err && c < count; c++) err = digest_column(digest, reader, names[c]);
    h5_texts_free(&names, count);
    return err;
}

static Err digest_contents(Digest *digest, ShardReader *reader) {
    shard_digest_begin(digest, reader->info.height, reader->info.width);
    if (reader->info.storage != STORAGE_LATENT) TRY(digest_frames(digest, reader));
    const ShardTables tables = {reader->info.n_videos, reader->clip_start, reader->clip_index, reader->label};
    shard_digest_tables(digest, &tables);
    return digest_latents(digest, reader);
}

Err shard_digest(const char *path, char digest[DIGEST_SIZE]) {
    ShardReader *reader;
    Digest *content = NULL;
    TRY(shard_open(&reader, path));
    Err err = digest_new(&content);
    if (!err) err = digest_contents(content, reader);
    if (!err) digest_hex(content, digest);
    digest_free(&content);
    shard_close(&reader);
    return err;
}
