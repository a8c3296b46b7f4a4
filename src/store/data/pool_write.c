/* A pool is written image by image into the place that was reserved for it, as a shard is: announced size, digest of
 * what was handed in, names and digest at the end, then the seal and the final name. */
#include "store/data/pool.h"

#include "base/failure/fault.h"
#include "base/system/file.h"
#include "store/data/internal/pool_format.h"
#include "store/hdf5/h5.h"

#include <inttypes.h>

struct PoolWriter {
    const PoolPlan *plan;
    H5File file;
    H5Array array;
    hid_t dataset; /* 0: not open */
    Digest *digest;
    int done;           /* images */
    int64_t done_bytes; /* of them */
    bool created;       /* there is a partial file to remove on failure */
};

int64_t pool_plan_bytes(const PoolPlan *plan, int first, int count) {
    int64_t bytes = 0;
    if (!plan->sizes) return count * pool_size_bytes((PoolSize){plan->height, plan->width});
    for (int i = first; i < first + count; i++) bytes += pool_size_bytes(plan->sizes[i]);
    return bytes;
}

static Err put_attributes(const H5File *file, const PoolPlan *plan) {
    char digits[32];
    /* as text: HDF5 integers here are signed */
    TRY(text_format(digits, sizeof digits, "%" PRIu64, plan->seed));
    TRY(h5_put_text(file, NULL, "kind", plan->kind));
    TRY(h5_put_text(file, NULL, "seed", digits));
    if (plan->fit) TRY(h5_put_text(file, NULL, "fit", plan->fit));
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

static Err put_sizes(const H5File *file, const PoolPlan *plan) {
    if (!plan->sizes) return ERR_NONE;
    const H5Array size_array = pool_image_size_array(plan->count), start_array = pool_image_start_array(plan->count);
    int64_t *starts = malloc(((size_t)plan->count + 1) * sizeof *starts);
    if (!starts) return RAISE(ERR_MEMORY, "%s: no memory for the places of %d images", file->path, plan->count);
    starts[0] = 0;
    for (int i = 0; i < plan->count; i++) starts[i + 1] = starts[i] + pool_size_bytes(plan->sizes[i]);
    Err err = h5_array_put(file, &size_array, plan->sizes);
    if (!err) err = h5_array_put(file, &start_array, starts);
    free(starts);
    return err;
}

static Err begin_file(PoolWriter *writer) {
    const PoolPlan *plan = writer->plan;
    /* a full disk is better told before hours of rendering than after */
    TRY(folder_check_room(plan->path, (uint64_t)h5_count(&writer->array), ""));
    TRY(h5_create(&writer->file, plan->path, POOL_SCHEMA, plan->sizes ? POOL_VERSION_SIZES : POOL_VERSION_ONE_SIZE));
    writer->created = true;
    TRY(put_attributes(&writer->file, plan));
    TRY(put_sizes(&writer->file, plan));
    TRY(h5_array_create(&writer->dataset, &writer->file, &writer->array));
    return pool_digest_new(&writer->digest, plan->count, plan->height, plan->width, plan->sizes);
}

Err pool_create(PoolWriter **writer, const PoolPlan *plan) {
    PoolWriter *made = *writer = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "%s: no memory", plan->path);
    made->plan = plan;
    made->array = plan->sizes ? pool_pixels_array(pool_plan_bytes(plan, 0, plan->count))
                              : pool_image_array(plan->count, plan->height, plan->width);
    Err err = begin_file(made);
    if (err) pool_abandon(writer);
    return err;
}

Err pool_append(PoolWriter *writer, const uint8_t *images, int count) {
    const PoolPlan *plan = writer->plan;
    if (count > plan->count - writer->done)
        return RAISE(ERR_INTERNAL, "%s: more images than the %d announced", plan->path, plan->count);
    if (fault_hit("pool.write")) return RAISE(ERR_IO, "%s: injected fault", plan->path);
    int64_t bytes = pool_plan_bytes(plan, writer->done, count);
    const int64_t start[] = {plan->sizes ? writer->done_bytes : writer->done, 0, 0, 0};
    const int64_t box[] = {plan->sizes ? bytes : count, plan->height, plan->width, 3};
    TRY(h5_box_write(&writer->file, writer->dataset, &writer->array, start, box, images));
    /* the disk works while the next images are made, and closing has little left to wait for */
    h5_start_writeback(&writer->file);
    digest_add(writer->digest, images, (size_t)bytes);
    writer->done += count;
    writer->done_bytes += bytes;
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
