#include "base/fault.h"
#include "base/file.h"
#include "store/shard_encoded.h"
#include "store/shard_format.h"

struct ShardWriter {
    H5File file;
    StorageKind storage;
    int height, width;
    int64_t n_videos, n_frames; /* to come in all */
    int64_t videos_done;        /* frames done: clip_start[videos_done] */
    int64_t *clip_start, *clip_index;
    int32_t *label;
    H5Array frames;
    hid_t dataset; /* of frames; 0: none */
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

static Err allocate_tables(ShardWriter *writer) {
    size_t n = (size_t)writer->n_videos;
    writer->clip_start = calloc(n + 1, sizeof *writer->clip_start);
    writer->clip_index = calloc(n, sizeof *writer->clip_index);
    writer->label = calloc(n, sizeof *writer->label);
    writer->latents = calloc((size_t)writer->n_columns + 1, sizeof *writer->latents);
    bool complete = writer->clip_start && writer->clip_index && writer->label && writer->latents;
    for (int c = 0; complete && c < writer->n_columns; c++) {
        writer->latents[c] = calloc(n, column_video_bytes(&writer->columns[c]));
        complete = writer->latents[c] != NULL;
    }
    return complete ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory for the tables of %zu videos", writer->file.path, n);
}

/* A full disk is better met before the work than after it. */
static Err check_room(const char *path, const ShardWriter *writer) {
    uint64_t room, needed = (uint64_t)h5_count(&writer->frames);
    if (writer->storage != STORAGE_RAW) return ERR_NONE;
    TRY(folder_free_bytes(&room, path));
    if (room >= needed) return ERR_NONE;
    char have[32], need[32];
    return RAISE(ERR_IO,
                 "%s: needs %s, the disk has %s free (No space left on device); storage deflate or latent needs less",
                 path, text_bytes(need, sizeof need, (double)needed), text_bytes(have, sizeof have, (double)room));
}

static Err begin_file(ShardWriter *writer, const char *path, const char *config_text) {
    TRY(check_room(path, writer));
    TRY(h5_create(&writer->file, path, SHARD_SCHEMA, SHARD_VERSION));
    writer->created = true;
    TRY(shard_put_identity(&writer->file, writer->storage, writer->height, writer->width, config_text));
    if (writer->storage == STORAGE_RAW || writer->storage == STORAGE_DEFLATE) {
        TRY(h5_array_create(&writer->dataset, &writer->file, &writer->frames));
    }
    if (writer->storage == STORAGE_MPEG4) TRY(encoded_init(&writer->encoded, writer->n_videos));
    TRY(digest_new(&writer->digest));
    shard_digest_begin(writer->digest, writer->height, writer->width);
    return ERR_NONE;
}

Err shard_create(ShardWriter **writer, const char *path, StorageKind storage, int height, int width, int64_t n_videos,
                 int64_t total_frames, const LatentColumn *columns, int n_columns, const char *config_text) {
    *writer = NULL;
    if (n_videos < 1 || total_frames < n_videos || height < 1 || width < 1)
        return RAISE(ERR_INTERNAL, "%s: a shard of %lld videos, %lld frames of %d x %d", path, (long long)n_videos,
                     (long long)total_frames, width, height);
    if (fault_hit("shard.create")) return RAISE(ERR_IO, "%s: injected fault", path);
    ShardWriter *new = calloc(1, sizeof *new);
    if (!new) return RAISE(ERR_MEMORY, "%s: no memory", path);
    *new = (ShardWriter){.storage = storage,
                         .height = height,
                         .width = width,
                         .n_videos = n_videos,
                         .n_frames = total_frames,
                         .columns = columns,
                         .n_columns = n_columns};
    new->frames = shard_frames_array(storage, total_frames, height, width);
    Err err = allocate_tables(new);
    if (!err) err = begin_file(new, path, config_text);
    if (err) shard_abandon(&new);
    *writer = new;
    return err;
}

static Err check_video(const ShardWriter *writer, int64_t clip_index, const Frames *frames) {
    const char *path = writer->file.path;
    int64_t done = writer->videos_done;
    if (done == writer->n_videos || writer->clip_start[done] + frames->n_frames > writer->n_frames)
        return RAISE(ERR_INTERNAL, "%s: more videos or frames than the %lld and %lld announced", path,
                     (long long)writer->n_videos, (long long)writer->n_frames);
    if (frames->n_frames < 1 || frames->height != writer->height || frames->width != writer->width)
        return RAISE(ERR_INTERNAL, "%s: video %lld has %d frames of %d x %d, the shard holds %d x %d", path,
                     (long long)clip_index, frames->n_frames, frames->width, frames->height, writer->width,
                     writer->height);
    if (done > 0 && clip_index <= writer->clip_index[done - 1])
        return RAISE(ERR_INTERNAL, "%s: video %lld comes after video %lld", path, (long long)clip_index,
                     (long long)writer->clip_index[done - 1]);
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
    if (writer->dataset > 0) TRY(append_frames(writer, frames));
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

static Err write_tables(const ShardWriter *writer) {
    const void *const data[SHARD_TABLES] = {writer->clip_start, writer->clip_index, writer->label};
    for (int table = 0; table < SHARD_TABLES; table++) {
        const H5Array array = shard_table_array((ShardTable)table, writer->n_videos);
        TRY(h5_array_put(&writer->file, &array, data[table]));
    }
    return ERR_NONE;
}

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
    free(w->clip_start);
    free(w->clip_index);
    free(w->label);
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
    shard_digest_tables(writer->digest, &tables);
    TRY(write_tables(writer));
    TRY(write_latents(writer));
    if (writer->storage == STORAGE_MPEG4) TRY(encoded_put(&writer->encoded, &writer->file));
    digest_hex(writer->digest, digest);
    TRY(h5_put_text(&writer->file, NULL, "digest", digest));
    if (writer->dataset > 0) TRY(h5_array_flush(&writer->file, writer->dataset));
    close_dataset(writer);
    TRY(h5_close(&writer->file));
    if (fault_hit("shard.finish")) return RAISE(ERR_IO, "%s: injected fault", writer->file.path);
    return file_finish_partial(writer->file.path);
}

Err shard_finish(ShardWriter **writer, char digest[DIGEST_SIZE]) {
    Err err = complete_file(*writer, digest);
    if (err)
        shard_abandon(writer);
    else
        writer_free(writer);
    return err;
}
