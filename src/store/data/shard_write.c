/* A shard is written video by video. Frames (or encoded bytes) go to the disk at once, in their place in one array
 * whose size was announced; tables are kept in memory and written at the end, with the digest of everything. So a
 * shard that has its final name is complete, and its digest was computed over what was handed in, not over what was
 * read back.
 *
 * Invariant: clip_start[videos_done] frames are done, and numbers of videos rise. */
#include "base/failure/fault.h"
#include "base/system/file.h"
#include "store/data/internal/shard_format.h"
#include "store/hdf5/h5.h"
#include "video/frames/clip.h"
#include "video/media/encode.h"

#include <errno.h>

/* The videos of an mpeg4 shard: one encoded file each, kept in memory until the shard is
 * finished (a shard is a work unit: some tens of megabytes). The codec is the one that the paper's offline sets went
 * through (video/media/encode.h, encode_paper). */

typedef struct {
    uint8_t *data;
    int64_t *start; /* of each video in data; one more entry: the bytes in all */
    int64_t n_videos, capacity;
} EncodedVideos;

static Err encoded_init(EncodedVideos *videos, int64_t capacity_videos) {
    *videos = (EncodedVideos){.start = calloc((size_t)capacity_videos + 1, sizeof *videos->start)};
    return videos->start ? ERR_NONE
                         : RAISE(ERR_MEMORY, "no memory for the places of %lld videos", (long long)capacity_videos);
}

static Err make_room(EncodedVideos *videos, int64_t needed) {
    if (needed <= videos->capacity) return ERR_NONE;
    int64_t capacity = 2 * needed; /* doubling: videos are copied once or twice in all */
    uint8_t *grown = realloc(videos->data, (size_t)capacity);
    if (!grown) return RAISE(ERR_MEMORY, "no memory for %lld bytes of encoded videos", (long long)capacity);
    videos->data = grown;
    videos->capacity = capacity;
    return ERR_NONE;
}

/* Encodes and appends; *bytes and *length are the part that was added, borrowed until the next call. */
static Err encoded_append(EncodedVideos *videos, const Frames *frames, const uint8_t **bytes, size_t *length) {
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

/* Writes /bytes and /byte_start. */
static Err encoded_put(const EncodedVideos *videos, const H5File *file) {
    const H5Array bytes = shard_bytes_array(videos->start[videos->n_videos]);
    const H5Array start = shard_byte_start_array(videos->n_videos);
    TRY(h5_array_put(file, &bytes, videos->data));
    return h5_array_put(file, &start, videos->start);
}

static void encoded_free(EncodedVideos *videos) {
    free(videos->data);
    free(videos->start);
    *videos = (EncodedVideos){0};
}

struct ShardWriter {
    H5File file;
    StorageKind storage;
    int height, width;
    int64_t n_videos, n_frames; /* to come in all */
    int64_t videos_done;        /* frames done: clip_start[videos_done] */
    int64_t *clip_start, *clip_index;
    int32_t *label, *frame_size; /* (n_videos), (n_videos, 2) */
    H5Array frames;
    hid_t dataset;                /* of frames, or of bytes of an encoded shard; 0: none */
    int64_t *byte_start, n_bytes; /* encoded: n_videos + 1, and to come in all */
    EncodedVideos encoded;
    const LatentColumn *columns;
    int n_columns;
    char **latents; /* n_columns tables of n_videos x rows x cols */
    Digest *digest;
    bool created; /* there is a partial file to remove on failure */
};

static size_t column_video_bytes(const LatentColumn *column) {
    return (size_t)column->rows * (size_t)column->cols * 4;
}

/* Tables of all videos: tens of bytes a video, and the latents, which a shard of 64 videos has megabytes of. */
static Err allocate_tables(ShardWriter *writer) {
    size_t n = (size_t)writer->n_videos;
    writer->clip_start = calloc(n + 1, sizeof *writer->clip_start);
    writer->clip_index = calloc(n, sizeof *writer->clip_index);
    writer->label = calloc(n, sizeof *writer->label);
    writer->latents = calloc((size_t)writer->n_columns + 1, sizeof *writer->latents);
    writer->byte_start = calloc(n + 1, sizeof *writer->byte_start);
    writer->frame_size = calloc(n, 2 * sizeof *writer->frame_size);
    bool complete = writer->byte_start && writer->frame_size && writer->clip_start && writer->clip_index &&
                    writer->label && writer->latents;
    for (int c = 0; complete && c < writer->n_columns; c++) {
        writer->latents[c] = calloc(n, column_video_bytes(&writer->columns[c]));
        complete = writer->latents[c] != NULL;
    }
    return complete ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory for the tables of %zu videos", writer->file.path, n);
}

/* Compressed storage is not known before: its disk may still fill up later. */
static Err check_room(const char *path, const ShardWriter *writer) {
    uint64_t needed = (uint64_t)h5_count(&writer->frames);
    if (writer->storage == STORAGE_ENCODED) needed = (uint64_t)writer->n_bytes;
    if (writer->storage != STORAGE_RAW && writer->storage != STORAGE_ENCODED) return ERR_NONE;
    return folder_check_room(path, needed, "; storage deflate or latent needs less");
}

static Err begin_file(ShardWriter *writer, const char *path, const char *config_text) {
    TRY(check_room(path, writer));
    TRY(h5_create(&writer->file, path, SHARD_SCHEMA, SHARD_VERSION));
    writer->created = true;
    TRY(shard_put_identity(&writer->file, writer->storage, writer->height, writer->width, config_text));
    if (writer->storage == STORAGE_RAW || writer->storage == STORAGE_DEFLATE) {
        TRY(h5_array_create(&writer->dataset, &writer->file, &writer->frames));
    }
    if (writer->storage == STORAGE_ENCODED) {
        const H5Array bytes = shard_bytes_array(writer->n_bytes);
        TRY(h5_array_create(&writer->dataset, &writer->file, &bytes));
    }
    if (writer->storage == STORAGE_MPEG4) TRY(encoded_init(&writer->encoded, writer->n_videos));
    TRY(digest_new(&writer->digest));
    shard_digest_begin(writer->digest, writer->height, writer->width);
    return ERR_NONE;
}

Err shard_create(ShardWriter **writer, const ShardPlan *plan) {
    const char *path = plan->path;
    int least = plan->storage == STORAGE_ENCODED ? 0 : 1; /* 0: videos keep their own sizes */
    *writer = NULL;
    if (plan->n_videos < 1 || plan->n_frames < plan->n_videos || plan->height < least || plan->width < least)
        return RAISE(ERR_INTERNAL, "%s: a shard of %lld videos, %lld frames of %d x %d", path,
                     (long long)plan->n_videos, (long long)plan->n_frames, plan->width, plan->height);
    if (fault_hit("shard.create")) return RAISE(ERR_IO, "%s: injected fault", path);
    ShardWriter *new = calloc(1, sizeof *new);
    if (!new) return RAISE(ERR_MEMORY, "%s: no memory", path);
    *new = (ShardWriter){.storage = plan->storage,
                         .height = plan->height,
                         .width = plan->width,
                         .n_videos = plan->n_videos,
                         .n_frames = plan->n_frames,
                         .n_bytes = plan->storage == STORAGE_ENCODED ? plan->n_bytes : 0,
                         .columns = plan->columns,
                         .n_columns = plan->n_columns};
    new->frames = shard_frames_array(new->storage, new->n_frames, new->height, new->width);
    Err err = allocate_tables(new);
    if (!err) err = begin_file(new, path, plan->config_text);
    if (err) shard_abandon(&new);
    *writer = new;
    return err;
}

/* Another video of n_frames has room and its number rises. */
static Err check_next(const ShardWriter *writer, int64_t clip_index, int n_frames) {
    const char *path = writer->file.path;
    int64_t done = writer->videos_done;
    if (done == writer->n_videos || writer->clip_start[done] + n_frames > writer->n_frames)
        return RAISE(ERR_INTERNAL, "%s: more videos or frames than the %lld and %lld announced", path,
                     (long long)writer->n_videos, (long long)writer->n_frames);
    if (done > 0 && clip_index <= writer->clip_index[done - 1])
        return RAISE(ERR_INTERNAL, "%s: video %lld comes after video %lld", path, (long long)clip_index,
                     (long long)writer->clip_index[done - 1]);
    return ERR_NONE;
}

static Err check_video(const ShardWriter *writer, int64_t clip_index, const Frames *frames) {
    const char *path = writer->file.path;
    TRY(check_next(writer, clip_index, frames->n_frames));
    if (frames->n_frames < 1 || frames->height != writer->height || frames->width != writer->width)
        return RAISE(ERR_INTERNAL, "%s: video %lld has %d frames of %d x %d, the shard holds %d x %d", path,
                     (long long)clip_index, frames->n_frames, frames->width, frames->height, writer->width,
                     writer->height);
    return ERR_NONE;
}

/* The disk works on a video while the next one is digested and rendered. */
static Err append_frames(ShardWriter *writer, const Frames *frames) {
    const int64_t start[] = {writer->clip_start[writer->videos_done], 0, 0, 0};
    const int64_t count[] = {frames->n_frames, writer->height, writer->width, 3};
    TRY(h5_box_write(&writer->file, writer->dataset, &writer->frames, start, count, frames->data));
    h5_start_writeback(&writer->file);
    digest_add(writer->digest, frames->data, frames_frame_bytes(frames) * (size_t)frames->n_frames);
    return ERR_NONE;
}

static Err append_encoded(ShardWriter *writer, const Frames *frames) {
    const uint8_t *bytes;
    size_t length;
    TRY(encoded_append(&writer->encoded, frames, &bytes, &length));
    digest_add(writer->digest, bytes, length);
    return ERR_NONE;
}

Err shard_append(ShardWriter *writer, int64_t clip_index, int label, const Frames *frames, const void *const *latents) {
    TRY(check_video(writer, clip_index, frames));
    if (fault_hit("shard.write")) return RAISE(ERR_IO, "%s: injected fault", writer->file.path);
    if (writer->dataset > 0) TRY(append_frames(writer, frames)); /* raw, deflate */
    if (writer->storage == STORAGE_MPEG4) TRY(append_encoded(writer, frames));
    int64_t video = writer->videos_done++;
    writer->clip_index[video] = clip_index;
    writer->label[video] = label;
    writer->clip_start[video + 1] = writer->clip_start[video] + frames->n_frames;
    for (int c = 0; c < writer->n_columns; c++) {
        size_t bytes = column_video_bytes(&writer->columns[c]);
        memcpy(writer->latents[c] + bytes * (size_t)video, latents[c], bytes);
    }
    return ERR_NONE;
}

static Err copy_file(ShardWriter *writer, FILE *from, const ShardFile *file) {
    enum { PIECE_BYTES = 1 << 20 };
    uint8_t *piece = malloc(PIECE_BYTES);
    const H5Array bytes = shard_bytes_array(writer->n_bytes);
    int64_t at = writer->byte_start[writer->videos_done], length = file->bytes;
    /* in pieces: a video file may be larger than memory */
    Err err = piece ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory to copy %s", writer->file.path, file->path);
    for (int64_t done = 0; done < length && !err;) {
        int64_t wanted = length - done < PIECE_BYTES ? length - done : PIECE_BYTES;
        int64_t got = (int64_t)fread(piece, 1, (size_t)wanted, from);
        if (got != wanted) err = RAISE(ERR_INPUT, "%s: became shorter than %lld bytes", file->path, (long long)length);
        const int64_t start = at + done;
        if (!err) err = h5_box_write(&writer->file, writer->dataset, &bytes, &start, &got, piece);
        if (!err) digest_add(writer->digest, piece, (size_t)got);
        done += got;
    }
    free(piece);
    return err;
}

Err shard_append_file(ShardWriter *writer, int64_t clip_index, int label, const ShardFile *file) {
    int64_t video = writer->videos_done;
    TRY(check_next(writer, clip_index, file->n_frames));
    if (writer->byte_start[video] + file->bytes > writer->n_bytes)
        return RAISE(ERR_INPUT, "%s: has %lld bytes, more than the %lld announced for its shard", file->path,
                     (long long)file->bytes, (long long)writer->n_bytes);
    if (fault_hit("shard.write")) return RAISE(ERR_IO, "%s: injected fault", writer->file.path);
    FILE *from = fopen(file->path, "rb");
    if (!from) return RAISE(ERR_IO, "%s: cannot open: %s", file->path, strerror(errno));
    Err err = copy_file(writer, from, file);
    fclose(from);
    if (err) return err;
    writer->byte_start[video + 1] = writer->byte_start[video] + file->bytes;
    writer->frame_size[2 * video] = file->height;
    writer->frame_size[2 * video + 1] = file->width;
    writer->clip_index[video] = clip_index;
    writer->label[video] = label;
    writer->clip_start[video + 1] = writer->clip_start[video] + file->n_frames;
    writer->videos_done++;
    return ERR_NONE;
}

static Err write_byte_starts(const ShardWriter *writer) {
    const H5Array array = shard_byte_start_array(writer->n_videos);
    if (writer->byte_start[writer->n_videos] != writer->n_bytes)
        return RAISE(ERR_INTERNAL, "%s: %lld of %lld bytes were written", writer->file.path,
                     (long long)writer->byte_start[writer->n_videos], (long long)writer->n_bytes);
    if (writer->height == 0) {
        const H5Array sizes = shard_frame_size_array(writer->n_videos);
        TRY(h5_array_put(&writer->file, &sizes, writer->frame_size));
    }
    return h5_array_put(&writer->file, &array, writer->byte_start);
}

static Err write_tables(const ShardWriter *writer) {
    const void *const data[SHARD_TABLES] = {writer->clip_start, writer->clip_index, writer->label};
    for (int table = 0; table < SHARD_TABLES; table++) {
        const H5Array array = shard_table_array((ShardTable)table, writer->n_videos);
        TRY(h5_array_put(&writer->file, &array, data[table]));
    }
    return ERR_NONE;
}

/* By name, which is the order of the digest. */
static Err write_latents(const ShardWriter *writer) {
    char name[2 * NAME_SIZE];
    for (const LatentColumn *column = NULL; (column = shard_next_column(writer->columns, writer->n_columns, column));) {
        const char *data = writer->latents[column - writer->columns];
        H5Array array = shard_column_array(column, writer->n_videos, name);
        TRY(h5_array_put(&writer->file, &array, data));
        shard_digest_column(writer->digest, column->name, array.kind, writer->n_videos, column->rows, column->cols,
                            data);
    }
    return ERR_NONE;
}

static void writer_free(ShardWriter **writer) {
    ShardWriter *w = *writer;
    if (!w) return;
    for (int c = 0; w->latents && c < w->n_columns; c++) free(w->latents[c]);
    free(w->latents);
    encoded_free(&w->encoded);
    free(w->byte_start);
    free(w->clip_start);
    free(w->clip_index);
    free(w->label);
    free(w->frame_size);
    digest_free(&w->digest);
    free(w);
    *writer = NULL;
}

static void close_dataset(ShardWriter *writer) {
    h5_array_close(writer->dataset);
    writer->dataset = 0;
}

void shard_abandon(ShardWriter **writer) {
    if (!*writer) return;
    h5_give_up(&(*writer)->file);
    close_dataset(*writer);
    h5_abandon(&(*writer)->file);
    if ((*writer)->created) file_remove_partial((*writer)->file.path);
    writer_free(writer);
}

/* Everything that is left to write; the content digest goes into the file as well. */
static Err complete_file(ShardWriter *writer, char digest[DIGEST_SIZE]) {
    if (writer->videos_done != writer->n_videos || writer->clip_start[writer->n_videos] != writer->n_frames)
        return RAISE(ERR_INTERNAL, "%s: %lld of %lld videos were written", writer->file.path,
                     (long long)writer->videos_done, (long long)writer->n_videos);
    const ShardTables tables = {writer->n_videos, writer->clip_start, writer->clip_index, writer->label};
    /* tables are digested after the frames, in a fixed order (shard_digest.c) */
    shard_digest_tables(writer->digest, &tables);
    TRY(write_tables(writer));
    TRY(write_latents(writer));
    if (writer->storage == STORAGE_MPEG4) TRY(encoded_put(&writer->encoded, &writer->file));
    if (writer->storage == STORAGE_ENCODED) TRY(write_byte_starts(writer));
    digest_hex(writer->digest, digest);
    TRY(h5_put_text(&writer->file, NULL, "digest", digest));
    /* closing an array of tiles that cannot be written would lose them in silence */
    if (writer->dataset > 0) TRY(h5_array_flush(&writer->file, writer->dataset));
    close_dataset(writer);
    TRY(h5_close(&writer->file));
    if (fault_hit("shard.finish")) return RAISE(ERR_IO, "%s: injected fault", writer->file.path);
    return h5_finish(writer->file.path);
}

Err shard_finish(ShardWriter **writer, char digest[DIGEST_SIZE]) {
    Err err = complete_file(*writer, digest);
    if (err)
        shard_abandon(writer);
    else
        writer_free(writer);
    return err;
}
