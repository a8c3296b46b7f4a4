/* Pixels are mapped: all ranks of a node share the page cache's copy. Everything about the mapping is checked before,
 * since a page beyond the end of a file ends the process. */
#include "store/data/pool.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "par/agree.h"
#include "store/data/internal/pool_format.h"
#include "store/hdf5/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int64_t pool_bytes(const Pool *pool) {
    return pool->starts ? pool->starts[pool->count] : pool->count * pool_size_bytes(pool_size(pool, 0));
}

static Err digest_pixels(char out[DIGEST_SIZE], const Pool *pool) {
    Digest *digest;
    TRY(pool_digest_new(&digest, pool->count, pool->height, pool->width, pool->sizes));
    digest_add(digest, pool->images, (size_t)pool_bytes(pool));
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

static Err read_attribute(char *out, size_t size, const H5File *file, const char *name) {
    char *text;
    TRY(h5_get_text(&text, file, NULL, name));
    Err err = text_copy(out, size, text);
    free(text);
    return err;
}

/* The array of pixels, which lies in the file without gaps and ends inside it: they are mapped past HDF5, and touching
 * pages beyond the end would be fatal. *fits: is it of the kind and shape that `expected` says (-1: any)? */
static Err find_array(H5Array *found, int64_t *offset, bool *fits, const H5Array *expected, const H5File *file) {
    hid_t dataset;
    TRY(h5_array_open(&dataset, found, file, expected->name));
    h5_lock();
    haddr_t place = H5Dget_offset(dataset);
    H5Eclear2(H5E_DEFAULT);
    h5_unlock();
    h5_array_close(dataset);
    *offset = (int64_t)place;
    *fits = place != HADDR_UNDEF && found->kind == expected->kind && found->n_dims == expected->n_dims;
    for (int i = 0; i < expected->n_dims && *fits; i++)
        *fits = expected->dims[i] < 0 || found->dims[i] == expected->dims[i];
    if (*fits && *offset + h5_count(found) > file_size(file->path))
        return RAISE(ERR_INPUT, "%s: cut off: %lld bytes, %s ends at %lld", file->path,
                     (long long)file_size(file->path), expected->name, (long long)(*offset + h5_count(found)));
    return ERR_NONE;
}

static Err find_images_of_one_size(Pool *pool, int64_t *offset, const H5File *file) {
    const H5Array expected = pool_image_array(-1, -1, -1);
    H5Array found = {0};
    bool fits;
    TRY(find_array(&found, offset, &fits, &expected, file));
    fits = fits && found.dims[0] >= 1 && found.dims[0] <= INT32_MAX && found.dims[1] <= POOL_SIDE_MAX &&
           found.dims[2] <= POOL_SIDE_MAX &&
           pool_size_is_valid((PoolSize){(int32_t)found.dims[1], (int32_t)found.dims[2]});
    if (!fits)
        return RAISE(ERR_INPUT, "%s: /image is not a contiguous array of 8-bit (image, y, x, 3), sides 1 to %d",
                     file->path, POOL_SIDE_MAX);
    pool->count = (int)found.dims[0];
    pool->height = (int)found.dims[1];
    pool->width = (int)found.dims[2];
    return ERR_NONE;
}

/* What sizes and starts say of the pixels must be one thing: every image begins where the one before ends. */
static Err check_sizes(Pool *pool, int64_t n_bytes, const char *path) {
    if (pool->starts[0] != 0)
        return RAISE(ERR_INPUT, "%s: /image_start begins with %lld, expected 0", path, (long long)pool->starts[0]);
    for (int i = 0; i < pool->count; i++) {
        PoolSize size = pool->sizes[i];
        if (!pool_size_is_valid(size))
            return RAISE(ERR_INPUT, "%s: image %d of %d x %d pixels; sides are 1 to %d", path, i, size.width,
                         size.height, POOL_SIDE_MAX);
        if (pool->starts[i + 1] - pool->starts[i] != pool_size_bytes(size))
            return RAISE(ERR_INPUT, "%s: image %d of %d x %d pixels has %lld bytes in /image_start, expected %lld",
                         path, i, size.width, size.height, (long long)(pool->starts[i + 1] - pool->starts[i]),
                         (long long)pool_size_bytes(size));
        if (pool->height < size.height) pool->height = size.height;
        if (pool->width < size.width) pool->width = size.width;
    }
    if (pool->starts[pool->count] != n_bytes)
        return RAISE(ERR_INPUT, "%s: /pixels has %lld bytes, the images end at %lld", path, (long long)n_bytes,
                     (long long)pool->starts[pool->count]);
    return ERR_NONE;
}

static Err find_images_of_their_sizes(Pool *pool, int64_t *offset, const H5File *file) {
    const H5Array expected = pool_pixels_array(-1);
    H5Array found = {0}, sizes = pool_image_size_array(-1);
    void *data = NULL;
    bool fits;
    TRY(h5_array_get(&data, &sizes, file));
    pool->sizes = data;
    if (sizes.dims[0] < 1 || sizes.dims[0] >= INT32_MAX)
        return RAISE(ERR_INPUT, "%s: /image_size has %lld images", file->path, (long long)sizes.dims[0]);
    pool->count = (int)sizes.dims[0];
    H5Array starts = pool_image_start_array(pool->count);
    TRY(h5_array_get(&data, &starts, file));
    pool->starts = data;
    TRY(find_array(&found, offset, &fits, &expected, file));
    if (!fits) return RAISE(ERR_INPUT, "%s: /pixels is not a contiguous array of bytes", file->path);
    return check_sizes(pool, found.dims[0], file->path);
}

/* Maps from the start of the page in which the pixels begin. */
static Err map_pixels(Pool *pool, int64_t offset, const char *path) {
    /* mmap takes offsets of whole pages only */
    int64_t page = sysconf(_SC_PAGESIZE), start = offset / page * page;
    size_t bytes = (size_t)pool_bytes(pool) + (size_t)(offset - start);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    void *mapping = mmap(NULL, bytes, PROT_READ, MAP_SHARED, descriptor, (off_t)start);
    int reason = errno; /* close may change it */
    close(descriptor);
    if (mapping == MAP_FAILED) return RAISE(ERR_IO, "%s: cannot map %zu bytes: %s", path, bytes, strerror(reason));
    /* reading ahead begins in the background */
    (void)madvise(mapping, bytes, MADV_WILLNEED);
    pool->storage = mapping;
    pool->storage_bytes = bytes;
    pool->images = (const uint8_t *)mapping + (offset - start);
    return ERR_NONE;
}

static Err read_contents(Pool *pool, const H5File *file) {
    int64_t offset = 0;
    TRY(read_attribute(pool->kind, sizeof pool->kind, file, "kind"));
    TRY(read_attribute(pool->digest, sizeof pool->digest, file, "digest"));
    if (h5_has_attribute(file, "fit")) TRY(read_attribute(pool->fit, sizeof pool->fit, file, "fit"));
    TRY(file->version == POOL_VERSION_ONE_SIZE ? find_images_of_one_size(pool, &offset, file)
                                               : find_images_of_their_sizes(pool, &offset, file));
    TRY(h5_texts_get(&pool->sources, pool->count, file, "/source"));
    return map_pixels(pool, offset, file->path);
}

Err pool_read(Pool *pool, const char *path) {
    H5File file;
    *pool = (Pool){0};
    TRY(h5_open(&file, path, POOL_SCHEMA, POOL_VERSION_SIZES));
    Err err = read_contents(pool, &file);
    h5_abandon(&file);
    if (err) pool_free(pool);
    return err;
}

/* Each rank maps by itself; who could is set free again where another could not. */
Err pool_read_all(Pool *pool, const char *path, const Par *par) {
    Err err = err_agree_all(pool_read(pool, path), par, path);
    if (err) pool_free(pool);
    return err;
}

Err pool_hold(const Pool *pool, const char *path) {
    char need[32], have[32];
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    if (pool->storage_bytes > memory)
        return RAISE(ERR_MEMORY, "%s: needs %s to be resident, the machine has %s; leave out :resident", path,
                     text_bytes(need, sizeof need, (double)pool->storage_bytes),
                     text_bytes(have, sizeof have, (double)memory));
    volatile uint8_t sum = 0; /* page by page, in order: that is how disks and network file systems read fast */
    (void)madvise(pool->storage, pool->storage_bytes, MADV_SEQUENTIAL);
    for (size_t at = 0; at < pool->storage_bytes; at += 4096)
        sum = (uint8_t)(sum + ((const uint8_t *)pool->storage)[at]);
    /* images are drawn at random from here on */
    (void)madvise(pool->storage, pool->storage_bytes, MADV_NORMAL);
    if (mlock(pool->storage, pool->storage_bytes))
        log_warn("%s: cannot be locked in memory (%s); it was read, the system may drop it (see ulimit -l)", path,
                 strerror(errno));
    return ERR_NONE;
}

Err pool_verify(const char *path, char digest[DIGEST_SIZE]) {
    Pool pool;
    TRY(pool_read(&pool, path));
    Err err = digest_pixels(digest, &pool);
    if (!err && !text_equal(digest, pool.digest))
        err = RAISE(ERR_INPUT, "%s: its images have digest %s, the file says %s", path, digest, pool.digest);
    pool_free(&pool);
    return err;
}

void pool_free(Pool *pool) {
    if (pool->storage) munmap(pool->storage, pool->storage_bytes);
    h5_texts_free(&pool->sources, pool->count);
    free(pool->sizes);
    free(pool->starts);
    *pool = (Pool){0};
}
