/* The content digest of a shard, read back: in the order of the contract (store/data/internal/shard_format.h), so that
 * it equals the one taken while writing whatever the storage. */
#include "store/data/internal/shard_format.h"

/* Pixels in pieces of one tile's frames, so that each tile is decoded once and memory stays small. */
static Err digest_frames(Digest *digest, ShardReader *reader) {
    size_t frame_bytes = (size_t)reader->info.height * (size_t)reader->info.width * 3;
    uint8_t *piece = malloc(frame_bytes * TILE_FRAMES);
    if (!piece) return RAISE(ERR_MEMORY, "%s: no memory for %d frames", reader->file.path, TILE_FRAMES);
    Err err = ERR_NONE;
    for (int64_t at = 0; !err && at < reader->info.n_frames; at += TILE_FRAMES) {
        int64_t left = reader->info.n_frames - at;
        int count = left < TILE_FRAMES ? (int)left : TILE_FRAMES;
        err = shard_read_run(reader, at, count, piece);
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
    /* asked for as expected: h5_array_get refuses a column of another length */
    array.dims[0] = reader->info.n_videos;
    if (array.n_dims != 3) return RAISE(ERR_INPUT, "%s: %s is not (video, row, component)", reader->file.path, path);
    void *data;
    TRY(h5_array_get(&data, &array, &reader->file));
    shard_digest_column(digest, name, array.kind, array.dims[0], array.dims[1], array.dims[2], data);
    free(data);
    return ERR_NONE;
}

/* In the order of names, as HDF5 lists them and shard_next_column goes when writing. */
static Err digest_latents(Digest *digest, const ShardReader *reader) {
    char **names;
    int count;
    TRY(h5_list(&names, &count, &reader->file, "/latent"));
    Err err = ERR_NONE;
    for (int c = 0; !err && c < count; c++) err = digest_column(digest, reader, names[c]);
    h5_texts_free(&names, count);
    return err;
}

/* Encoded shards: the files as they are, not the frames they give. */
static Err digest_bytes(Digest *digest, const ShardReader *reader) {
    enum { PIECE_BYTES = 1 << 20 };
    uint8_t *piece = malloc(PIECE_BYTES);
    if (!piece) return RAISE(ERR_MEMORY, "%s: no memory to read it", reader->file.path);
    Err err = ERR_NONE;
    int64_t total = h5_count(&reader->array);
    for (int64_t at = 0; !err && at < total; at += PIECE_BYTES) {
        size_t length = total - at < PIECE_BYTES ? (size_t)(total - at) : PIECE_BYTES;
        err = shard_read_bytes(reader, at, piece, length);
        if (!err) digest_add(digest, piece, length);
    }
    free(piece);
    return err;
}

static Err digest_contents(Digest *digest, ShardReader *reader) {
    StorageKind storage = reader->info.storage;
    shard_digest_begin(digest, reader->info.height, reader->info.width);
    if (storage == STORAGE_RAW || storage == STORAGE_DEFLATE) TRY(digest_frames(digest, reader));
    if (shard_has_bytes(storage)) TRY(digest_bytes(digest, reader));
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
