/* A pool is written image by image into the place that was reserved for it, as a shard is: announced size, digest of
 * what was handed in, names and digest at the end, then the seal and the final name. */
#include "store/data/pool.h"

#include "base/failure/fault.h"
#include "base/system/file.h"
#include "store/data/internal/shard_format.h"
#include "store/hdf5/h5.h"

#include <inttypes.h>

struct PoolWriter {
    const PoolPlan *plan;
    H5File file;
    H5Array array;
    hid_t dataset; /* 0: not open */
    Digest *digest;
    int done;     /* images */
    bool created; /* there is a partial file to remove on failure */
};

static Err put_attributes(const H5File *file, const PoolPlan *plan) {
    char digits[32];
    /* as text: HDF5 integers here are signed */
    TRY(text_format(digits, sizeof digits, "%" PRIu64, plan->seed));
    TRY(h5_put_text(file, NULL, "kind", plan->kind));
    TRY(h5_put_text(file, NULL, "seed", digits));
    return h5_put_text(file, NULL, "config", plan->config_text ? plan->config_text : "{}");
}

/* An entry for every image, so that number i of both arrays belong together. */
static Err put_sources(const H5File *file, const PoolPlan *plan) {
    size_t count = (size_t)plan->count;
    const char **names = calloc(count, sizeof *names);
    if (!names) return RAISE(ERR_MEMORY, "%s: no memory for %d names", file->path, plan->count);
    for (size_t i = 0; i < count; i++) names[i] = plan->sources && plan->sources[i] ? plan->sources[i] : "";
    Err err =
        h5_texts_put(file, "/source", names, plan->count, "image", "the file each image came from, empty if none");
    free(names);
    return err;
}

static Err begin_file(PoolWriter *writer) {
    const PoolPlan *plan = writer->plan;
    /* a full disk is better told before hours of rendering than after */
    TRY(folder_check_room(plan->path, (uint64_t)h5_count(&writer->array), ""));
    TRY(h5_create(&writer->file, plan->path, POOL_SCHEMA, POOL_VERSION));
    writer->created = true;
    TRY(put_attributes(&writer->file, plan));
    TRY(h5_array_create(&writer->dataset, &writer->file, &writer->array));
    return pool_digest_new(&writer->digest, plan->count, plan->height, plan->width);
}

Err pool_create(PoolWriter **writer, const PoolPlan *plan) {
    PoolWriter *made = *writer = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "%s: no memory", plan->path);
    made->plan = plan;
    made->array = (H5Array){.name = "/image",
                            .kind = H5_U8,
                            .n_dims = 4,
                            .dims = {plan->count, plan->height, plan->width, 3},
                            .labels = {"image", "y", "x", "channel"},
                            .description = "images, RGB",
                            .units = "sRGB level 0 to 255"};
    Err err = begin_file(made);
    if (err) pool_abandon(writer);
    return err;
}

Err pool_append(PoolWriter *writer, const uint8_t *images, int count) {
    const PoolPlan *plan = writer->plan;
    const int64_t start[] = {writer->done, 0, 0, 0}, box[] = {count, plan->height, plan->width, 3};
    if (count > plan->count - writer->done)
        return RAISE(ERR_INTERNAL, "%s: more images than the %d announced", plan->path, plan->count);
    if (fault_hit("pool.write")) return RAISE(ERR_IO, "%s: injected fault", plan->path);
    TRY(h5_box_write(&writer->file, writer->dataset, &writer->array, start, box, images));
    /* the disk works while the next images are made, and closing has little left to wait for */
    h5_start_writeback(&writer->file);
    digest_add(writer->digest, images, (size_t)(box[0] * box[1] * box[2] * box[3]));
    writer->done += count;
    return ERR_NONE;
}

static void close_dataset(PoolWriter *writer) {
    h5_array_close(writer->dataset);
    writer->dataset = 0;
}

static void writer_free(PoolWriter **writer) {
    digest_free(&(*writer)->digest);
    free(*writer);
    *writer = NULL;
}

/* Also from pool_create, when the file may not exist yet. */
void pool_abandon(PoolWriter **writer) {
    if (!*writer) return;
    h5_give_up(&(*writer)->file);
    close_dataset(*writer);
    h5_abandon(&(*writer)->file);
    if ((*writer)->created) file_remove_partial((*writer)->plan->path);
    writer_free(writer);
}

static Err complete_file(PoolWriter *writer, char digest[DIGEST_SIZE]) {
    const PoolPlan *plan = writer->plan;
    if (writer->done != plan->count)
        return RAISE(ERR_INTERNAL, "%s: %d of %d images were written", plan->path, writer->done, plan->count);
    digest_hex(writer->digest, digest);
    TRY(h5_put_text(&writer->file, NULL, "digest", digest));
    TRY(put_sources(&writer->file, plan));
    close_dataset(writer);
    TRY(h5_close(&writer->file));
    return h5_finish(plan->path);
}

Err pool_finish(PoolWriter **writer, char digest[DIGEST_SIZE]) {
    Err err = complete_file(*writer, digest);
    if (err)
        pool_abandon(writer);
    else
        writer_free(writer);
    return err;
}

Err pool_write(const PoolPlan *plan, const uint8_t *images, char digest[DIGEST_SIZE]) {
    PoolWriter *writer;
    TRY(pool_create(&writer, plan));
    Err err = pool_append(writer, images, plan->count);
    if (!err) return pool_finish(&writer, digest);
    pool_abandon(&writer);
    return err;
}
