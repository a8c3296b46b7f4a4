#include "store/shard_format.h"

static const char *const names[] = {"raw", "deflate", "mpeg4", "latent"};

const char *storage_name(StorageKind storage) {
    return names[storage];
}

static int64_t at_most(int64_t limit, int64_t value) {
    return value < limit ? value : limit;
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
    if (storage == STORAGE_DEFLATE) {
        const int64_t tile[] = {at_most(TILE_FRAMES, n_frames), at_most(TILE_SIDE, height), at_most(TILE_SIDE, width),
                                3};
        memcpy(array.tile, tile, sizeof tile);
    }
    return array;
}

void shard_digest_begin(Digest *digest, int height, int width) {
    const int32_t size[] = {height, width, 3};
    digest_add(digest, size, sizeof size);
}

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
    digest_add(digest, data, (size_t)(n_videos * rows * cols) * 4);
}
