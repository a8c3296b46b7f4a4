/* A shard is opened by its tables: what they say about /frames or /bytes is checked against the array that is there,
 * so that every later read lies inside the file. Contiguous arrays are then read with pread at a known offset. */
#include "base/system/file.h"
#include "store/data/internal/shard_format.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static Err read_storage(StorageKind *storage, const H5File *file) {
    char *text = NULL;
    TRY(h5_get_text(&text, file, NULL, "storage"));
    for (int kind = STORAGE_RAW; kind <= STORAGE_ENCODED; kind++) {
        if (!text_equal(text, storage_name((StorageKind)kind))) continue;
        *storage = (StorageKind)kind;
        free(text);
        return ERR_NONE;
    }
    Err err = RAISE(ERR_INPUT, "%s: storage \"%.40s\" is unknown, expected one of " STORAGE_NAMES "|encoded",
                    file->path, text);
    free(text);
    return err;
}

static Err read_size(ShardReader *reader) {
    int64_t height, width;
    TRY(h5_get_int(&height, &reader->file, NULL, "height"));
    TRY(h5_get_int(&width, &reader->file, NULL, "width"));
    int least = reader->info.storage == STORAGE_ENCODED ? 0 : 1; /* 0: every video has its own size */
    if (height < least || width < least || height > 1 << 16 || width > 1 << 16)
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

static Err read_frame_sizes(ShardReader *reader) {
    H5Array sizes = shard_frame_size_array(reader->info.n_videos);
    if (reader->info.height > 0) return ERR_NONE;
    TRY(h5_array_get((void **)&reader->frame_size, &sizes, &reader->file));
    for (int64_t i = 0; i < 2 * reader->info.n_videos; i++)
        if (reader->frame_size[i] < 1 || reader->frame_size[i] > 1 << 16)
            return RAISE(ERR_INPUT, "%s: video %lld has frames of %d pixels a side", reader->file.path,
                         (long long)i / 2, reader->frame_size[i]);
    return ERR_NONE;
}

/* Where each video begins in /bytes. */
static Err read_byte_start(ShardReader *reader) {
    H5Array start = {.name = "/byte_start", .kind = H5_I64, .n_dims = 1, .dims = {reader->info.n_videos + 1}};
    TRY(h5_array_get((void **)&reader->byte_start, &start, &reader->file));
    bool good = reader->byte_start[0] == 0;
    for (int64_t video = 0; good && video < reader->info.n_videos; video++)
        good = reader->byte_start[video + 1] > reader->byte_start[video];
    return good ? ERR_NONE : RAISE(ERR_INPUT, "%s: byte_start does not rise", reader->file.path);
}

/* What /frames or /bytes must look like for the tables to be true. */
static Err expected_array(H5Array *expected, ShardReader *reader) {
    const ShardInfo *info = &reader->info;
    *expected = shard_frames_array(STORAGE_RAW, info->n_frames, info->height, info->width);
    if (!shard_has_bytes(info->storage)) return ERR_NONE;
    TRY(read_byte_start(reader));
    TRY(read_frame_sizes(reader));
    *expected = (H5Array){.name = "/bytes", .kind = H5_U8, .n_dims = 1, .dims = {reader->byte_start[info->n_videos]}};
    return ERR_NONE;
}

/* The array must have exactly the shape that the tables promise. */
static Err open_array(ShardReader *reader) {
    H5Array expected;
    hid_t dataset;
    TRY(expected_array(&expected, reader));
    TRY(h5_array_open(&dataset, &reader->array, &reader->file, expected.name));
    reader->dataset = dataset;
    const H5Array *found = &reader->array;
    bool same = found->kind == expected.kind && found->n_dims == expected.n_dims;
    for (int i = 0; same && i < expected.n_dims; i++) same = found->dims[i] == expected.dims[i];
    return same ? ERR_NONE
                : RAISE(ERR_INPUT, "%s: %s does not have the shape that the tables announce", reader->file.path,
                        expected.name);
}

/* Contiguous arrays are read past HDF5: its place in the file is all that is needed. */
static Err find_bytes(ShardReader *reader) {
    const char *path = reader->file.path;
    h5_lock();
    haddr_t offset = H5Dget_offset(reader->dataset);
    H5Eclear2(H5E_DEFAULT);
    h5_unlock();
    if (offset == HADDR_UNDEF)
        return RAISE(ERR_INPUT, "%s: storage is %s, but %s is not contiguous", path, storage_name(reader->info.storage),
                     reader->array.name);
    reader->offset = (int64_t)offset;
    int64_t end = reader->offset + h5_count(&reader->array);
    if (end > file_size(path))
        return RAISE(ERR_INPUT, "%s: cut off: %lld bytes, %s ends at %lld", path, (long long)file_size(path),
                     reader->array.name, (long long)end);
    reader->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    return reader->descriptor >= 0 ? ERR_NONE : RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
}

/* Tables first, then the array they describe, then its place in the file. */
static Err open_contents(ShardReader *reader, const char *path) {
    TRY(h5_open(&reader->file, path, SHARD_SCHEMA, SHARD_VERSION));
    TRY(read_storage(&reader->info.storage, &reader->file));
    TRY(read_size(reader));
    TRY(read_tables(reader));
    if (reader->info.storage == STORAGE_LATENT) return ERR_NONE;
    TRY(open_array(reader));
    return reader->info.storage == STORAGE_DEFLATE ? ERR_NONE : find_bytes(reader);
}

Err shard_open(ShardReader **reader, const char *path) {
    *reader = calloc(1, sizeof **reader);
    if (!*reader) return RAISE(ERR_MEMORY, "%s: no memory", path);
    (*reader)->descriptor = -1; /* 0 is a descriptor */
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
    free(r->byte_start);
    free(r->frame_size);
    free(r);
    *reader = NULL;
}

int64_t shard_n_videos(const ShardReader *reader) {
    return reader->info.n_videos;
}

ShardInfo shard_info(const ShardReader *reader) {
    return reader->info;
}
