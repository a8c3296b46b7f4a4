/* The layout of a shard as data: name, type, shape and description of each array, and the order in which its content
 * digest is taken. Writer, readers and the digest all ask here, so that they cannot differ. */
#include "store/data/internal/shard_format.h"

#include "base/system/minmax.h"

static const char *const names[] = {"raw", "deflate", "mpeg4", "latent", "encoded"};

const char *storage_name(StorageKind storage) {
    return names[storage];
}

H5Array shard_frames_array(StorageKind storage, int64_t n_frames, int height, int width) {
    H5Array array = {
        .name = "/frames",
        .kind = H5_U8,
        .n_dims = 4,
        .dims = {n_frames, height, width, 3},
        .labels = {"frame", "y", "x", "channel"},
        .description =
            "frames of all videos one after the other, RGB; video k has frames clip_start[k] to clip_start[k+1]",
        .units = "sRGB level 0 to 255",
    };
    /* tiles span several frames, which compress well together; a small video has smaller ones */
    if (storage == STORAGE_DEFLATE) {
        const int64_t tile[] = {min_int64(TILE_FRAMES, n_frames), min_int64(TILE_SIDE, height),
                                min_int64(TILE_SIDE, width), 3};
        memcpy(array.tile, tile, sizeof tile);
    }
    return array;
}

H5Array shard_bytes_array(int64_t n_bytes) {
    return (H5Array){.name = "/bytes",
                     .kind = H5_U8,
                     .n_dims = 1,
                     .dims = {n_bytes},
                     .labels = {"byte"},
                     .units = "byte",
                     .description = "encoded videos one after the other, each a whole file; video k has bytes "
                                    "byte_start[k] to byte_start[k+1]"};
}

H5Array shard_byte_start_array(int64_t n_videos) {
    return (H5Array){.name = "/byte_start",
                     .kind = H5_I64,
                     .n_dims = 1,
                     .dims = {n_videos + 1},
                     .labels = {"video"},
                     .units = "byte",
                     .description = "first byte of each video; one more entry: the number of bytes"};
}

H5Array shard_frame_size_array(int64_t n_videos) {
    return (H5Array){.name = "/frame_size",
                     .kind = H5_I32,
                     .n_dims = 2,
                     .dims = {n_videos, 2},
                     .labels = {"video", "height, width"},
                     .units = "pixels",
                     .description = "size of the frames of each video"};
}

/* The three tables that every shard has, whatever its storage. */
H5Array shard_table_array(ShardTable table, int64_t n_videos) {
    H5Array arrays[SHARD_TABLES] = {
        [SHARD_CLIP_START] = {.name = "/clip_start",
                              .kind = H5_I64,
                              .dims = {n_videos + 1},
                              .units = "frames",
                              .description = "first frame of each video; one more entry: the number of frames"},
        [SHARD_CLIP_INDEX] = {.name = "/clip_index",
                              .kind = H5_I64,
                              .dims = {n_videos},
                              .units = "number",
                              .description = "which video of the whole dataset this is"},
        [SHARD_LABEL] = {.name = "/label",
                         .kind = H5_I32,
                         .dims = {n_videos},
                         .units = "class number",
                         .description = "class, -1: none"},
    };
    arrays[table].n_dims = 1;
    arrays[table].labels[0] = "video";
    return arrays[table];
}

H5Array shard_column_array(const LatentColumn *column, int64_t n_videos, char name[2 * NAME_SIZE]) {
    (void)snprintf(name, 2 * NAME_SIZE, "/latent/%s", column->name);
    return (H5Array){.name = name,
                     .kind = column->type == LATENT_F32 ? H5_F32 : H5_I32,
                     .n_dims = 3,
                     .dims = {n_videos, column->rows, column->cols},
                     .labels = {"video", "row", "component"},
                     .description = column->description,
                     .units = column->units};
}

/* Quadratic in a dozen columns, and no copy to keep sorted. */
const LatentColumn *shard_next_column(const LatentColumn *columns, int n_columns, const LatentColumn *before) {
    const LatentColumn *next = NULL;
    for (const LatentColumn *c = columns; c < columns + n_columns; c++)
        if ((!before || strcmp(c->name, before->name) > 0) && (!next || strcmp(c->name, next->name) < 0)) next = c;
    return next;
}

Err shard_put_identity(const H5File *file, StorageKind storage, int height, int width, const char *config_text) {
    TRY(h5_put_text(file, NULL, "storage", storage_name(storage)));
    TRY(h5_put_text(file, NULL, "config", config_text ? config_text : "{}"));
    TRY(h5_put_int(file, NULL, "height", height));
    return h5_put_int(file, NULL, "width", width);
}

/* The shape first: equal bytes of another shape are another video. */
void shard_digest_begin(Digest *digest, int height, int width) {
    const int32_t size[] = {height, width, 3};
    digest_add(digest, size, sizeof size);
}

/* Each array behind its name, so that numbers cannot move from one table to the next unseen. */
void shard_digest_tables(Digest *digest, const ShardTables *tables) {
    size_t n = (size_t)tables->n_videos;
    digest_add_text(digest, "clip_start");
    digest_add(digest, tables->clip_start, (n + 1) * sizeof *tables->clip_start);
    digest_add_text(digest, "clip_index");
    digest_add(digest, tables->clip_index, n * sizeof *tables->clip_index);
    digest_add_text(digest, "label");
    digest_add(digest, tables->label, n * sizeof *tables->label);
}

void shard_digest_column(Digest *digest, const char *name, H5Kind kind, int64_t n_videos, int64_t rows, int64_t cols,
                         const void *data) {
    const int64_t shape[] = {kind == H5_F32, n_videos, rows, cols};
    digest_add_text(digest, name);
    digest_add(digest, shape, sizeof shape);
    /* both types of latents (f32, i32) take four bytes */
    digest_add(digest, data, (size_t)(n_videos * rows * cols) * 4);
}
